"""Dong: enhancement of low-lighting video by dehazing the inverted image.

Dong, Wang, Pang, Li, Wen, Meng and Lu, IEEE ICME 2011. A dark image turned into its negative looks
like a hazy one: a veil that is thicker where the scene is darker. So it is dehazed with the dark
channel prior and turned back.

The parameters (omega = 0.8, transmission sharpened below 1/2, a window of 7 x 7 pixels, the
airlight among the haziest 0.2% of the pixels) are those of the MATLAB code that the field compares
with (github baidut/BIMEF, lowlight/dong.m).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import minimum_filter

from baselines.pixels import to_uint8, to_unit
from baselines.registry import Method, options
from zero_leinr.errors import InputError

WINDOW, HAZIEST = 7, 0.002
# Smallest transmission to divide by (the MATLAB code's) and smallest airlight, one 8-bit step.
LEAST_TRANSMISSION, LEAST_AIRLIGHT = 1e-7, 1 / 255


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Dehazing of the negative.

    Settings:
        omega: Share of the veil to remove, in (0, 1); 0.8 if not given.

    Raises:
        InputError: A setting is unknown or out of range.
    """
    omega = options(settings, omega=0.8)["omega"]
    if not 0 < omega < 1:
        raise InputError(f"setting 'omega' must be in (0, 1), not {omega}")

    def method(image: np.ndarray) -> np.ndarray:
        negative = 1 - to_unit(image)
        darkest = minimum_filter(negative, size=(WINDOW, WINDOW, 1), mode="nearest")
        light = airlight(negative, darkest.min(axis=2))
        through = transmission(darkest, light, omega)[..., None]
        return to_uint8(1 - ((negative - light) / through + light))

    return method


def airlight(hazy: np.ndarray, dark_channel: np.ndarray) -> np.ndarray:
    """Color of the veil: the brightest pixel among those with the highest dark channel.

    Args:
        hazy: (H, W, 3) in [0, 1].
        dark_channel: (H, W), the minimum over channels and window.

    Returns:
        (3,), at least 1/255.
    """
    count = max(1, int(dark_channel.size * HAZIEST))
    threshold = np.partition(dark_channel.ravel(), -count)[-count]
    candidates = hazy[dark_channel >= threshold]
    return np.maximum(candidates[candidates.sum(axis=1).argmax()], LEAST_AIRLIGHT)


def transmission(darkest: np.ndarray, light: np.ndarray, omega: float) -> np.ndarray:
    """Share of the scene's own light at each pixel; lowered further where it is below 1/2.

    Args:
        darkest: (H, W, 3), each channel's minimum over the window.
        light: (3,) from ``airlight``.
        omega: Share of the veil to remove.

    Returns:
        (H, W), above 0, at most 1.
    """
    through = np.maximum(1 - omega * (darkest / light).min(axis=2), LEAST_TRANSMISSION)
    return np.where(through < 0.5, 2 * through**2, through)
