"""Images whose degradations are known."""

import numpy as np
from scipy.ndimage import gaussian_filter

from baselines.pixels import to_uint8


def to_bytes(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def scene(height=200, width=240, seed=0):
    """Smooth colours with texture, so that every metric is defined and none is at its limit."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([120 + 80 * np.sin(x / 17 + c) * np.cos(y / 23) for c in range(3)], axis=-1)
    return np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)


def noisy(image, sigma, seed=1):
    return to_bytes(image + np.random.default_rng(seed).normal(0, sigma, image.shape))


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return to_bytes(gaussian_filter(image.astype(float), (sigma, sigma, 0)))


def cast(image: np.ndarray, strength: float) -> np.ndarray:
    return to_bytes(image * np.array([1 + strength, 1, 1 - strength]))


def flat(color: tuple[int, int, int], side: int = 64) -> np.ndarray:
    return np.full((side, side, 3), color, np.uint8)


def dim_scene(height=46, width=61, seed=0):
    """A dark, unevenly lit scene with edges, texture and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    light = 0.03 + 0.3 * (x / width) ** 2
    paint = 0.4 + 0.5 * (np.sin(x / 5) * np.sin(y / 7) > 0)
    color = np.array([1.0, 0.8, 0.6])
    image = (light * paint)[..., None] * color + rng.normal(0, 0.005, (height, width, 3))
    return to_uint8(image)
