"""Color errors of images whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import lab2rgb
from support.pictures import cast, flat, to_bytes

from experiments.score.color import angular_error, ciede2000


def test_ciede2000_is_the_known_difference_of_two_grays():
    """L* = 50 against 60 at zero chroma: 10 over 1 + .015 * 25 / sqrt(20 + 25) (mean L* = 55)."""
    grays = [to_bytes(lab2rgb(np.full((8, 8, 3), [level, 0.0, 0.0])) * 255) for level in (50, 60)]
    expected = 10 / (1 + 0.015 * 25 / np.sqrt(20 + 25))
    assert ciede2000(*grays) == pytest.approx(expected, rel=0.02)  # 8 bits round the grays
    assert ciede2000(flat((0, 0, 0)), flat((255, 255, 255))) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("metric", [ciede2000, angular_error])
def test_identical_images_have_no_error(metric, references):
    assert metric(references[0], references[0]) == pytest.approx(0, abs=1e-6)


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
def test_the_angle_ignores_brightness_and_ciede2000_does_not(references, which, gain):
    photo = np.maximum(references[which], 24)  # where rounding turns no color much
    darker = to_bytes(photo * gain)
    assert angular_error(darker, photo) < 1.2
    assert angular_error(cast(photo, 0.15), photo) > 2
    assert ciede2000(darker, photo) > 0.5


@given(st.integers(0, 3), st.floats(0.03, 0.2), st.floats(1.5, 3))
@settings(max_examples=12)
def test_a_stronger_cast_is_a_larger_color_error(references, which, strength, factor):
    weak, strong = (cast(references[which], s) for s in (strength, strength * factor))
    for metric in (ciede2000, angular_error):
        assert metric(weak, references[which]) < metric(strong, references[which])
