"""The main table: methods x metrics, grouped by data set."""

from dataclasses import replace

import pandas as pd

from experiments.analysis.comparisons import summarize_with_ties
from experiments.analysis.differences import variants
from experiments.analysis.model import Dataset, Metric, StudyResults
from experiments.publish.latex import Column, PaperTable
from experiments.publish.names import dataset_names, mark_notes, method_cell, metric_head
from experiments.sheets.study import FULL
from experiments.tables.scores import ranked_cells
from experiments.tables.table import Cell

INPUT = "input"
PROTOCOL = "standard"
MOST = 5  # columns of numbers that stand in one column of a page


def main_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out the standard protocol of all methods but the variants, which have their own table.

    A data set with references shows metrics without any only where there is room for all.
    """
    variants_apart = bool(variants(study)) and FULL in [m.name for m in study.methods]
    others = {method.name for method in variants(study)} if variants_apart else set()
    study = replace(study, methods=[m for m in study.methods if m.name not in others])
    return _table("main", study, scores[~scores["method"].isin(others)])


def full_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out the same of all methods, for the supplement."""
    return replace(_table("scores", study, scores), size="scriptsize")


def _table(name: str, study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out means; best, second and not separable from the best are marked."""
    summary = summarize_with_ties(study, scores)
    known = dict(list(summary[summary["protocol"] == PROTOCOL].groupby(["dataset", "metric"])))
    columns = chosen_columns(study, {(str(d), str(m)) for d, m in known})
    by_column = [
        [_cell(cell) for cell in ranked_cells(study, known[d.name, m.name], m)] for d, m in columns
    ]
    groups: dict[str, list[list[str]]] = {}
    for method, *cells in zip(study.methods, *by_column, strict=True):
        group = method.name if method.name == INPUT else method.group
        groups.setdefault(group, []).append([method_cell(study, method), *cells])
    notes = [r"{\zlbest best}, {\zlsecond second}"]
    if any(r"\zltie" in cell for cells in by_column for cell in cells):
        notes.append(r"\textdegree: not separable from the best")
    notes += mark_notes(study, study.methods)
    datasets = list(dict.fromkeys(dataset for dataset, _ in columns))
    heads = [Column(metric_head(m), over=d.label) for d, m in columns]
    return PaperTable(
        name,
        f"Mean scores on {dataset_names(datasets)}. Arrows point to better.",
        [Column("Method", "l"), *heads],
        list(groups.values()),
        notes,
        width="column" if len(columns) <= MOST else "page",
    )


def chosen_columns(
    study: StudyResults, known: set[tuple[str, str]], protocol: str = PROTOCOL
) -> list[tuple[Dataset, Metric]]:
    """Return the columns of numbers: data sets with their metrics, as far as they have scores."""
    columns = [
        (dataset, metric)
        for dataset in study.datasets
        for metric in study.columns(dataset, protocol)
        if (dataset.name, metric.name) in known
    ]
    if len(columns) <= MOST:
        return columns
    return [(d, m) for d, m in columns if m.needs_reference == d.paired]


def _cell(cell: Cell) -> str:
    """Return a number with its macros."""
    if cell.text == "–":
        return "--"
    if cell.text == "inf":
        return r"$\infty$"
    if abs(float(cell.text)) >= 1000:
        return r"$>$999"  # of a destroyed training; it would break the column
    mark = {1: r"\zlbest ", 2: r"\zlsecond "}.get(cell.rank, "")
    return f"{mark}{cell.text}" + (r"{\zltie}" if cell.tied else "")
