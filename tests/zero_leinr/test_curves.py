"""Curves keep an image in its range."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tensors import rand

from zero_leinr.curves import apply_curves

seeds = st.integers(0, 10**6)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_curves_keep_images_in_range_and_zero_curves_change_nothing(seed):
    image, curves = rand(1, 3, 8, 8, seed=seed), rand(1, 24, 8, 8, seed=seed + 1) * 2 - 1
    enhanced = apply_curves(image, curves)
    assert enhanced.min() >= 0
    assert enhanced.max() <= 1
    assert torch.equal(apply_curves(image, torch.zeros_like(curves)), image)
    assert (apply_curves(image, -curves.abs()) >= image - 1e-6).all()
