"""BIMEF: its camera response and what it leaves alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from support.pictures import dim_scene

from baselines import bimef


@given(
    image=arrays(float, array_shapes(max_dims=2, max_side=4), elements=st.floats(0, 1)),
    first=st.floats(1, 7),
    second=st.floats(1, 7),
)
def test_exposures_multiply(image, first, second):
    twice = bimef.expose(bimef.expose(image, first), second)
    np.testing.assert_allclose(twice, bimef.expose(image, first * second), rtol=1e-9)
    np.testing.assert_allclose(bimef.expose(image, 1), image)


def test_a_longer_exposure_is_brighter():
    assert (np.diff([bimef.expose(np.array(0.3), ratio) for ratio in (1, 2, 4, 7)]) > 0).all()
    assert bimef.expose(np.array(1.0), 2) > 1


def test_entropy_in_bits():
    assert bimef.entropy(np.full(9, 0.3)) == 0
    assert bimef.entropy(np.arange(256) / 255) == pytest.approx(8)


def test_bimef_leaves_a_bright_image_as_it_is():
    image = dim_scene() // 4 + 180
    np.testing.assert_array_equal(bimef.build({}, None, "cpu")(image), image)


def test_bimef_with_mu_zero_gives_the_image_back():
    np.testing.assert_array_equal(bimef.build({"mu": 0}, None, "cpu")(dim_scene()), dim_scene())
