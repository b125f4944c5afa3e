"""A part of a study as a results folder of its own, for the tables and figures of a paper."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.analysis.results import read_study
from experiments.provenance import write_json
from experiments.sheets.weights import WeightsOrigin
from zero_leinr.errors import InputError, hint

# What a study's folder holds, and a kept study's.
LINKED = (
    *("scores", "images", "runs", "data", "costs"),
    *("scores.csv", "runs.jsonl", "losses.csv", "costs.csv"),
)


def select(
    source: Path,
    target: Path,
    *,
    methods: Sequence[str] | None = None,
    datasets: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    title: str | None = None,
) -> None:
    """Make ``target`` look like the results of a study of these methods, data sets and seeds.

    It gets a ``study.json`` of its own and links to what the study has computed. Ranks, tests and
    marks of tables that are drawn from it are those among what was chosen.

    Args:
        source: ``results/<study>``, or a kept study; of what was chosen, all scores must be there.
        target: Another folder of results: new, or a former selection, which is replaced.
        methods: In the order of the tables; None for all, as in the next three.
        datasets: Likewise.
        metrics: Likewise.
        seeds: Of the methods that the study trains.
        title: The title of its tables; by default that of the study, and that this is a part of it.

    Raises:
        InputError: The study has no such method, data set, metric or seed, or ``target`` holds
            something else.
    """
    study = read_study(source)
    content = json.loads((source / "study.json").read_text(encoding="utf-8"))
    for key, names in (("methods", methods), ("datasets", datasets), ("metrics", metrics)):
        content[key] = _chosen(source, key, content[key], names)
    for method in content["methods"]:
        if method["weights"] == WeightsOrigin.TRAINED and seeds is not None:
            if missing := set(seeds) - set(method["seeds"]):
                raise InputError(f"{source}: {method['name']} has no seed {min(missing)}")
            method["seeds"] = list(seeds)
    kept = [entry["name"] for entry in content["datasets"]]
    others = {dataset.name for dataset in study.datasets} - set(kept)
    content["remarks"] = [said for said in content["remarks"] if said.get("dataset") not in others]
    rows = {entry["name"] for entry in content["methods"]}
    content["grids"] = {
        dataset: grid
        for dataset, grid in content.get("grids", {}).items()
        if dataset in kept and rows.issuperset(grid.get("methods", ()))
    }
    content |= {"name": target.name, "title": title or f"{study.title} (selection)"}
    content["selected_from"] = study.name
    _make_room(target)
    for name in LINKED:
        if (source / name).exists():
            (target / name).symlink_to(os.path.relpath(source / name, target.resolve()))
    write_json(content, target / "study.json")


def _chosen(
    source: Path, key: str, entries: list[dict[str, Any]], names: Sequence[str] | None
) -> list[dict[str, Any]]:
    by_name = {entry["name"]: entry for entry in entries}
    for name in names or ():
        if name not in by_name:
            raise InputError(f"{source}: no {name!r} among its {key}; {hint(name, by_name)}")
    return entries if names is None else [by_name[name] for name in dict.fromkeys(names)]


def _make_room(target: Path) -> None:
    """Make the folder, or takes the links out of a former selection."""
    if target.exists():
        try:
            former = json.loads((target / "study.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            former = {}
        if "selected_from" not in former:
            raise InputError(f"{target}: is there and no selection; choose another folder")
        for name in LINKED:
            (target / name).unlink(missing_ok=True)
    target.mkdir(parents=True, exist_ok=True)
