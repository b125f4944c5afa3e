"""How many seeds and images would decide a test, if the observed effect is the true one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.analysis.statistics import Estimate

MOST_SEEDS, MOST_IMAGES = 100, 10_000

Decides = Callable[[Estimate], bool]


@dataclass(frozen=True)
class Needed:
    """What would decide a test; None where even the most that is looked at would not.

    Attributes:
        seeds: Seeds, on the images that are there.
        images: Images, with the seeds that are there.
        both: Seeds and images, the fewest runs of an image that decide; only where neither of the
            two decides alone.
    """

    seeds: int | None
    images: int | None
    both: tuple[int, int] | None = None

    def __str__(self) -> str:
        """Return it in words: ``about 9 seeds, or 60 images, would decide``."""
        alone = [f"{self.seeds} seeds"] * (self.seeds is not None)
        alone += [f"{self.images} images"] * (self.images is not None)
        if alone:
            return f"about {', or '.join(alone)}{',' * (len(alone) > 1)} would decide"
        if self.both:
            return f"about {self.both[0]} seeds and {self.both[1]} images would decide"
        return f"{MOST_SEEDS} seeds and {MOST_IMAGES} images would not decide"


def needed(observed: Estimate, decides: Decides) -> Needed:
    """Find the fewest seeds and images that decide a test.

    Args:
        observed: Of the differences, with at least two seeds and two images.
        decides: Tells whether an estimate would decide the test.
    """

    def fewest_images(seeds: int) -> int | None:
        return _fewest(
            lambda n: decides(with_numbers(observed, seeds, n)), observed.n_images, MOST_IMAGES
        )

    seeds = _fewest(
        lambda n: decides(with_numbers(observed, n, observed.n_images)),
        observed.n_seeds,
        MOST_SEEDS,
    )
    images = fewest_images(observed.n_seeds)
    if seeds or images:
        return Needed(seeds, images)
    pairs = [(n, fewest_images(n)) for n in range(observed.n_seeds, MOST_SEEDS + 1)]
    enough = [(n, count) for n, count in pairs if count is not None]
    return Needed(None, None, min(enough, key=lambda pair: pair[0] * pair[1], default=None))


def with_numbers(observed: Estimate, n_seeds: int, n_images: int) -> Estimate:
    """Return the estimate that other numbers of seeds and images would give on average.

    The mean squares of ``Estimate`` are sums of three variances over the numbers: of an image, of a
    seed, and of the rest (``statistics``, two-way random effects).
    """
    scores = observed.n_seeds * observed.n_images
    of_rest = observed.rest * scores
    of_image = np.maximum(0, observed.by_image - observed.rest) * observed.n_images
    of_seed = np.maximum(0, observed.by_seed - observed.rest) * observed.n_seeds
    rest = of_rest / (n_seeds * n_images)
    return Estimate(
        observed.mean, of_image / n_images + rest, of_seed / n_seeds + rest, rest, n_seeds, n_images
    )


def _fewest(enough: Callable[[int], bool], low: int, high: int) -> int | None:
    """Return the smallest number that is enough, by halving; None where the largest is not."""
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low
