"""NPE: naturalness preserved enhancement for non-uniform illumination images.

Wang, Zheng, Hu and Li, IEEE Transactions on Image Processing 22(9), 2013. A bright-pass filter
estimates the illumination from the brighter pixels nearby, a bi-log transformation brightens it
without changing the order of its values, and the details, the ratio of image to illumination, stay
as they are.

The equations, by their numbers in the paper, and the constants (a patch of 15 x 15 pixels, a mean
over 3 values, four neighbors, epsilon = 1) follow the public MATLAB re-implementation by HSW, 2018
(e-com-net.com, article 1354734288389615616). The authors released protected files alone, and those
do more than these equations: docs/classical-baselines.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from baselines.registry import Method, options

LEVELS = 256
# Half of the filter's 15 x 15 patch; values over which the co-occurrence is averaged.
REACH, VALUES = 7, 3


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """NPE by the paper's equations. No settings.

    Raises:
        InputError: A setting is given.
    """
    options(settings)

    def method(image: np.ndarray) -> np.ndarray:
        lightness = image.max(axis=2)
        illumination = bright_pass(lightness, co_occurrence(lightness))
        mapped = bi_log(illumination)[np.rint(illumination).astype(np.uint8)]
        reflectance = image / np.maximum(illumination, 1)[..., None]
        return np.rint(reflectance * mapped[..., None]).astype(np.uint8)

    return method


def co_occurrence(lightness: np.ndarray) -> np.ndarray:
    """Count how often each value is a neighbor of each other one (equations 5 and 6).

    Args:
        lightness: (H, W) uint8.

    Returns:
        (256, 256): row k, column l is the number of times that a pixel of value l is one of the
        four neighbors of a pixel of value k, averaged over l - 1, l and l + 1.
    """
    counts = np.zeros((LEVELS, LEVELS))
    for first, second in (
        (lightness[:, :-1], lightness[:, 1:]),
        (lightness[:-1], lightness[1:]),
    ):
        pairs = first.astype(np.intp) * LEVELS + second
        counts += np.bincount(pairs.ravel(), minlength=LEVELS**2).reshape(LEVELS, LEVELS)
    return uniform_filter1d(counts + counts.T, VALUES, axis=1, mode="constant")


def bright_pass(lightness: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    """Average the pixels of the patch that are as bright or brighter (equations 7 to 12).

    Each counts as often as its value is seen beside the center's value anywhere in the image. The
    result is nowhere below the lightness, so that the reflectance stays within [0, 1].

    Args:
        lightness: (H, W) uint8.
        frequency: (256, 256) from ``co_occurrence``.

    Returns:
        (H, W) float32, in [lightness, 255].
    """
    height, width = lightness.shape
    # Weight and weighted value of each pair of values, as the two parts of one complex number:
    # one look-up for each place in the patch.
    brighter = np.triu(frequency)
    table = (brighter + 1j * brighter * np.arange(LEVELS)).astype(np.complex64).ravel()
    row = lightness.astype(np.int32) * LEVELS
    patch = np.pad(lightness, REACH, mode="symmetric")
    total = np.zeros((height, width), np.complex64)
    for y in range(2 * REACH + 1):
        for x in range(2 * REACH + 1):
            total += table[row + patch[y : y + height, x : x + width]]
    known = total.real > 0  # a value that never neighbors its like keeps its own lightness
    mean = np.divide(total.imag, total.real, out=lightness.astype(np.float32), where=known)
    return np.maximum(mean, lightness)


def bi_log(illumination: np.ndarray) -> np.ndarray:
    """Bi-log transformation: match the log-weighted histogram to a logarithmic one (14 to 22).

    Args:
        illumination: (H, W) in [0, 255].

    Returns:
        (256,) float: the mapped illumination of each value, never decreasing, in [0, 255].
    """
    values = np.rint(illumination).astype(np.intp).ravel()
    weight = np.log(illumination.ravel() + 1)
    histogram = np.bincount(values, weights=weight, minlength=LEVELS)
    if not histogram.any():  # an all-black image
        return np.zeros(LEVELS)
    target = np.log(np.arange(LEVELS) + 1.0)
    return _nearest(np.cumsum(histogram) / histogram.sum(), np.cumsum(target) / target.sum())


def _nearest(wanted: np.ndarray, cumulative: np.ndarray) -> np.ndarray:
    """For each entry, the index of the closest one in the other, ascending array."""
    return np.abs(cumulative - wanted[:, None]).argmin(axis=1).astype(float)
