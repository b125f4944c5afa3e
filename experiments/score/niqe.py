"""NIQE: how far the local statistics of an image are from those of natural images.

The same numbers as pyiqa's `niqe` (a test holds them together), in numpy: importing that package
takes longer than scoring a data set.
"""

from typing import Any

import numpy as np

BLOCK = 96  # side in pixels of the blocks whose statistics are compared; half that at half size
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
SHAPES = np.arange(200, 10_001) / 1000  # the shape parameters that a fit may give


def niqe(image: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> float:
    """Scores one image against a model of natural images.

    Args:
        image: uint8 (H, W, 3), RGB, at least two blocks a side.
        mean: (36,), of the features of natural images.
        covariance: (36, 36), of the same.

    Returns:
        Distance, at least 0; not a number where the statistics are undefined (a flat image).

    Source:
        A. Mittal et al., Making a "Completely Blind" Image Quality Analyzer, IEEE SPL 2013.
    """
    luma = _luma(image)
    rows, columns = (side // BLOCK for side in luma.shape)
    luma = luma[: rows * BLOCK, : columns * BLOCK]
    features = np.hstack(
        [_features(luma, BLOCK), _features(_halved(_halved(luma).T).T, BLOCK // 2)]
    )
    clean = features[~np.isnan(features).any(axis=1)]
    if len(clean) < 2:
        return float("nan")
    distance = mean - np.nanmean(features, axis=0)
    pooled = (covariance + np.cov(clean, rowvar=False)) / 2
    inverse = np.linalg.pinv(pooled, rcond=len(mean) * np.finfo(float).eps)
    return float(np.sqrt(distance @ inverse @ distance))


def _luma(image: np.ndarray) -> np.ndarray:
    """Whole levels, (H, W).

    One color in a thousand lies halfway between two levels, and single precision decides. A matrix
    product adds in an order that depends on the CPU, and with it the NIQE of
    an image differed by up to 1e-3 from machine to machine; this order is the same on all.
    """
    red, green, blue = (image[..., k] / np.float32(255) * LUMA[k] for k in range(3))
    return np.rint((red + green + blue) * np.float32(255)).astype(float)


def _features(luma: np.ndarray, block: int) -> np.ndarray:
    """18 features of each block: fits to its contrasts and to the products of neighbors."""
    rows, columns = luma.shape[0] // block, luma.shape[1] // block
    tiled = _contrast(luma).reshape(rows, block, columns, block)
    blocks = tiled.swapaxes(1, 2).reshape(-1, block, block)
    shape, left, right = _fit(blocks)
    features = [shape, (left + right) / 2]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        shape, left, right = _fit(blocks * np.roll(blocks, shift, axis=(1, 2)))
        features += [shape, (right - left) * _gammas(shape, 2, 1), left, right]
    return np.stack(features, axis=1)


def _contrast(luma: np.ndarray) -> np.ndarray:
    """Each pixel's difference from its surroundings in units of their deviation."""
    center = _blurred(luma)
    variance = np.abs(_blurred(luma**2) - center**2)
    return (luma - center) / (np.sqrt(variance + np.finfo(float).eps) + 1)


def _blurred(luma: np.ndarray) -> np.ndarray:
    """Gaussian window of 7x7 pixels, sigma 7/6; borders are repeated.

    pyiqa keeps the window in single precision, so that its sum is not quite 1. That decides on
    which side of zero the contrasts of a flat surface lie, and is kept: without it an image of
    which a third is flat scored 19.2 instead of 16.6.
    """
    from scipy.ndimage import correlate1d

    window = np.exp(-(np.arange(-3, 4) ** 2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    single = np.outer(window, window).astype(np.float32).sum(dtype=float)
    rows = correlate1d(luma, window * single, 0, mode="nearest")
    return correlate1d(rows, window, 1, mode="nearest")


def _halved(luma: np.ndarray) -> np.ndarray:
    """Half the rows, as MATLAB's bicubic `imresize` with antialiasing; their number is even."""
    x = np.abs(np.arange(8) - 3.5) / 2
    window = np.where(x <= 1, 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2)
    window /= window.sum()
    padded = np.pad(luma, ((3, 3), (0, 0)), mode="symmetric")
    half = len(luma) // 2
    return sum(weight * padded[k : k + 2 * half : 2] for k, weight in enumerate(window))


def _fit(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit an asymmetric generalized Gaussian to each block by its moments.

    Returns:
        Shape, left scale and right scale, (blocks,) each; the scales are not a number where no
        value lies on a side, and the shape is the smallest there.
    """
    negative, positive = np.minimum(blocks, 0), np.maximum(blocks, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        left, right = (
            np.sqrt(np.square(side).sum(axis=(1, 2)) / np.count_nonzero(side, axis=(1, 2)))
            for side in (negative, positive)
        )
        skew = left / right
        peak = np.abs(blocks).mean(axis=(1, 2)) ** 2 / np.square(blocks).mean(axis=(1, 2))
        ratio = peak * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    known = _gammas(SHAPES, 2, 1) * _gammas(SHAPES, 2, 3)  # rises with the shape
    above = np.searchsorted(known, ratio).clip(1, len(known) - 1)
    nearest = np.where(ratio - known[above - 1] <= known[above] - ratio, above - 1, above)
    shape = SHAPES[np.where(np.isnan(ratio), 0, nearest)]
    spread = np.sqrt(_gammas(shape, 1, 3))
    return shape, left * spread, right * spread


def _gammas(shape: np.ndarray, over: int, under: int) -> Any:
    """Gamma(over / shape) / Gamma(under / shape)."""
    from scipy.special import gammaln

    return np.exp(gammaln(over / shape) - gammaln(under / shape))
