"""What a reader must know of a study's trainings: failures, and what differs from the study."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.kept import read_kept_records
from experiments.analysis.model import Dataset, MethodRow, Remark, StudyResults
from experiments.results_folder import ResultsFolder
from experiments.sheets.reading import read_json


def read_trainings(
    folder: Path, methods: Sequence[MethodRow], images: str | None
) -> tuple[list[Remark], set[tuple[str, int]]]:
    """Return what a reader must know of the trainings, as far as their ``run.json`` are there.

    Args:
        folder: ``results/<study>``.
        methods: The study's methods.
        images: The hash of the study's training images, if it is known.

    Returns:
        Remarks, and the trainings that failed, by method and seed.

    Raises:
        InputError: A ``run.json`` cannot be read.
    """
    said: list[str] = []
    failed: set[tuple[str, int]] = set()
    for method in methods:
        if start := (method.recipe or {}).get("start"):
            said.append(f"{method.label}: fine-tuned, training started from {_weights(start)}")
    for method, seed in ((one, seed) for one in methods for seed in one.seeds):
        record = read_record(folder, method.name, seed)
        where = f"{method.label}, seed {seed}"
        said += [f"{where}: {other}" for other in _trained_otherwise(record, method, seed, images)]
        if parts := record.get("failed_parts"):
            failed.add((method.name, seed))
            said.append(f"{where}: training failed, the loss of its {' and '.join(parts)} exploded")
        if step := record.get("diverged_at"):
            failed.add((method.name, seed))
            said.append(
                f"{where}: training failed, weights diverged before step {step}, and those of step "
                f"{record.get('steps')} are shown"
            )
        if steps := record.get("overflowed_steps"):
            said.append(f"{where}: training steps that overflowed and were left out: {steps}")
    return [Remark("training", text) for text in said], failed


def _weights(start: str) -> str:
    return "the released weights" if start == "released" else start


def read_record(folder: Path, method: str, seed: int) -> dict[str, Any]:
    """Read the record of a run; empty where there is none.

    Raises:
        InputError: It cannot be read.
    """
    results = ResultsFolder(folder)
    if results.is_kept:
        return read_kept_records(folder).get((method, seed), {})
    path = results.run(method, seed) / "run.json"
    return read_json(path, "run_json.schema.yaml", "train it again") if path.exists() else {}


def _trained_otherwise(
    record: dict[str, Any], method: MethodRow, seed: int, images: str | None
) -> list[str]:
    """Return in what a run differs from its study: it may come from elsewhere."""
    recipe = record.get("recipe") or {}
    trained = {"seed": record.get("seed", seed), **({"start": None} if recipe else {}), **recipe}
    said = [
        f"trained with {key} {trained[key]}, not {wanted} as this study says"
        for key, wanted in {"seed": seed, "start": None, **(method.recipe or {})}.items()
        if trained.get(key, wanted) != wanted
    ]
    if images and record.get("data_sha256", images) != images:
        said.append("trained with other images than this study's")
    return said


def describe_gaps(
    study: StudyResults, summary: pd.DataFrame, datasets: list[Dataset], protocol: str
) -> list[str]:
    """Say which metrics are absent, or stand on fewer images than there are, and why.

    Args:
        study: The study.
        summary: What ``statistics.summarize`` made of its scores.
        datasets: The datasets of the table or the figure.
        protocol: Its protocol.

    Returns:
        Sentences without a full stop.
    """
    paired = any(dataset.paired for dataset in datasets)
    gaps = [
        f"{metric.label} is not shown: {study.missing[metric.name].rstrip('.')}"
        for metric in study.metrics
        if metric.name in study.missing
        and protocol in metric.protocols
        and (paired or not metric.needs_reference)
    ]
    chosen = summary[summary["protocol"] == protocol]
    counts = chosen.groupby(["dataset", "metric"])["n_images"].first()
    having = chosen.groupby(["dataset", "metric"])["method"].agg(set)
    for dataset in datasets:
        for metric in study.columns(dataset, protocol):
            place = (dataset.name, metric.name)
            count = counts.get(place, 0)
            where = f"{metric.label} on {dataset.label}"
            if count == 0:
                gaps.append(f"{where} is not shown: no image has this score of every method")
                continue
            own = [method for method in study.methods if method.runs_on(dataset)]
            lacking = [method.label for method in own if method.name not in having[place]]
            if lacking:
                gaps.append(
                    f"{where}: – where more than half of the images have no score: "
                    f"{', '.join(lacking)}"
                )
            if count < dataset.count:
                gaps.append(
                    f"{where}: {count} of {dataset.count} images, "
                    f"those that have this score of every {'other ' if lacking else ''}method"
                )
    return gaps
