"""What the tests of the metrics share."""

import numpy as np
import pytest

from experiments.data.embedded import photograph_pairs
from experiments.score import perceptual
from zero_leinr.errors import InputError


@pytest.fixture(scope="session")
def references():
    """References of the embedded test pairs, four of them, smaller."""
    found = [images["high"] for _, images, _ in photograph_pairs()]
    return [np.ascontiguousarray(image[::2, ::2]) for image in found[::2]]


@pytest.fixture
def no_weights(monkeypatch):
    """A machine on which no weights of a metric can be had."""

    def unavailable(name, download=False):
        raise InputError(f"{name}: is missing")

    monkeypatch.setattr(perceptual, "metric_weights", unavailable)
    perceptual._lpips_weights.cache_clear()
    perceptual._niqe_model.cache_clear()
