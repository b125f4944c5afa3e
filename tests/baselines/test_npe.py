"""NPE: its bright-pass filter and its transformation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines import npe


def test_co_occurrence_counts_the_four_neighbors(monkeypatch):
    monkeypatch.setattr(npe, "VALUES", 1)
    counts = npe.co_occurrence(np.array([[1, 2], [1, 5]], np.uint8))
    assert counts.sum() == 8
    assert counts[1, 1] == 2
    assert counts[1, 2] == counts[2, 1] == counts[2, 5] == counts[5, 1] == 1


def test_bright_pass_against_its_definition():
    lightness = np.random.default_rng(0).integers(0, 40, (12, 17)).astype(np.uint8)
    frequency = npe.co_occurrence(lightness)
    measured = npe.bright_pass(lightness, frequency)
    padded = np.pad(lightness, npe.REACH, mode="symmetric").astype(int)
    side = 2 * npe.REACH + 1
    for y, x in np.ndindex(lightness.shape):
        center = int(lightness[y, x])
        patch = padded[y : y + side, x : x + side]
        weight = frequency[center, patch] * (patch >= center)
        expected = (weight * patch).sum() / weight.sum() if weight.any() else center
        assert measured[y, x] == pytest.approx(expected, rel=1e-4)


@given(arrays(np.float64, (5, 6), elements=st.floats(0, 255)))
def test_bi_log_keeps_the_order(illumination):
    mapped = npe.bi_log(illumination)
    assert (np.diff(mapped) >= 0).all()
    assert mapped.min() >= 0
    assert mapped.max() <= 255


def test_bi_log_leaves_its_target_alone():
    # One pixel of each value: its log-weighted histogram is the logarithmic one.
    np.testing.assert_allclose(npe.bi_log(np.arange(256.0)[None]), np.arange(256), atol=1)
