"""Whether methods differ: paired differences, their test, its correction, their effect size."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.model import StudyResults
from experiments.analysis.statistics import estimate, summarize

ALPHA = 0.05
# What ``compare`` returns.
MEASURED = ("difference", "ci_low", "ci_high", "p", "effect_size", "n_images", "n_seeds")


def score_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of one dataset, metric and protocol: rows (method, seed), columns images."""
    return scores.set_index(["method", "seed", "image"])["value"].unstack()


def paired_differences(
    table: pd.DataFrame, method: str, other: str, *, trained: bool = False
) -> np.ndarray:
    """Scores of one method minus those of another, on the same images and with the same seeds.

    A method in which a seed changes nothing is paired with each seed of the other.

    Args:
        table: What ``score_table`` returned.
        method: A method in it.
        other: Another.
        trained: Whether both are trained: with one seed, too, they are compared on common seeds.

    Returns:
        Differences in the metric's unit, shape (seeds, images); NaN where both are infinite. No row
        where they have no seed in common.
    """
    first, second = table.loc[method], table.loc[other]
    if trained or (len(first) > 1 and len(second) > 1):
        shared = first.index.intersection(second.index)
        first, second = first.loc[shared], second.loc[shared]
    with np.errstate(invalid="ignore"):
        return first.to_numpy() - second.to_numpy()


def p_value(differences: np.ndarray) -> np.ndarray:
    """Two-sided p-value of the hypothesis that two methods do not differ.

    The larger of two: Wilcoxon's signed-rank test over images, on differences averaged over seeds,
    which asks for no shape of distribution but holds the seeds for fixed; and that of
    ``statistics.Estimate``, which knows that seeds vary. Rejecting only if both tests
    reject keeps the level (intersection-union).

    Args:
        differences: Shape (..., seeds, images).

    Returns:
        In the shape of the leading axes; NaN with a single image or an infinite score, or without
        a seed; 1 where no image differs.
    """
    if not differences.shape[-2]:
        return np.full(differences.shape[:-2], np.nan)
    by_image = differences.mean(axis=-2)
    p = estimate(differences).p_value()
    testable = np.isfinite(p) & by_image.any(axis=-1)
    if testable.any():
        ranked = stats.wilcoxon(by_image[testable], axis=-1).pvalue
        p[testable] = np.maximum(p[testable], ranked)
    return p


def too_few_images(n_images: int, tests: int) -> bool:
    """Tell whether no p-value of a family can reach 5 % after Holm's correction.

    Wilcoxon's smallest p-value for n images is 2 / 2^n.
    """
    return tests * 2.0 ** (1 - n_images) >= ALPHA


def effect_size(differences: np.ndarray) -> np.ndarray:
    """Matched-pairs rank-biserial correlation of differences averaged over seeds.

    Images are ranked by the size of their difference; it is the sum of the ranks with positive
    differences minus that with negative ones, over the sum of both: 1 where every image has a
    positive difference, -1 where every one has a negative, 0 where the two weigh the same.

    Source: D. S. Kerby, The simple difference formula, Comprehensive Psychology 3, 2014.

    Args:
        differences: Shape (..., seeds, images).

    Returns:
        In the shape of the leading axes, in [-1, 1]; NaN where an image has no difference.
    """
    by_image = differences.mean(axis=-2)
    ranks = np.sign(by_image) * stats.rankdata(np.abs(by_image), axis=-1)
    total = np.abs(ranks).sum(axis=-1)
    return np.divide(ranks.sum(axis=-1), total, out=np.zeros_like(total), where=total != 0)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's correction of families of p-values.

    Args:
        p_values: Shape (..., tests), a family along the last axis; NaN is no part of it and stays.

    Returns:
        Corrected p-values in the same shape.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, axis=-1)  # NaN last
    known = (~np.isnan(p)).sum(axis=-1, keepdims=True)
    steps = np.take_along_axis(p, order, -1) * (known - np.arange(p.shape[-1]))
    corrected = np.minimum(np.maximum.accumulate(steps, axis=-1), 1)
    return np.take_along_axis(corrected, np.argsort(order, axis=-1), -1)


def compare(differences: np.ndarray) -> dict[str, float]:
    """All that a pair of methods is compared by, before any correction.

    Args:
        differences: What ``paired_differences`` returns.

    Returns:
        ``difference``, ``ci_low`` and ``ci_high`` in the metric's unit, ``p``, ``effect_size``,
        ``n_images`` and ``n_seeds``.
    """
    guess = estimate(differences)
    low, high = guess.interval()
    return {
        "difference": float(guess.mean),
        "ci_low": float(low),
        "ci_high": float(high),
        "p": float(p_value(differences)),
        "effect_size": float(effect_size(differences)),
        "n_images": differences.shape[1],
        "n_seeds": differences.shape[0],
    }


def not_separable_from_best(
    scores: pd.DataFrame, directions: Mapping[str, str], trained: Collection[str] = ()
) -> pd.DataFrame:
    """Tell which methods are not separable from the best of their column.

    Each is compared with the method of the best mean; Holm's family is the column.

    Args:
        scores: What ``results.read_scores`` returns.
        directions: Metric -> ``up`` or ``down``, where better is.
        trained: The methods that are trained, and so compared on common seeds.

    Returns:
        One row each of method, dataset, metric, protocol with
        ``not_separable_from_best``: True for the best and
        for whatever the test at 5 % does not set apart from it. Where nothing can be tested it is
        True for the best alone: with too few images for the test to set anything apart
        (``too_few_images``), and against an infinite score.
    """
    keys = ["dataset", "metric", "protocol"]
    rows = []
    for group, column in scores.groupby(keys, sort=False):
        table = score_table(column)
        means = table.mean(axis=1).groupby("method", sort=False).mean()
        best = str(means.idxmax() if directions[str(group[1])] == "up" else means.idxmin())
        others = [str(name) for name in means.index if name != best]
        both = [name in trained and best in trained for name in others]
        pairs = [
            paired_differences(table, name, best, trained=trains)
            for name, trains in zip(others, both, strict=True)
        ]
        p = np.array([float(p_value(pair)) for pair in pairs])
        apart = (holm(p) < ALPHA) | np.isnan(p)
        if too_few_images(table.shape[1], len(others)):
            apart[:] = True
        rows.append((best, *group, True))
        rows += [(name, *group, not far) for name, far in zip(others, apart, strict=True)]
    return pd.DataFrame(rows, columns=["method", *keys, "not_separable_from_best"])


def summarize_with_ties(study: StudyResults, scores: pd.DataFrame) -> pd.DataFrame:
    """Return what ``summarize`` does, with the column ``not_separable_from_best``.

    It is False for controls: they are in no test.
    """
    ties = not_separable_from_best(
        scores[scores["method"].isin([method.name for method in study.ranked])],
        {metric.name: metric.direction for metric in study.metrics},
        {method.name for method in study.trained},
    )
    keys = ["method", "dataset", "metric", "protocol"]
    summary = summarize(scores).merge(ties, on=keys, how="left")
    return summary.assign(not_separable_from_best=summary["not_separable_from_best"].eq(True))
