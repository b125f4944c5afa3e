"""Properties of the losses that hold for any image."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zero_leinr import losses


def images(seed: int, batch: int = 2) -> torch.Tensor:
    return torch.rand(batch, 3, 32, 48, generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 10**6), st.floats(0.05, 0.9))
@settings(max_examples=20, deadline=None)
def test_brightening_all_pixels_alike_costs_no_spatial_consistency_inside(seed, shift):
    image = images(seed)
    # Away from the border, where the neighbors outside count as 0.
    change = losses.spatial_consistency(image + shift, image) * 8 * 12
    border_pairs = 2 * 8 + 2 * 12
    assert change.item() == pytest.approx(border_pairs * shift**2, rel=1e-3)


@given(st.integers(0, 10**6), st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_exposure_of_a_constant_image_is_its_squared_distance(seed, value):
    image = torch.full((1, 3, 32, 32), value)
    # Means of 256 float32 values: off by up to 256 roundings of 6e-8.
    assert losses.exposure_control(image, 0.6).item() == pytest.approx((value - 0.6) ** 2, abs=2e-5)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_color_constancy_is_zero_for_gray_and_has_a_finite_gradient(seed):
    gray = images(seed)[:, :1].repeat(1, 3, 1, 1).requires_grad_()
    loss = losses.color_constancy(gray)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-9)
    assert torch.isfinite(gray.grad).all()


@given(st.integers(0, 10**6), st.floats(0.2, 3.0))
@settings(max_examples=20, deadline=None)
def test_color_angle_ignores_brightness(seed, gain):
    image = images(seed) + 0.01
    # The clamped cosine leaves 0.081 degrees at least.
    assert losses.color_angle(gain * image, image).item() == pytest.approx(0.081, abs=0.02)


def test_color_angle_of_known_colors():
    red = torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    yellow = red.clone()
    yellow[:, 1] = 1
    assert losses.color_angle(red, yellow).item() == pytest.approx(45, abs=1e-3)
    assert losses.color_angle(red, torch.zeros_like(red)).item() == pytest.approx(90, abs=1e-3)


def test_smoothness_of_a_ramp():
    ramp = torch.arange(8.0).expand(1, 24, 8, 8)
    assert losses.illumination_smoothness(ramp).item() == pytest.approx(2 * 24)


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_regularization_vanishes_where_denoising_and_sampling_commute(seed):
    g1, g2 = images(seed), images(seed + 1)
    assert losses.regularization(g1, g2, g1, g2).item() == 0
    assert losses.reconstruction(g1, g1).item() == 0
    assert math.isclose(
        losses.regularization(g1, g2, g1, g1).item(), losses.reconstruction(g1, g2).item()
    )


def test_the_gradient_of_smoothness_is_that_of_its_formula():
    generator = torch.Generator().manual_seed(0)
    curves = torch.rand(2, 4, 5, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(losses.illumination_smoothness, curves)
