"""What a study says of the paper's claims: ``config/claims.yaml`` against its scores.

A claim is a few comparisons of variants. Each ends in a verdict in words; one that this study
cannot decide, for its images or its training budget, says so.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.claims import in_words, judge, verdict_in_words
from experiments.analysis.comparisons import ALPHA
from experiments.analysis.model import StudyResults
from experiments.analysis.results import open_study
from experiments.sheets.claims import load_claims
from experiments.sheets.metrics import load_metrics
from experiments.tables.table import Cell, Column, Table, cells, remarks
from experiments.tables.write import write_table


def write_claims(study_folder: Path) -> list[Path]:
    """Write ``tables/claims.{csv,md}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json``, a score file or the claims cannot be used.
    """
    sheet = load_claims()
    study, scores = open_study(study_folder)
    table = layout(study, judge(study, scores, sheet), sheet)
    return write_table(table, study_folder / "tables" / "claims")


def layout(study: StudyResults, judged: pd.DataFrame, sheet: Mapping[str, Any]) -> Table:
    """Lay out the table: a group a claim, with its verdicts counted in the heading."""
    labels = {method.name: study.label(method) for method in study.methods}
    datasets = {dataset.name: dataset.label for dataset in study.datasets}
    groups: dict[str, list[list[Cell]]] = {}
    for name, rows in judged.groupby("claim", sort=False):
        claim = sheet["claims"][name]
        heading = f"{claim['sentence']} ({claim['paper']}): {in_words(study, rows)}"
        groups[heading] = [
            cells(
                [
                    f"{labels.get(row['method'], row['method'])} against "
                    f"{labels.get(row['against'], row['against'])}",
                    datasets.get(row["dataset"], "–"),
                    f"{_label(row['metric'])} {row['expect']}",
                    _number(row, "difference"),
                    _interval(row),
                    f"{row['margin']:g}",
                    "–" if pd.isna(row["p_holm"]) else f"{row['p_holm']:.3f}",
                    "–" if pd.isna(row["effect_size"]) else _signed(row["effect_size"], 2),
                    verdict_in_words(study, row),
                ]
            )
            for row in rows.to_dict("records")
        ]
    heads = ["Comparison", "Data set", "Claimed", "Difference", "95 % interval", "Margin"]
    heads += ["p (Holm)", "Effect size", "Verdict"]
    align = ["l", "l", "l", "r", "r", "r", "r", "r", "l"]
    caption = (
        f"{study.title}: the paper's claims, each put to its tests. Difference: mean score of the "
        f"first minus the second, on the same images and seeds. {study.budget}."
    )
    columns = [Column(*each) for each in zip(heads, align, strict=True)]
    notes = remarks(_notes(study))
    return Table(f"{study.name}-claims", caption, columns, groups, notes, judged)


def _notes(study: StudyResults) -> list[str]:
    notes = [
        f"supported: p < {ALPHA:.2g} after Holm's correction for all tests of the claim, and the "
        "interval lies on the claimed side of 0; contradicted: on the other side; not supported: "
        "the interval lies within the margin, so there is no effect of interest; not "
        "decidable: everything else (docs/statistics.md)",
        "Effect size: matched-pairs rank-biserial correlation over images, from -1 to 1",
    ]
    if study.budget.reduced:
        notes.append("With a reduced training budget nothing here is a verdict on the paper's own")
    return [*notes, *study.remarks_in_words()]


def _label(metric: str) -> str:
    return load_metrics([metric])[metric]["label"]


def _number(row: Mapping[Any, Any], key: str) -> str:
    if pd.isna(row[key]):
        return "–"
    return _signed(row[key], load_metrics([row["metric"]])[row["metric"]].get("decimals", 2))


def _interval(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["ci_low"]):
        return "–"
    return f"{_number(row, 'ci_low')} to {_number(row, 'ci_high')}"


def _signed(value: float, decimals: int) -> str:
    return f"{value:+.{decimals}f}".replace("-", "−")
