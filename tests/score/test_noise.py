"""Noise and kept detail of images whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pictures import blurred, flat, noisy, to_bytes

from experiments.score.noise import blind_noise, gradient_correlation, noise_residual


def test_identical_images_have_no_noise(references):
    assert noise_residual(references[0], references[0]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("sigma", [2, 8, 20])
def test_white_noise_on_a_flat_scene_is_measured_as_what_it_is(sigma):
    scene = flat((120, 128, 136), 160)
    assert noise_residual(noisy(scene, sigma), scene) == pytest.approx(sigma, rel=0.05)
    assert blind_noise(noisy(scene, sigma)) == pytest.approx(sigma, rel=0.05)


@given(st.integers(0, 3), st.floats(0.6, 1.0), st.floats(0, 20))
@settings(max_examples=12)
def test_brightness_and_contrast_are_no_noise(references, which, gain, offset):
    moved = to_bytes(references[which] * gain + offset)
    assert noise_residual(moved, references[which]) < 1  # rounding alone is .29
    assert noise_residual(noisy(references[which], 10), references[which]) > 5


@given(st.integers(0, 3), st.floats(2, 12), st.floats(1.4, 3))
@settings(max_examples=12)
def test_more_noise_scores_worse(references, which, sigma, factor):
    photo = references[which]
    less, more = (noisy(photo, s) for s in (sigma, sigma * factor))
    assert noise_residual(less, photo) < noise_residual(more, photo)
    assert blind_noise(less) < blind_noise(more)
    assert gradient_correlation(less, photo) > gradient_correlation(more, photo)


@given(st.integers(0, 3), st.floats(0.6, 2), st.floats(1.3, 3))
@settings(max_examples=12)
def test_more_blur_keeps_less_detail(references, which, sigma, factor):
    photo = references[which]
    less, more = (blurred(photo, s) for s in (sigma, sigma * factor))
    assert 1 > gradient_correlation(less, photo) > gradient_correlation(more, photo)
    assert blind_noise(more) <= blind_noise(less)  # what its caveat says


@given(st.integers(0, 3), st.floats(0.4, 1.0))
@settings(max_examples=8)
def test_contrast_keeps_the_detail_and_a_negative_turns_it(references, which, gain):
    photo = references[which]
    assert gradient_correlation(to_bytes(photo * gain), photo) > 0.99
    assert gradient_correlation(255 - photo, photo) == pytest.approx(-1, abs=1e-5)


def test_where_nothing_is_to_measure():
    scene = np.zeros((64, 64, 3), np.uint8)
    ramp = scene + np.arange(64, dtype=np.uint8)[None, :, None]
    assert gradient_correlation(scene, ramp) == 0
    assert np.isnan(gradient_correlation(ramp, scene))
    assert np.isnan(noise_residual(ramp, scene))  # the reference is clipped everywhere
