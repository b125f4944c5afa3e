"""Retinex by center and surround: single-scale, multi-scale, with color restoration.

Jobson, Rahman and Woodell, IEEE Transactions on Image Processing 6(3), 1997 (SSR) and 6(7), 1997
(MSR, MSRCR). The logarithm of each channel minus that of its Gaussian surround is its reflectance,
independent of a smooth illumination.

The scales 80 (SSR), 15, 80 and 250 (MSR) and alpha = 125 are the papers'. Their final gain and
offset, which fit one display, are replaced by the color balance of Petro, Sbert and Morel (Image
Processing On Line 4, 2014): each channel is stretched with 1% of its pixels clipped at either end.
The MATLAB code that the field compares with (github baidut/BIMEF, multiscaleRetinex.m) does the
same. As in both, a scale is the standard deviation of the Gaussian.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.fft import dctn, idctn

from baselines.pixels import to_uint8
from baselines.registry import Method, options
from zero_leinr.errors import InputError

# Standard deviations of the surrounds of MSR and MSRCR, in pixels.
SCALES = (15.0, 80.0, 250.0)
# Strength of the color restoration; share of pixels that the final stretch clips at either end.
ALPHA, CLIPPED = 125.0, 0.01


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """MSRCR: multi-scale retinex with color restoration. No settings.

    Raises:
        InputError: A setting is given.
    """
    options(settings)

    def method(image: np.ndarray) -> np.ndarray:
        bright = image + 1.0  # the logarithm of zero is none
        chroma = np.log(ALPHA * bright) - np.log(bright.sum(axis=2, keepdims=True))
        return to_uint8(stretch(chroma * retinex(bright, SCALES)))

    return method


def msr(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """MSR: the mean of three single-scale retinexes. No settings."""
    options(settings)
    return lambda image: to_uint8(stretch(retinex(image + 1.0, SCALES)))


def ssr(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """SSR: retinex with one surround.

    Settings:
        scale: Standard deviation of the surround, in pixels; 80 if not given.
    """
    scale = options(settings, scale=80.0)["scale"]
    if scale <= 0:
        raise InputError(f"setting 'scale' must be above 0, not {scale}")
    return lambda image: to_uint8(stretch(retinex(image + 1.0, [scale])))


def retinex(image: np.ndarray, scales: Sequence[float]) -> np.ndarray:
    """Mean over the scales of log(image) - log(surround), for each channel by itself.

    Args:
        image: (H, W, 3), above 0.
        scales: Standard deviations of the Gaussian surrounds, in pixels.

    Returns:
        (H, W, 3), around 0; multiplying a channel by a constant changes nothing.
    """
    surrounds = gaussian(image, scales)
    return np.log(image) - np.mean([np.log(surround) for surround in surrounds], axis=0)


def gaussian(image: np.ndarray, scales: Sequence[float]) -> list[np.ndarray]:
    """Blur with Gaussians of any width at one cost each, mirrored at the borders.

    A mirrored image is a sum of cosines, which a symmetric kernel only scales: one cosine
    transform, a product and one transform back in the place of a kernel as wide as the image.

    Args:
        image: (H, W, C).
        scales: Standard deviations in pixels.

    Returns:
        One (H, W, C) array for each scale, within the range of the image.
    """
    height, width = image.shape[:2]
    waves = dctn(image, axes=(0, 1))
    omega_y = np.pi * np.arange(height)[:, None, None] / height
    omega_x = np.pi * np.arange(width)[:, None] / width
    square = omega_y**2 + omega_x**2
    return [idctn(waves * np.exp(-(scale**2) * square / 2), axes=(0, 1)) for scale in scales]


def stretch(image: np.ndarray) -> np.ndarray:
    """Simplest color balance: map each channel's 1% and 99% quantiles to 0 and 1.

    Args:
        image: (H, W, 3), any range.

    Returns:
        (H, W, 3), beyond [0, 1] in the clipped pixels. A flat channel, which has no range to
        stretch, becomes 1/2.
    """
    low, high = np.quantile(image, [CLIPPED, 1 - CLIPPED], axis=(0, 1))
    span = high - low
    flat = span < 1e-9
    return np.where(flat, 0.5, (image - low) / np.where(flat, 1, span))
