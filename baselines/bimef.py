"""BIMEF: a bio-inspired multi-exposure fusion framework for low-light image enhancement.

Ying, Li and Gao, arXiv 1711.00591, 2017. A second exposure is computed from the image with a
camera response model, at the exposure ratio that leaves the dark part with the most entropy; the
two are blended, the image itself where the scene is bright and the computed one where it is dark.

All constants are those of the authors' MATLAB code (github baidut/BIMEF, lowlight/BIMEF.m). Its
solver stops at a residual of a tenth of the image; here it goes on to a thousandth.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import correlate1d
from scipy.optimize import minimize_scalar

from baselines.pixels import to_uint8, to_unit
from baselines.registry import Method, options
from baselines.smoothing import smooth
from zero_leinr.errors import InputError

# The authors' camera response: exposing x times as long gives exp(b (1 - x^a)) I^(x^a).
CAMERA_A, CAMERA_B = -0.3293, 1.1258
# Weight of the smoothness term, length of its window in pixels, floor of its gradients.
SMOOTHNESS, WINDOW, SHARPNESS = 0.5, 5, 0.001
# Illumination below which a pixel counts as dark; the exposure ratios to choose from.
DARK, RATIOS = 0.5, (1.0, 7.0)
# Side of the square thumbnail on which the exposure ratio is chosen.
THUMBNAIL = 50


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """BIMEF with one computed exposure.

    Settings:
        mu: Power of the illumination in the blending weight, the "enhancement degree"; 0.5 if not
            given. 0 gives the image back.

    Raises:
        InputError: A setting is unknown or out of range.
    """
    mu = options(settings, mu=0.5)["mu"]
    if mu < 0:
        raise InputError(f"setting 'mu' must be 0 or more, not {mu}")

    def method(image: np.ndarray) -> np.ndarray:
        low = to_unit(image)
        illumination = scene_illumination(low)
        exposed = expose_for_dark(low, illumination < DARK)
        weight = np.clip(illumination, 0, 1)[..., None] ** mu
        return to_uint8(weight * low + (1 - weight) * exposed)

    return method


def scene_illumination(low: np.ndarray) -> np.ndarray:
    """Estimate the illumination: the largest of R, G and B, smoothed at half the size.

    Args:
        low: (H, W, 3) in [0, 1].

    Returns:
        (H, W), about in [0, 1].
    """
    height, width = low.shape[:2]
    half = resize(low.max(axis=2), ((height + 1) // 2, (width + 1) // 2))
    return resize(smooth(half, *texture_weights(half)), (height, width))


def texture_weights(illumination: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smoothness weights: low where the gradient keeps its sign over the window.

    Args:
        illumination: (H, W) in [0, 1].

    Returns:
        The weights in x and in y, (H, W) each, in (0, 500]. The image wraps around at its borders,
        as in the authors' code.
    """

    def weight(axis: int) -> np.ndarray:
        gradient = np.roll(illumination, -1, axis) - illumination
        total = correlate1d(gradient, np.ones(WINDOW), axis=axis, mode="constant")
        return SMOOTHNESS / (np.abs(total * gradient) + SHARPNESS)

    return weight(1), weight(0)


def expose_for_dark(low: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """Compute the exposure in which the dark part shows the most entropy.

    Args:
        low: (H, W, 3) in [0, 1].
        dark: (H, W) bool: the pixels that the exposure is chosen for.

    Returns:
        (H, W, 3), 0 or more, above 1 where the longer exposure overflows; the image itself where
        no pixel is dark.
    """
    square = (THUMBNAIL, THUMBNAIL)
    thumbnail = np.stack([resize(low[..., c], square) for c in range(3)], axis=2)
    gray = np.cbrt(np.maximum(thumbnail, 0).prod(axis=2))  # geometric mean of R, G and B
    samples = gray[resize(dark.astype(float), square) > 0.5]
    if not samples.size:
        return low
    best = minimize_scalar(
        lambda ratio: -entropy(expose(samples, ratio)),
        bounds=RATIOS,
        method="bounded",
        options={"xatol": 1e-4},
    )
    return expose(low, best.x) - 0.01


def expose(image: np.ndarray, ratio: float) -> np.ndarray:
    """Apply the camera response model: the image as if exposed ``ratio`` times as long.

    Args:
        image: Any shape, 0 or more.
        ratio: Above 0; 1 leaves the image as it is.

    Returns:
        Same shape; more than 1 where the exposure overflows.
    """
    gamma = ratio**CAMERA_A
    return image**gamma * np.exp(CAMERA_B * (1 - gamma))


def entropy(values: np.ndarray) -> float:
    """Entropy of the 256-bin histogram of values in [0, 1] (clipped), in bits."""
    counts = np.bincount(to_uint8(values).ravel(), minlength=256)
    frequency = counts[counts > 0] / counts.sum()
    return float(-(frequency * np.log2(frequency)).sum())


def resize(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize (H, W) to ``shape`` by cubic convolution, antialiased, as MATLAB's ``imresize``."""
    height, width = shape
    single = Image.fromarray(image.astype(np.float32))
    return np.asarray(single.resize((width, height), Image.Resampling.BICUBIC), dtype=float)
