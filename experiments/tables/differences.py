"""What each variant changes: its scores minus the full method's, with interval and test."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.comparisons import (
    ALPHA,
    MEASURED,
    compare,
    holm,
    paired_differences,
    score_table,
    too_few_images,
)
from experiments.analysis.results import Dataset, Method, Metric, Study, read_scores, read_study
from experiments.sheets.study import FULL, VARIANTS_GROUP
from experiments.tables.plain import PlainTable, write_table
from experiments.tables.scores import DECIMALS

PROTOCOLS = ("standard", "claims")
KEYS = ["dataset", "metric", "protocol"]


def write_differences(study_folder: Path) -> list[Path]:
    """Writes ``tables/differences.{csv,md,tex}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study = read_study(study_folder)
    found = differences(study, read_scores(study_folder, study))
    return write_table(layout(study, found), found, study_folder / "tables" / "differences")


def variants(study: Study) -> list[Method]:
    """The variants of Zero-LEINR in a study, without the full method."""
    return [m for m in study.methods if m.group == VARIANTS_GROUP and m.name != FULL]


def differences(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """Compares every variant with the full method, image by image and seed by seed.

    Args:
        study: What ``read_study`` returned.
        scores: What ``read_scores`` returned for it.

    Returns:
        One row each of dataset, metric, protocol (standard and claims) and variant, in study
        order: what ``compare`` gives, and ``p_holm``, corrected for all
        variants on that data set and metric. No row where nothing can be compared.
    """
    known = {key: score_table(column) for key, column in scores.groupby(KEYS)}
    rows = []
    for dataset in study.datasets:
        for metric, protocol in columns(study, dataset):
            key = (dataset.name, metric.name, protocol)
            there = set(known[key].index.get_level_values("method")) if key in known else set()
            for variant in variants(study):
                if not {variant.name, FULL} <= there:
                    continue
                pairs = paired_differences(known[key], variant.name, FULL)
                where = dict(zip(KEYS, key, strict=True))
                rows.append({**where, "method": variant.name, **compare(pairs)})
    found = pd.DataFrame(rows, columns=[*KEYS, "method", *MEASURED])
    found["p_holm"] = found.groupby(KEYS, sort=False)["p"].transform(
        lambda p: holm(p.to_numpy())  # a family: the variants on one data set and metric
    )
    return found


def columns(study: Study, dataset: Dataset) -> list[tuple[Metric, str]]:
    """The metrics of a data set in the protocols that are compared."""
    return [(metric, p) for p in PROTOCOLS for metric in study.columns(dataset, p)]


def layout(study: Study, found: pd.DataFrame) -> PlainTable:
    """Lays out the table: a group a data set, a row a variant, a column a metric."""
    heads: dict[tuple[str, str], str] = {}
    for dataset in study.datasets:
        for metric, protocol in columns(study, dataset):
            heads[metric.name, protocol] = f"{metric.label} {metric.arrow}"
    cells = {
        (row["dataset"], row["method"], row["metric"], row["protocol"]): _cell(row)
        for row in found.to_dict("records")
    }
    groups = {
        dataset.label: [
            [
                study.label(variant),
                *(cells.get((dataset.name, variant.name, *key), "–") for key in heads),
            ]
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
    notes += study.failures
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
    align = ["l"] + ["r"] * len(heads)
    names = ["Variant", *heads.values()]
    return PlainTable(f"{study.name}-differences", caption, names, align, groups, notes)


def _cell(row: Mapping[Hashable, Any]) -> str:
    decimals = DECIMALS.get(str(row["metric"]), 2)
    if pd.isna(row["difference"]):  # both are infinite
        return "–"
    if pd.isna(row["ci_low"]):
        return f"{row['difference']:+.{decimals}f}".replace("-", "−")
    reach = (row["ci_high"] - row["ci_low"]) / 2
    star = " *" if row["p_holm"] < ALPHA else ""
    return f"{row['difference']:+.{decimals}f} ± {reach:.{decimals}f}{star}".replace("-", "−")
