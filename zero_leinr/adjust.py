"""Adjust an enhanced image to taste: how strong the effect is, and how bright the result.

Neither is part of the paper. Images are (H, W, 3), uint8 or float in [0, 1].
"""

import numpy as np


def blend(image: np.ndarray, enhanced: np.ndarray, strength: float) -> np.ndarray:
    """Mix the input with its enhanced version: ``x + strength * (e - x)``.

    Args:
        image: x, (H, W, 3), uint8 or float.
        enhanced: e, of the same shape and type.
        strength: From 0, which gives x, to 1, which gives e.

    Returns:
        The mixture, of the same shape and type.

    Examples:
        >>> blend(np.uint8([[[10, 20, 30]]]), np.uint8([[[110, 40, 30]]]), 0.5)
        array([[[60, 30, 30]]], dtype=uint8)
    """
    if strength == 1:
        return enhanced
    mixed = image + np.float32(strength) * (enhanced.astype(np.float32) - image)
    return _as(image.dtype, mixed)


def set_exposure(image: np.ndarray, level: float) -> np.ndarray:
    """Bring the mean brightness of an image to a level, with the method's own curve.

    ``x <- x + a * (x**2 - x)`` with one number a in [-1, 1] for all pixels keeps black, white and
    the order of brightness. a follows from the mean, which should be ``level``; where one curve
    does not suffice, up to eight are applied, as in the method.

    Args:
        image: x, (H, W, 3), uint8 or float in [0, 1].
        level: The wanted mean over pixels and channels, between 0 and 1. A nearly black or nearly
            white image may not reach it.

    Returns:
        The image, of the same shape and type.

    Examples:
        >>> dark = np.linspace(0, 0.4, 9, dtype=np.float32).reshape(1, 3, 3)
        >>> bright = set_exposure(dark, 0.5)
        >>> round(float(bright.mean()), 3), float(bright.min()), bool(bright.max() < 1)
        (0.5, 0.0, True)
    """
    x = image.astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    for _ in range(8):
        bend = x * x - x
        if not bend.any():  # black and white alone
            break
        a = (level - x.mean(dtype=np.float64)) / bend.mean(dtype=np.float64)
        x += np.float32(np.clip(a, -1, 1)) * bend
        if abs(a) <= 1:
            break
    return _as(image.dtype, x * (255 if image.dtype == np.uint8 else 1))


def _as(dtype: np.dtype, values: np.ndarray) -> np.ndarray:
    """Return the values in a type: rounded if it is uint8."""
    return (values + 0.5).astype(dtype) if dtype == np.uint8 else values.astype(dtype)
