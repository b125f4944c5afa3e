"""What a set of scores says about a method: mean, spread over seeds, interval over images."""

import numpy as np
import pandas as pd
from scipy import stats

from experiments.scores import aggregation_factor

CONFIDENCE = 0.95
DRAWS = 4000


def bootstrap_interval(
    values: np.ndarray, confidence: float = CONFIDENCE, draws: int = DRAWS, seed: int = 0
) -> tuple[float, float]:
    """Interval of a mean score, by a hierarchical bootstrap: seeds first, then images.

    A draw takes as many seeds as there are, with replacement, then as many images. The seeds share
    the drawn images, as they do in truth: images drawn anew for each seed would average an image's
    difficulty out over the seeds, and the interval would be too narrow.

    Percentiles of a bootstrap cover too little where images are few. The expanded percentiles of
    Hesterberg (The American Statistician 69, 2015, section 5.3) make up for it: they are taken
    further out by what Student's t and the n-1 would give a mean of normal values.

    The same ``seed`` draws the same images for every method, so that differences of methods
    (``bootstrap_interval(a - b)``) are paired.

    Args:
        values: Scores, shape (seeds, images).
        confidence: Nominal coverage, in (0, 1).
        draws: Number of bootstrap draws.
        seed: Seed of the draws.

    Returns:
        Lower and upper bound, in the metric's unit; both NaN where there is a single image or an
        infinite score.
    """
    n_seeds, n_images = values.shape
    if n_images < 2 or not np.isfinite(values).all():
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    # How often an image is drawn is all that a mean needs: counts, not copies of the scores.
    image_share = rng.multinomial(n_images, [1 / n_images] * n_images, size=draws) / n_images
    seed_share = rng.multinomial(n_seeds, [1 / n_seeds] * n_seeds, size=draws) / n_seeds
    means = ((seed_share @ values) * image_share).sum(axis=1)
    t = stats.t.ppf((1 + confidence) / 2, n_images - 1)
    tail = stats.norm.cdf(-np.sqrt(n_images / (n_images - 1)) * t)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def summarize(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, spread and interval of each method on each dataset, metric and protocol.

    Args:
        scores: What ``experiments.collect.read_scores`` returns.

    Returns:
        One row each of method, dataset, metric, protocol with: ``mean`` over images and seeds, as
        the protocol aggregates (``experiments.scores.aggregation_factor``);
        ``spread``, the standard deviation (n-1) of the seeds' means, NaN with one seed;
        ``ci_low`` and ``ci_high``, see ``bootstrap_interval``; ``n_images``; ``n_seeds``.
        Rows keep the order in which they first appear.
    """
    keys = ["method", "dataset", "metric", "protocol"]
    rows = []
    for group, frame in scores.groupby(keys, sort=False):
        values = frame.pivot(index="seed", columns="image", values="value").to_numpy()
        n_seeds, n_images = values.shape
        # Scaled scores have the scaled mean, spread and interval.
        values = values * aggregation_factor(str(group[2]), str(group[3]), n_images)
        low, high = bootstrap_interval(values)
        mean = values.mean()
        known = n_seeds > 1 and np.isfinite(mean)
        spread = values.mean(axis=1).std(ddof=1) if known else float("nan")
        rows.append((*group, mean, spread, low, high, n_images, n_seeds))
    columns = [*keys, "mean", "spread", "ci_low", "ci_high", "n_images", "n_seeds"]
    return pd.DataFrame(rows, columns=columns)
