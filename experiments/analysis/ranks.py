"""Mean ranks of methods over images, and the critical difference from which two of them differ.

Source: J. Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006: the
test of Friedman, then that of Nemenyi at 5 %. It holds images for the only source of chance, so
seeds are averaged first. Controls are not ranked.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.comparisons import ALPHA
from experiments.analysis.model import Dataset, Metric, StudyResults
from zero_leinr.errors import InputError

PROTOCOL = "standard"
LEAST_METHODS = 3


@dataclass(frozen=True)
class Ranks:
    """Mean ranks of methods over images.

    Attributes:
        mean: Method -> mean rank, the best (1) first.
        critical: Difference of mean ranks from which two methods differ.
        p: Of Friedman's test that all are alike.
        images: How many there are.
    """

    mean: pd.Series
    critical: float
    p: float
    images: int

    def groups(self) -> list[tuple[float, float]]:
        """Return the longest stretches of mean ranks that are no critical difference wide."""
        found: list[tuple[float, float]] = []
        values = self.mean.to_numpy()
        for start in values:
            end = float(values[values <= start + self.critical].max())
            if end > start and (not found or end > found[-1][1]):
                found.append((float(start), end))
        return found


def ranked_columns(study: StudyResults, scores: pd.DataFrame) -> list[tuple[Dataset, Metric]]:
    """Return what is ranked: metrics with references on paired sets, those without elsewhere."""
    there = scores[scores["protocol"] == PROTOCOL].groupby("dataset")["metric"].agg(set)
    return [
        (dataset, metric)
        for dataset in study.datasets
        for metric in study.columns(dataset, PROTOCOL)
        if metric.needs_reference == dataset.paired and metric.name in there.get(dataset.name, ())
    ]


def rank_images(
    study: StudyResults, scores: pd.DataFrame, dataset: Dataset, metric: Metric
) -> Ranks:
    """Rank the methods on each image of a data set by one metric.

    Args:
        study: Whose methods are ranked.
        scores: What ``read_scores`` returned for it.
        dataset: The data set.
        metric: The metric.

    Raises:
        InputError: There are fewer than three methods or two images.
    """
    return _test(study, [_by_image(study, scores, dataset, metric)])


def rank_all(
    study: StudyResults, scores: pd.DataFrame, columns: Sequence[tuple[Dataset, Metric]]
) -> Ranks:
    """Rank the methods on each image of all data sets; each data set has the same weight.

    The metrics of one image are no independent witnesses: their ranks are averaged, and the methods
    ranked by that mean.

    Args:
        study: Whose methods are ranked.
        scores: What ``read_scores`` returned for it.
        columns: What ``ranked_columns`` returned.

    Raises:
        InputError: There are fewer than three methods that have all scores, or two images of a set.
    """
    of_set: dict[str, list[pd.DataFrame]] = {}
    for dataset, metric in columns:
        by_image = _by_image(study, scores, dataset, metric)
        of_set.setdefault(dataset.name, []).append(by_image)
    shared = [
        m.name for m in study.ranked if all(m.name in t for ts in of_set.values() for t in ts)
    ]
    means = [
        pd.concat([table[shared].rank(axis=1) for table in tables]).groupby(level="image").mean()
        for tables in of_set.values()
    ]
    return _test(study, means)


ALL = "all"


def every_rank(study: StudyResults, scores: pd.DataFrame) -> dict[tuple[str, str], Ranks]:
    """Rank in every column, and in all together under the name ``ALL``.

    Columns with too few methods or images are left out.

    Args:
        study: Whose methods are ranked.
        scores: What ``read_scores`` returned for it.

    Returns:
        (data set, metric) -> ranks.
    """
    columns, found = ranked_columns(study, scores), {}
    for dataset, metric in columns:
        with contextlib.suppress(InputError):
            found[dataset.name, metric.name] = rank_images(study, scores, dataset, metric)
    with contextlib.suppress(InputError):
        found[ALL, ALL] = rank_all(study, scores, columns)
    return found


def _by_image(
    study: StudyResults, scores: pd.DataFrame, dataset: Dataset, metric: Metric
) -> pd.DataFrame:
    """Return what is ranked, the least first: rows images, columns the methods that have all."""
    wanted = (scores["dataset"] == dataset.name) & (scores["metric"] == metric.name)
    column = scores[wanted & (scores["protocol"] == PROTOCOL)]
    table = column.groupby(["image", "method"])["value"].mean().unstack()
    table = table[[m.name for m in study.ranked if m.name in table.columns]].dropna(axis=1)
    return table if metric.direction == "down" else -table


def _test(study: StudyResults, tables: Sequence[pd.DataFrame]) -> Ranks:
    """Rank within images and test; each table, of one data set, has the same weight.

    Under the hypothesis that all are alike, a rank of k methods has the variance (k^2 - 1) / 12, so
    that the mean over n images, and over sets of these means, has what ``weight`` says.
    """
    methods = len(tables[0].columns) if tables else 0
    if methods < LEAST_METHODS or min(map(len, tables)) < 2:
        raise InputError(f"study {study.name}: ranks need three methods and two images at least")
    ranks = [table.rank(axis=1) for table in tables]
    mean = pd.concat([table.mean() for table in ranks], axis=1).mean(axis=1)
    weight = sum(1 / len(table) for table in ranks) / len(ranks) ** 2
    reach = stats.studentized_range.ppf(1 - ALPHA, methods, np.inf) / np.sqrt(2)
    critical = float(reach * np.sqrt(methods * (methods + 1) / 6 * weight))
    whole = pd.concat(ranks)
    p = float(stats.friedmanchisquare(*whole.to_numpy().T).pvalue)
    return Ranks(mean.sort_values(), critical, p, len(whole))
