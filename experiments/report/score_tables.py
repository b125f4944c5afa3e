"""The score tables of the page: one for each data set and protocol, with intervals and ties."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.analysis.model import DAGGER, Dataset, Metric, StudyResults
from experiments.tables.table import Cell, Table


@dataclass(frozen=True)
class Score:
    """A score in the page: its cell, the mean that it is sorted by, its interval in words."""

    cell: Cell
    mean: float | None
    detail: str


@dataclass(frozen=True)
class Row:
    """A method's line."""

    name: str
    group: str
    label: Cell
    weights: str
    seeds: str
    scores: list[Score]


@dataclass(frozen=True)
class ScoreTable:
    """The scores on one data set in one protocol; ``marks`` are those of notes on the metrics."""

    dataset: Dataset
    protocol: str
    metrics: list[Metric]
    marks: list[str]
    rows: list[Row]
    notes: list[tuple[str, str]]


def score_tables(
    study: StudyResults, summary: pd.DataFrame, tables: Mapping[str, Table]
) -> list[ScoreTable]:
    """Take the tables of the study apart by data set, those of the first one first.

    Args:
        study: The study.
        summary: What ``summarize_with_ties`` made of its scores.
        tables: Protocol -> its table, what ``experiments.tables.scores.layout`` returned.

    Returns:
        A table for each data set and protocol that has a score.
    """
    keys = ["dataset", "protocol", "metric"]
    by_column = {
        key: {row["method"]: row for row in rows.to_dict("records")}
        for key, rows in summary.groupby(keys)
    }
    found = []
    for dataset in study.datasets:
        for protocol, table in tables.items():
            metrics = [
                metric
                for metric in study.columns(dataset, protocol)
                if (dataset.name, protocol, metric.name) in by_column
            ]
            if not metrics:
                continue
            numbers = [by_column[dataset.name, protocol, metric.name] for metric in metrics]
            places = [k for k, column in enumerate(table.columns) if column.over == dataset.label]
            found.append(
                ScoreTable(
                    dataset,
                    protocol,
                    metrics,
                    [table.columns[place].mark for place in places],
                    _rows(study, table, places, metrics, numbers),
                    _notes(study, dataset, table.notes),
                )
            )
    return found


def _rows(
    study: StudyResults,
    table: Table,
    places: Sequence[int],
    metrics: Sequence[Metric],
    numbers: Sequence[Mapping[Any, Mapping[Hashable, Any]]],
) -> list[Row]:
    rows = []
    for group, lines in table.groups.items():
        methods = [method for method in study.methods if method.group == group]
        for method, line in zip(methods, lines, strict=True):
            label, weights, seeds = line[:3]
            scores = [
                _score(line[place], metric, column.get(method.name))
                for place, metric, column in zip(places, metrics, numbers, strict=True)
            ]
            rows.append(Row(method.name, group, label, weights.text, seeds.text, scores))
    return rows


def _score(cell: Cell, metric: Metric, numbers: Mapping[Hashable, Any] | None) -> Score:
    if numbers is None:
        return Score(cell, None, "no such score on more than half of the images")
    low, high = (f"{numbers[end]:.{metric.decimals}f}" for end in ("ci_low", "ci_high"))
    known = not pd.isna(numbers["ci_low"])
    said = [f"95 % interval {low} to {high}".replace("-", "−") if known else "no interval"]
    images, seeds = int(numbers["n_images"]), int(numbers["n_seeds"])
    said.append(f"{images} image{'s' * (images > 1)}")
    said += [f"{seeds} seeds"] * (seeds > 1)
    said += ["not significantly different from the best"] * cell.tied
    return Score(cell, float(numbers["mean"]), ", ".join(said))


def _notes(
    study: StudyResults, dataset: Dataset, notes: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Leave out what is said of other data sets; say the budget, which else the caption says."""
    others = tuple(f"{other.label}:" for other in study.datasets if other != dataset)
    return [
        (mark, str(study.budget) if mark == DAGGER else text)
        for mark, text in notes
        if mark or not text.startswith(others)
    ]
