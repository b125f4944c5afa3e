"""Input, gamma, HE and CLAHE against their definitions; the registry against wrong entries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2hsv
from support.baselines import SHEET

from baselines.registry import build

METHODS = {name: build(SHEET[name]) for name in ("input", "gamma", "he", "clahe")}
each_method = pytest.mark.parametrize("name", METHODS)


def scene(height=64, width=80):
    """A dark, colored gradient with noise."""
    rng = np.random.default_rng(0)
    light = np.linspace(5, 90, width)[None, :, None] * np.array([1.0, 0.7, 0.5])
    return rng.poisson(np.broadcast_to(light, (height, width, 3))).astype(np.uint8)


def gray(values):
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


# ------------------------------------------------------------------------- the methods


@each_method
@settings(deadline=None, max_examples=20)
@given(image=arrays(np.uint8, st.tuples(st.integers(9, 20), st.integers(9, 20), st.just(3))))
def test_any_image_gives_one_of_its_size_and_stays_as_it_is(name, image):
    before = image.copy()
    enhanced = METHODS[name](image)
    assert enhanced.dtype == np.uint8
    assert enhanced.shape == image.shape
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(enhanced, image)


def test_the_input_is_returned_as_it_is():
    np.testing.assert_array_equal(METHODS["input"](scene()), scene())


def test_gamma_is_a_power_of_the_unit_range_rounded():
    levels = gray(np.arange(256).reshape(16, 16))
    bright = METHODS["gamma"](levels)
    np.testing.assert_array_equal(bright, np.rint(255 * (levels / 255) ** (1 / 2.2)))
    unchanged = build({"method": "classical:gamma", "settings": {"gamma": 1}})
    np.testing.assert_array_equal(unchanged(levels), levels)


def test_histogram_equalization_gives_each_value_its_rank():
    dark = scene()[..., 0]
    rank = np.array([(dark <= value).mean() for value in range(256)])
    np.testing.assert_array_equal(METHODS["he"](gray(dark)), gray(np.rint(255 * rank[dark])))


def test_clahe_spreads_local_contrast_and_more_with_a_higher_limit():
    image = scene(160, 200)
    spread = [image.std()]
    for limit in (0.01, 0.05, 0.3):
        method = build({"method": "classical:clahe", "settings": {"clip_limit": limit}})
        spread.append(method(image).std())
    assert spread == sorted(set(spread))


@pytest.mark.parametrize("name", ["he", "clahe"])
def test_hue_and_saturation_stay(name):
    before, after = rgb2hsv(scene()), rgb2hsv(METHODS[name](scene()))
    bright = (before[..., 2] > 0.2) & (before[..., 1] > 0.2)  # elsewhere 8 bit is too coarse
    turn = np.abs(before[..., 0] - after[..., 0])[bright]
    assert np.minimum(turn, 1 - turn).max() < 0.01
    assert np.abs(before[..., 1] - after[..., 1])[bright].max() < 0.01
