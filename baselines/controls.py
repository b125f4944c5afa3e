"""Controls: rows of known worth, by which metrics and scores are judged. None of them is a rival.

A positive control is made of the reference, which the study hands it in place of the low-light
image: the reference itself, and the reference with known noise and a known color cast. The negative
one brightens by chance. What is random is drawn from the image's own pixels and a seed, so that an
image gets the same result in any order.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from baselines.pixels import to_uint8
from baselines.registry import Method, options
from zero_leinr.errors import InputError


def reference(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Return the image that is handed in, the reference, as it is. No settings."""
    options(settings)
    return np.copy


def degraded_reference(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Add Gaussian noise and a color cast, both known, to the reference.

    Settings:
        noise: Standard deviation in 8-bit levels, 10 if not given.
        cast: Red is multiplied by 1 + cast and blue by 1 - cast, 0.1 if not given.
        seed: Fixes the noise, 0 if not given.
    """
    chosen = options(settings, noise=10.0, cast=0.1, seed=0)
    if chosen["noise"] < 0:
        raise InputError(f"setting 'noise' must be at least 0, not {chosen['noise']}")
    gains = np.array([1 + chosen["cast"], 1, 1 - chosen["cast"]])

    def method(image: np.ndarray) -> np.ndarray:
        noise = _generator(image, chosen["seed"]).normal(0, chosen["noise"], image.shape)
        return to_uint8(np.clip((image * gains + noise) / 255, 0, 1))

    return method


def random_brightness(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Multiply the image by a random factor, drawn evenly on a logarithmic scale.

    Settings:
        seed: Fixes the factors, 0 if not given.
        largest: The largest factor, 10 if not given; the smallest is 1.
    """
    chosen = options(settings, seed=0, largest=10.0)

    def method(image: np.ndarray) -> np.ndarray:
        draw = _generator(image, chosen["seed"]).random()
        return to_uint8(np.clip(image / 255 * chosen["largest"] ** draw, 0, 1))

    return method


def _generator(image: np.ndarray, seed: int) -> np.random.Generator:
    pixels = hashlib.sha256(image.tobytes()).digest()
    return np.random.default_rng([seed, *pixels])
