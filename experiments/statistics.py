"""What a set of scores says about a method: mean, spread over seeds, interval, test against zero.

One model stands behind interval and test: a score is a mean, plus what the seed adds, plus what the
image adds, plus a rest (two-way random effects, crossed: the seeds share their images). So an
interval says how far the mean would move with other seeds and other images like these.
docs/statistics.md says how it was chosen, and how often it holds the truth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from experiments.scores import aggregation_factor

CONFIDENCE = 0.95
CAUTION = 0.85  # one-sided confidence of the bound on the seeds' variance that tests use


@dataclass(frozen=True)
class Estimate:
    """Means and how sure they are; arrays of the same shape, or numbers.

    Attributes:
        mean: Means over seeds and images, in the metric's unit.
        error: Their standard errors; NaN with a single image or an infinite score.
        freedom: Degrees of freedom of Student's t that go with the errors.
        least_freedom: The same if seeds vary as much as the scores allow; for tests, whose small
            levels after a correction reach far out.
    """

    mean: np.ndarray
    error: np.ndarray
    freedom: np.ndarray
    least_freedom: np.ndarray

    def interval(self, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound of the mean, in the metric's unit; NaN where the error is."""
        reach = stats.t.ppf((1 + confidence) / 2, self.freedom) * self.error
        return self.mean - reach, self.mean + reach

    def p_value(self) -> np.ndarray:
        """Two-sided p-value of the hypothesis that the true mean is 0; NaN where the error is."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.mean == 0, 0 * self.error, np.abs(self.mean) / self.error)
        return 2 * stats.t.sf(t, self.least_freedom)


def estimate(values: np.ndarray) -> Estimate:
    """Mean of scores with the standard error that other seeds and other images would give it.

    The variance of the mean is ``MS_image / n`` from the images plus ``max(0, MS_seed - MS_rest) /
    n`` from the seeds (mean squares of the two-way table, n scores). Its degrees of freedom lie
    between those of the seeds and those of the images: their harmonic mean, weighted by the two
    shares of the variance. Satterthwaite's, which weight by the squared shares, trust a variance
    from three seeds too much. With a single seed the mean square of images is all there is, this is
    Student's t over images, and the interval knows nothing of other seeds.

    ``least_freedom`` puts the upper bound of the seeds' mean square (one-sided, ``CAUTION``) in
    the place of the mean square itself: three seeds may by chance lie close together.

    Args:
        values: Scores or differences of scores, shape (..., seeds, images).

    Returns:
        The estimate, its arrays in the shape of the leading axes.
    """
    n_seeds, n_images = values.shape[-2:]
    n = n_seeds * n_images
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = values.mean(axis=(-2, -1))
        by_seed = values.mean(axis=-1) - mean[..., None]
        by_image = values.mean(axis=-2) - mean[..., None]
        rest = values - mean[..., None, None] - by_seed[..., :, None] - by_image[..., None, :]
        image_square = n_seeds * (by_image**2).sum(axis=-1) / (n_images - 1)
        excess = most = np.zeros_like(image_square)
        if n_seeds > 1:
            seed_square = n_images * (by_seed**2).sum(axis=-1) / (n_seeds - 1)
            rest_square = (rest**2).sum(axis=(-2, -1)) / ((n_seeds - 1) * (n_images - 1))
            excess = np.maximum(0, seed_square - rest_square)
            bound = (n_seeds - 1) / stats.chi2.ppf(1 - CAUTION, n_seeds - 1)
            most = np.maximum(0, seed_square * bound - rest_square)
        error = np.sqrt((image_square + excess) / n)
        freedom, least = (_freedom(image_square, each, values.shape) for each in (excess, most))
    return Estimate(mean, error, freedom, least)


def _freedom(image: np.ndarray, seed: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Degrees of freedom of a variance, from the parts that images and seeds have in it."""
    n_seeds, n_images = shape[-2:]
    share = np.where(image + seed > 0, seed / (image + seed), 0)
    return 1 / (share / max(1, n_seeds - 1) + (1 - share) / (n_images - 1))


def summarize(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, spread and interval of each method on each dataset, metric and protocol.

    Args:
        scores: What ``experiments.collect.read_scores`` returns.

    Returns:
        One row each of method, dataset, metric, protocol with: ``mean`` over images and seeds, as
        the protocol aggregates (``experiments.scores.aggregation_factor``);
        ``spread``, the standard deviation (n-1) of the seeds' means, NaN with one seed;
        ``ci_low`` and ``ci_high``, see ``estimate``; ``n_images``; ``n_seeds``.
        Rows keep the order in which they first appear.
    """
    keys = ["method", "dataset", "metric", "protocol"]
    rows = []
    for group, frame in scores.groupby(keys, sort=False):
        values = frame.pivot(index="seed", columns="image", values="value").to_numpy()
        n_seeds, n_images = values.shape
        # Scaled scores have the scaled mean, spread and interval.
        values = values * aggregation_factor(str(group[2]), str(group[3]), n_images)
        low, high = estimate(values).interval()
        mean = values.mean()
        known = n_seeds > 1 and np.isfinite(mean)
        spread = values.mean(axis=1).std(ddof=1) if known else float("nan")
        rows.append((*group, mean, spread, float(low), float(high), n_images, n_seeds))
    columns = [*keys, "mean", "spread", "ci_low", "ci_high", "n_images", "n_seeds"]
    return pd.DataFrame(rows, columns=columns)
