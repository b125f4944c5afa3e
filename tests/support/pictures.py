"""Images whose degradations are known."""

import numpy as np


def scene(height=200, width=240, seed=0):
    """Smooth colours with texture, so that every metric is defined and none is at its limit."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([120 + 80 * np.sin(x / 17 + c) * np.cos(y / 23) for c in range(3)], axis=-1)
    return np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)


def noisy(image, sigma, seed=1):
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)
