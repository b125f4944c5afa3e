"""Two studies side by side: which scores differ, by how much, and which settings explain it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.kept import KEPT_COLUMNS
from experiments.analysis.model import StudyResults
from experiments.analysis.remarks import read_record
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_all_scores

KEYS = KEPT_COLUMNS[:-1]
COLUMN = ["method", "dataset", "metric", "protocol"]
RECORDED = ("recipe", "data_sha256", "steps", "git_commit", "versions", "device", "device_name")


@dataclass(frozen=True)
class Comparison:
    """What two studies have in common, and where they part.

    Attributes:
        common: How many scores both have.
        different: One row each of method, data set, metric and protocol with a difference:
            ``images``, how many scores of images differ; ``first`` and ``second``, the means;
            ``largest``, the largest difference of a score.
        only: For each study, the scores that it alone has: a line for each method and data set.
        settings: Lines that say which settings and records differ.
    """

    common: int
    different: pd.DataFrame
    only: tuple[list[str], list[str]]
    settings: list[str]

    @property
    def same(self) -> bool:
        """Whether both have the same scores."""
        return self.different.empty and not any(self.only)


def compare_studies(first: Path, second: Path, tolerance: float = 0) -> Comparison:
    """Compare the scores of two studies, image by image.

    Args:
        first: ``results/<study>``, in either form.
        second: Another.
        tolerance: Differences up to this count as none, in the metric's unit.

    Raises:
        InputError: One of them cannot be read.
    """
    studies = [read_study(folder) for folder in (first, second)]
    scores = [
        read_all_scores(folder, study).set_index(KEYS)["value"]
        for folder, study in zip((first, second), studies, strict=True)
    ]
    both = pd.concat(scores, axis=1, join="inner", keys=["first", "second"])
    only = [one.index.difference(both.index) for one in scores]
    with np.errstate(invalid="ignore"):
        apart = (both["first"] - both["second"]).abs().fillna(0)  # infinite in both
    rows = both.assign(largest=apart, images=apart > tolerance).groupby(COLUMN, sort=False)
    table = rows.agg(
        images=("images", "sum"),
        first=("first", "mean"),
        second=("second", "mean"),
        largest=("largest", "max"),
    ).reset_index()
    settings = _differing(
        *(_settings(*pair) for pair in zip((first, second), studies, strict=True))
    )
    alone = [[*_counted(index)] for index in only]
    return Comparison(len(both), table[table["images"] > 0], (alone[0], alone[1]), settings)


def _counted(index: pd.Index) -> Iterator[str]:
    frame = index.to_frame(index=False)
    for (method, dataset), part in frame.groupby(["method", "dataset"], sort=False):
        yield f"{method} on {dataset}: {len(part)} scores"


def _settings(folder: Path, study: StudyResults) -> dict[tuple[str, str], Any]:
    """Return (where, key) -> value of all that a study says of itself and of its runs."""
    found: dict[tuple[str, str], Any] = {("study", "budget"): study.budget.label}
    for dataset in study.datasets:
        found[f"data set {dataset.name}", "images"] = dataset.count
    for metric in study.metrics:
        found[f"metric {metric.name}", "protocols"] = ", ".join(metric.protocols)
    for method in study.methods:
        found[f"method {method.name}", "weights"] = method.weights
        for seed in method.all_seeds:
            record = read_record(folder, method.name, seed)
            known = {key: record[key] for key in RECORDED if key in record}
            for key, value in _flat(known):
                found[f"run {method.name}/seed{seed}", key] = value
    return found


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _differing(
    first: Mapping[tuple[str, str], Any], second: Mapping[tuple[str, str], Any]
) -> list[str]:
    """Say what differs; the same difference of many runs is one line."""
    lines: Counter[str] = Counter()
    places: dict[str, str] = {}
    for where, key in first.keys() & second.keys():
        old, new = first[where, key], second[where, key]
        if old != new:
            line = f"{key}: {old} / {new}"
            lines[line] += 1
            places[line] = min(places.get(line, where), where)
    return sorted(
        line + (f" ({count} runs)" if count > 1 else f" ({places[line]})")
        for line, count in lines.items()
    )
