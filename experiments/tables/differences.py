"""What each variant changes: its scores minus the full method's, with interval and test."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.comparisons import ALPHA, too_few_images
from experiments.analysis.differences import KEYS, columns, differences, variants
from experiments.analysis.model import StudyResults
from experiments.analysis.results import open_study
from experiments.sheets.study import FULL
from experiments.tables.table import Column, Table, cells, remarks
from experiments.tables.write import write_table


def write_differences(study_folder: Path) -> list[Path]:
    """Write ``tables/differences.{csv,md}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study, scores = open_study(study_folder)
    table = layout(study, differences(study, scores))
    return write_table(table, study_folder / "tables" / "differences")


def layout(study: StudyResults, found: pd.DataFrame) -> Table:
    """Lay out the table: a group a data set, a row a variant, a column a metric."""
    heads: dict[tuple[str, str], str] = {}
    for dataset in study.datasets:
        for metric, protocol in columns(study, dataset):
            heads[metric.name, protocol] = f"{metric.label} {metric.arrow}"
    known = {
        (row["dataset"], row["method"], row["metric"], row["protocol"]): _cell(study, row)
        for row in found.to_dict("records")
    }
    groups = {
        dataset.label: [
            cells(
                [
                    study.label(variant),
                    *(known.get((dataset.name, variant.name, *key), "–") for key in heads),
                ]
            )
            for variant in variants(study)
        ]
        for dataset in study.datasets
    }
    full = next(study.label(method) for method in study.methods if method.name == FULL)
    caption = (
        f"{study.title}: score of each variant minus that of {full}, on the same images and "
        f"seeds, plus or minus half of its 95 % interval ({study.intervals_over}). Arrows "
        f"point to better. {study.budget}."
    )
    notes = [
        f"*: differs from the full method, p < {ALPHA:.2g} after Holm's correction for all "
        "variants on that data set and metric (docs/statistics.md). Effect sizes stand in the csv"
    ]
    notes += study.remarks_in_words("training", "seeds")
    tests = found.groupby(KEYS).size().groupby("dataset").min()  # in the smallest family
    notes += [
        f"{dataset.label}: nothing can be compared: no image has a score of the full method and "
        "of a variant"
        for dataset in study.datasets
        if dataset.name not in tests
    ]
    notes += [
        f"{dataset.label}: {dataset.count} images are too few for the test to reach 5 % after the "
        "correction; read the intervals"
        for dataset in study.datasets
        if dataset.name in tests and too_few_images(dataset.count, tests[dataset.name])
    ]
    heading = [Column("Variant", "l"), *(Column(head) for head in heads.values())]
    name = f"{study.name}-differences"
    return Table(name, caption, heading, groups, remarks(notes), found)


def _cell(study: StudyResults, row: Mapping[Hashable, Any]) -> str:
    decimals = study.metric(str(row["metric"])).decimals
    if pd.isna(row["difference"]):  # both are infinite
        return "–"
    if pd.isna(row["ci_low"]):
        return f"{row['difference']:+.{decimals}f}".replace("-", "−")
    reach = (row["ci_high"] - row["ci_low"]) / 2
    star = " *" if row["p_holm"] < ALPHA else ""
    return f"{row['difference']:+.{decimals}f} ± {reach:.{decimals}f}{star}".replace("-", "−")
