"""What each variant changes: its scores minus the full method's, with interval and test."""

import pandas as pd

from experiments.analysis.comparisons import (
    MEASURED,
    compare,
    holm,
    paired_differences,
    score_table,
)
from experiments.analysis.model import Dataset, MethodRow, Metric, StudyResults
from experiments.sheets.study import FULL, VARIANTS_GROUP

PROTOCOLS = ("standard", "claims")


KEYS = ["dataset", "metric", "protocol"]


def variants(study: StudyResults) -> list[MethodRow]:
    """Return the variants of Zero-LEINR in a study, without the full method."""
    return [m for m in study.methods if m.group == VARIANTS_GROUP and m.name != FULL]


def differences(study: StudyResults, scores: pd.DataFrame) -> pd.DataFrame:
    """Compare every variant with the full method, image by image and seed by seed.

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
                pairs = paired_differences(known[key], variant.name, FULL, trained=True)
                if not len(pairs):  # no seed with which both trainings succeeded
                    continue
                where = dict(zip(KEYS, key, strict=True))
                rows.append({**where, "method": variant.name, **compare(pairs)})
    found = pd.DataFrame(rows, columns=[*KEYS, "method", *MEASURED])
    found["p_holm"] = found.groupby(KEYS, sort=False)["p"].transform(
        lambda p: holm(p.to_numpy())  # a family: the variants on one data set and metric
    )
    return found


def columns(study: StudyResults, dataset: Dataset) -> list[tuple[Metric, str]]:
    """Return the metrics of a data set in the protocols that are compared."""
    return [(metric, p) for p in PROTOCOLS for metric in study.columns(dataset, p)]
