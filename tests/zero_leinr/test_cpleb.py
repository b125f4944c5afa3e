"""Fusion: brightness from one branch, color from the other."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tensors import rand

from zero_leinr.cpleb import fuse

seeds = st.integers(0, 10**6)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_fusion_has_the_light_magnitude_and_the_color_direction(seed):
    light, color = rand(1, 3, 8, 8, seed=seed), rand(1, 3, 8, 8, seed=seed + 1) + 0.01
    fused = fuse(light, color)
    assert torch.allclose(fused.norm(dim=1), light.norm(dim=1), atol=1e-5)
    cosine = torch.cosine_similarity(fused, color, dim=1)
    assert torch.allclose(cosine, torch.ones_like(cosine), atol=1e-5)
    assert torch.equal(fuse(light, torch.zeros_like(color)), torch.zeros_like(light))
