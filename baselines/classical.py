"""The input itself, and the textbook enhancements that take one line of scikit-image.

Color images are enhanced through the value channel of HSV, V = max(R, G, B), and keep hue and
saturation: the textbook way (Gonzalez and Woods, Digital Image Processing, chapter 6: equalize the
intensity and leave the colors alone), and what scikit-image's CLAHE does with a color image.
All results are rounded to the nearest 8-bit value.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from baselines.pixels import to_uint8
from baselines.registry import Method, options
from zero_leinr.errors import InputError


def identity(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Return the input as it is: the row that every other one has to beat. No settings."""
    options(settings)
    return np.copy


def gamma(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Gamma correction, out = in^(1/gamma) on [0, 1], for each channel.

    Settings:
        gamma: The display's exponent, 2.2 if not given; above 1 brightens.
    """
    exponent = options(settings, gamma=2.2)["gamma"]
    if exponent <= 0:
        raise InputError(f"setting 'gamma' must be above 0, not {exponent}")
    table = to_uint8((np.arange(256) / 255) ** (1 / exponent))
    return lambda image: table[image]


def histogram_equalization(
    settings: Mapping[str, Any], weights: Path | None, device: str
) -> Method:
    """Histogram equalization of V: each value becomes its rank. No settings.

    Source: R. C. Gonzalez and R. E. Woods, Digital Image Processing, sections 3.3 and 6.6;
    ``skimage.exposure.equalize_hist`` with one bin for each of the 256 values.
    """
    options(settings)
    from skimage.color import hsv2rgb, rgb2hsv
    from skimage.exposure import equalize_hist

    def method(image: np.ndarray) -> np.ndarray:
        hsv = rgb2hsv(image)
        hsv[..., 2] = equalize_hist(image.max(axis=2))
        return to_uint8(hsv2rgb(hsv))

    return method


def clahe(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Contrast-limited adaptive histogram equalization of V.

    Settings:
        clip_limit: Slope limit in (0, 1], scikit-image's 0.01 if not given.

    Source: K. Zuiderveld, Graphics Gems IV, 1994; ``skimage.exposure.equalize_adapthist`` with its
    defaults otherwise (tiles of an eighth of the image in each direction, 256 bins).
    """
    clip_limit = options(settings, clip_limit=0.01)["clip_limit"]
    if not 0 < clip_limit <= 1:
        raise InputError(f"setting 'clip_limit' must be in (0, 1], not {clip_limit}")
    from skimage.exposure import equalize_adapthist

    return lambda image: to_uint8(equalize_adapthist(image, clip_limit=clip_limit))
