"""Color error, noise and kept detail on images whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from skimage.color import lab2rgb

from experiments.data.embedded import photograph_pairs
from experiments.score.color import angular_error, ciede2000
from experiments.score.noise import blind_noise, gradient_correlation, noise_residual


@pytest.fixture(scope="module")
def photos():
    """References of the embedded test pairs, four of them, smaller."""
    found = [images["high"] for _, images, _ in photograph_pairs()]
    return [np.ascontiguousarray(image[::2, ::2]) for image in found[::2]]


def to_bytes(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def noisy(image: np.ndarray, sigma: float, seed: int = 0) -> np.ndarray:
    return to_bytes(image + np.random.default_rng(seed).normal(0, sigma, image.shape))


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return to_bytes(gaussian_filter(image.astype(float), (sigma, sigma, 0)))


def cast(image: np.ndarray, strength: float) -> np.ndarray:
    return to_bytes(image * np.array([1 + strength, 1, 1 - strength]))


def flat(color: tuple[int, int, int], side: int = 64) -> np.ndarray:
    return np.full((side, side, 3), color, np.uint8)


# ------------------------------------------------------------------ color


def test_ciede2000_is_the_known_difference_of_two_grays():
    """L* = 50 against 60 at zero chroma: 10 over 1 + .015 * 25 / sqrt(20 + 25) (mean L* = 55)."""
    grays = [to_bytes(lab2rgb(np.full((8, 8, 3), [level, 0.0, 0.0])) * 255) for level in (50, 60)]
    expected = 10 / (1 + 0.015 * 25 / np.sqrt(20 + 25))
    assert ciede2000(*grays) == pytest.approx(expected, rel=0.02)  # 8 bits round the grays
    assert ciede2000(flat((0, 0, 0)), flat((255, 255, 255))) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("metric", [ciede2000, angular_error, noise_residual])
def test_identical_images_have_no_error(metric, photos):
    assert metric(photos[0], photos[0]) == pytest.approx(0, abs=1e-6)


def test_angle_between_known_colors():
    assert angular_error(flat((200, 0, 0)), flat((100, 100, 0))) == pytest.approx(45)
    assert angular_error(flat((200, 0, 0)), flat((0, 9, 0))) == pytest.approx(90)


def test_black_pixels_have_no_direction():
    half = flat((200, 0, 0))
    half[:32] = 0
    assert angular_error(half, flat((100, 100, 0))) == pytest.approx(45)
    assert np.isnan(angular_error(flat((0, 0, 0)), flat((1, 2, 3))))


@given(st.integers(0, 3), st.floats(0.35, 0.95))
@settings(max_examples=12)
def test_the_angle_ignores_brightness_and_ciede2000_does_not(photos, which, gain):
    photo = np.maximum(photos[which], 24)  # where rounding turns no color much
    darker = to_bytes(photo * gain)
    assert angular_error(darker, photo) < 1.2
    assert angular_error(cast(photo, 0.15), photo) > 2
    assert ciede2000(darker, photo) > 0.5


@given(st.integers(0, 3), st.floats(0.03, 0.2), st.floats(1.5, 3))
@settings(max_examples=12)
def test_a_stronger_cast_is_a_larger_color_error(photos, which, strength, factor):
    weak, strong = (cast(photos[which], s) for s in (strength, strength * factor))
    for metric in (ciede2000, angular_error):
        assert metric(weak, photos[which]) < metric(strong, photos[which])


# ------------------------------------------------------------------ noise


@pytest.mark.parametrize("sigma", [2, 8, 20])
def test_white_noise_on_a_flat_scene_is_measured_as_what_it_is(sigma):
    scene = flat((120, 128, 136), 160)
    assert noise_residual(noisy(scene, sigma), scene) == pytest.approx(sigma, rel=0.05)
    assert blind_noise(noisy(scene, sigma)) == pytest.approx(sigma, rel=0.05)


@given(st.integers(0, 3), st.floats(0.6, 1.0), st.floats(0, 20))
@settings(max_examples=12)
def test_brightness_and_contrast_are_no_noise(photos, which, gain, offset):
    moved = to_bytes(photos[which] * gain + offset)
    assert noise_residual(moved, photos[which]) < 1  # rounding alone is .29
    assert noise_residual(noisy(photos[which], 10), photos[which]) > 5


@given(st.integers(0, 3), st.floats(2, 12), st.floats(1.4, 3))
@settings(max_examples=12)
def test_more_noise_scores_worse(photos, which, sigma, factor):
    photo = photos[which]
    less, more = (noisy(photo, s) for s in (sigma, sigma * factor))
    assert noise_residual(less, photo) < noise_residual(more, photo)
    assert blind_noise(less) < blind_noise(more)
    assert gradient_correlation(less, photo) > gradient_correlation(more, photo)


# ------------------------------------------------------------------ detail


@given(st.integers(0, 3), st.floats(0.6, 2), st.floats(1.3, 3))
@settings(max_examples=12)
def test_more_blur_keeps_less_detail(photos, which, sigma, factor):
    photo = photos[which]
    less, more = (blurred(photo, s) for s in (sigma, sigma * factor))
    assert 1 > gradient_correlation(less, photo) > gradient_correlation(more, photo)
    assert blind_noise(more) <= blind_noise(less)  # what its caveat says


@given(st.integers(0, 3), st.floats(0.4, 1.0))
@settings(max_examples=8)
def test_contrast_keeps_the_detail_and_a_negative_turns_it(photos, which, gain):
    photo = photos[which]
    assert gradient_correlation(to_bytes(photo * gain), photo) > 0.99
    assert gradient_correlation(255 - photo, photo) == pytest.approx(-1, abs=1e-5)


def test_where_nothing_is_to_measure():
    scene = np.zeros((64, 64, 3), np.uint8)
    ramp = scene + np.arange(64, dtype=np.uint8)[None, :, None]
    assert gradient_correlation(scene, ramp) == 0
    assert np.isnan(gradient_correlation(ramp, scene))
    assert np.isnan(noise_residual(ramp, scene))  # the reference is clipped everywhere
