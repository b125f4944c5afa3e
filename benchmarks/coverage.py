"""How often intervals hold the truth, and tests err or find: docs/statistics.md from simulation.

python benchmarks/coverage.py                  1000 draws a row
python benchmarks/coverage.py --draws 10000 --seeds 2

Scores are simulated: a planted mean, what the seed adds, what the image adds (with standard
deviation 1, normal or exponential, whose skewness is 2) and a rest of standard deviation 0.3.
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

from experiments.analysis.comparisons import ALPHA, holm, p_value
from experiments.analysis.statistics import CONFIDENCE, estimate

SEED_VARIATION = {"none": 0.0, "moderate": 0.15, "strong": 1.0}  # standard deviation of seeds
SHAPES = ("normal", "skewed")
EFFECTS = (0.0, 0.5)
REST = 0.3
VARIANTS = 12  # in a family of tests
RESAMPLES = 400  # of a bootstrap, for each of the draws

Bounds = tuple[np.ndarray, np.ndarray]


def simulate(
    rng: np.random.Generator, draws: int, n_seeds: int, n_images: int, seeds: str, shape: str
) -> np.ndarray:
    """Scores whose true mean is 0, shape (draws, seeds, images)."""
    size = (draws, 1, n_images)
    image = rng.normal(size=size) if shape == "normal" else rng.exponential(size=size) - 1
    seed = SEED_VARIATION[seeds] * rng.normal(size=(draws, n_seeds, 1))
    return image + seed + REST * rng.normal(size=(draws, n_seeds, n_images))


def satterthwaite(values: np.ndarray) -> Bounds:
    """Two-way random effects with the degrees of freedom of Satterthwaite."""
    n_seeds, n_images = values.shape[-2:]
    found = estimate(values)
    seed, image, rest = found.by_seed, found.by_image, found.rest
    variance = np.maximum(seed + image - rest, image)
    squares = seed**2 / (n_seeds - 1) + image**2 / (n_images - 1)
    freedom = variance**2 / (squares + rest**2 / ((n_seeds - 1) * (n_images - 1)))
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, np.clip(freedom, 1, n_images - 1)) * variance**0.5
    return found.mean - reach, found.mean + reach


def hybrid(values: np.ndarray) -> Bounds:
    """Images drawn with replacement; the seeds' effect from Student's t, as large as estimated."""
    n_seeds, n_images = values.shape[-2:]
    found = estimate(values)
    seed_deviation = np.sqrt(np.maximum(0, found.by_seed - found.rest))
    rng = np.random.default_rng(0)
    share = rng.multinomial(n_images, [1 / n_images] * n_images, size=RESAMPLES) / n_images
    by_seed = seed_deviation[:, None] * rng.standard_t(n_seeds - 1, RESAMPLES)
    return _expanded(values.mean(axis=-2) @ share.T + by_seed, n_images)


def hierarchical(values: np.ndarray) -> Bounds:
    """Draw seeds, then images, with replacement."""
    n_seeds, n_images = values.shape[-2:]
    rng = np.random.default_rng(0)
    image = rng.multinomial(n_images, [1 / n_images] * n_images, size=RESAMPLES) / n_images
    seed = rng.multinomial(n_seeds, [1 / n_seeds] * n_seeds, size=RESAMPLES) / n_seeds
    return _expanded(np.einsum("dsb,bs->db", values @ image.T, seed), n_images)


def _expanded(means: np.ndarray, n_images: int) -> Bounds:
    """Return percentiles made for few images: Hesterberg, The American Statistician 69, 2015."""
    t = stats.t.ppf((1 + CONFIDENCE) / 2, n_images - 1)
    tail = stats.norm.cdf(-np.sqrt(n_images / (n_images - 1)) * t)
    low, high = np.quantile(means, [tail, 1 - tail], axis=-1)
    return low, high


def chosen(values: np.ndarray) -> Bounds:
    """Return what the suite uses."""
    return estimate(values).interval()


INTERVALS: dict[str, Callable[[np.ndarray], Bounds]] = {
    "chosen": chosen,
    "satterthwaite": satterthwaite,
    "hybrid": hybrid,
    "hierarchical": hierarchical,
}


def coverage(draws: int, n_seeds: int, n_images: int, names: list[str]) -> pd.DataFrame:
    """Share of intervals that hold the truth: a row a scenario, a column an interval."""
    rng = np.random.default_rng(0)
    rows = []
    for seeds in SEED_VARIATION:
        for shape in SHAPES:
            for effect in EFFECTS:
                row = {"images": n_images, "seeds vary": seeds, "images vary": shape}
                row["effect"] = effect
                values = effect + simulate(rng, draws, n_seeds, n_images, seeds, shape)
                for name in names:
                    low, high = INTERVALS[name](values)
                    row[name] = np.mean((low <= effect) & (effect <= high))
                rows.append(row)
    return pd.DataFrame(rows)


def decisions(draws: int, n_seeds: int, n_images: int) -> pd.DataFrame:
    """Return a full method against variants, one of which differs by the effect: what tests say.

    ``any false`` is the share of draws in which Holm's correction leaves some false positive;
    ``single false`` that of false positives among all tests before it; ``found`` that of draws in
    which the planted effect is found after it.
    """
    rng = np.random.default_rng(0)
    rows = []
    for seeds in SEED_VARIATION:
        for shape in SHAPES:
            for effect in EFFECTS:
                size = draws * (VARIANTS + 1)
                values = simulate(rng, size, n_seeds, n_images, seeds, shape) / np.sqrt(2)
                values = values.reshape(draws, VARIANTS + 1, n_seeds, n_images)
                values[:, 1] += effect
                p = p_value(values[:, 1:] - values[:, :1])
                after = holm(p) < ALPHA
                null = slice(1, None) if effect else slice(None)
                row = {"images": n_images, "seeds vary": seeds, "images vary": shape}
                row |= {"effect": effect, "single false": np.mean(p[:, null] < ALPHA)}
                row |= {"any false": np.mean(after[:, null].any(axis=1))}
                row["found"] = np.mean(after[:, 0]) if effect else np.nan
                rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables of docs/statistics.md."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    parts = [coverage(options.draws, options.seeds, n, list(INTERVALS)) for n in (64, 15)]
    print(pd.concat(parts).to_markdown(index=False, floatfmt=".3g"), "\n")
    parts = [decisions(options.draws, options.seeds, n) for n in (64, 15)]
    print(pd.concat(parts).to_markdown(index=False, floatfmt=".3g"))


if __name__ == "__main__":
    main()
