"""Between 8-bit pixels and the unit range in which the papers write their formulas."""

import numpy as np


def to_unit(image: np.ndarray) -> np.ndarray:
    """Return an 8-bit image as float64 in [0, 1], of the same shape."""
    return image / 255.0


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Clip an image to [0, 1] and round it to the nearest 8-bit values, as MATLAB's ``im2uint8``.

    Args:
        image: Floats of any shape, nominally in [0, 1].

    Returns:
        uint8, same shape.
    """
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
