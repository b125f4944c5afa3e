"""What a set of scores says about a method: mean, spread over seeds, interval, test against zero.

One model stands behind interval and test: a score is a mean, plus what the seed adds, plus what the
image adds, plus a rest (two-way random effects, crossed: the seeds share their images). So an
interval says how far the mean would move with other seeds and other images like these.
docs/statistics.md says how it was chosen, and how often it holds the truth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from experiments.sheets.metrics import aggregation_factor

CONFIDENCE = 0.95
SMALLEST_P = 1e-12


@dataclass(frozen=True)
class Estimate:
    """Means over seeds and images, and what makes them vary; arrays of one shape.

    Attributes:
        mean: Means, in the metric's unit.
        by_image: Mean squares of the images over the number of scores: the variance of a mean that
            comes from images. NaN with a single image or an infinite score, as are the next two.
        by_seed: Mean squares of the seeds over the number of scores; 0 with a single seed.
        rest: Mean squares of the rest over the number of scores; 0 with a single seed.
        n_seeds: Number of seeds.
        n_images: Number of images.
    """

    mean: np.ndarray
    by_image: np.ndarray
    by_seed: np.ndarray
    rest: np.ndarray
    n_seeds: int
    n_images: int

    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the interval of the mean by Student's t, from both sources of variance.

        The seeds' share is what exceeds the rest. The degrees of freedom are the harmonic mean of
        those of seeds and images, weighted by their shares of the variance. (Satterthwaite weights
        by the squares, and so trusts a variance from three seeds too much.) With a single seed it
        is Student's t over images alone.

        Returns:
            Lower and upper bound, in the metric's unit; NaN with a single image or an infinite
            score.
        """
        excess = np.maximum(0, self.by_seed - self.rest)
        variance = self.by_image + excess
        share = np.divide(excess, variance, out=np.zeros_like(variance), where=variance > 0)
        per_image = (1 - share) / max(1, self.n_images - 1)
        freedom = 1 / (per_image + share / max(1, self.n_seeds - 1))
        reach = special.stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(variance)
        return self.mean - reach, self.mean + reach

    def p_value(self) -> np.ndarray:
        """Two-sided p-value of the hypothesis that the true mean is 0.

        It is the level at which ``mean^2 = t_seed^2 by_seed + t_image^2 by_image``, where t are
        Student's quantiles of that level, each with its own degrees of freedom. A correction for
        many tests looks far into the tails, where the interval's shortcut (seeds that seem not to
        vary are taken for such) would reject too often; this sum is at least each of its parts.

        Returns:
            At least 1e-12; NaN with a single image or an infinite score.
        """
        # The reach falls as the level rises: halve the range of its logarithm.
        low, high = np.full_like(self.mean, np.log(SMALLEST_P)), np.zeros_like(self.mean)
        for _ in range(40):
            level = (low + high) / 2
            tail = np.exp(level) / 2
            reach = special.stdtrit(max(1, self.n_images - 1), tail) ** 2 * self.by_image
            reach += special.stdtrit(max(1, self.n_seeds - 1), tail) ** 2 * self.by_seed
            beyond = reach < self.mean**2
            low, high = np.where(beyond, low, level), np.where(beyond, level, high)
        return np.where(np.isfinite(self.by_image), np.exp(high), np.nan)


def estimate(values: np.ndarray) -> Estimate:
    """Mean scores with what other seeds and other images would make of them.

    Args:
        values: Scores or differences of scores, shape (..., seeds, images).

    Returns:
        The estimate, its arrays in the shape of the leading axes.
    """
    n_seeds, n_images = values.shape[-2:]
    # An infinite score, or a single image, makes not-a-number of the variances: none is known.
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.asarray(values.mean(axis=(-2, -1)))
        of_seed = values.mean(axis=-1) - mean[..., None]
        of_image = values.mean(axis=-2) - mean[..., None]
        by_image = np.divide((of_image**2).sum(axis=-1), (n_images - 1) * n_images)
        if n_seeds == 1:
            return Estimate(mean, by_image, 0 * by_image, 0 * by_image, n_seeds, n_images)
        by_seed = (of_seed**2).sum(axis=-1) / ((n_seeds - 1) * n_seeds)
        rest = values - mean[..., None, None] - of_seed[..., :, None] - of_image[..., None, :]
        freedom = (n_seeds - 1) * (n_images - 1)
        by_rest = np.divide((rest**2).sum(axis=(-2, -1)), freedom * n_seeds * n_images)
    return Estimate(mean, by_image, by_seed, by_rest, n_seeds, n_images)


def summarize(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean, spread and interval of each method on each dataset, metric and protocol.

    Args:
        scores: What ``results.read_scores`` returns.

    Returns:
        One row each of method, dataset, metric, protocol with: ``mean`` over images and seeds, as
        the protocol aggregates (``aggregation_factor``);
        ``spread``, the standard deviation (n-1) of the seeds' means, NaN with one seed;
        ``ci_low`` and ``ci_high``, see ``Estimate``; ``n_images``; ``n_seeds``.
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
