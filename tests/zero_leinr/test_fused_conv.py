"""Fused convolutions equal the layers that they replace."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zero_leinr import fused_conv
from zero_leinr.fused_conv import conv_joined, conv_upsampled_joined

seeds = st.integers(0, 10**6)


@given(
    channels=st.tuples(st.integers(1, 9), st.integers(1, 5)),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=seeds,
)
@settings(max_examples=20, deadline=None)
def test_a_convolution_of_joined_maps_is_that_of_their_concatenation(channels, size, seed):
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(2, c, *size, generator=generator) for c in channels)
    conv = torch.nn.Conv2d(sum(channels), 4, 3, padding=1)
    expected = conv(torch.cat([first, second], dim=1))
    made = conv_joined(conv, first, second)
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
    gradients = [torch.autograd.grad(y.square().sum(), conv.weight)[0] for y in (made, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-3)


@given(
    channels=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    seed=seeds,
)
@settings(max_examples=20, deadline=None)
def test_upsampling_is_merged_into_the_convolution_after_it(channels, size, seed):
    generator = torch.Generator().manual_seed(seed)
    inner, own, other = channels
    below = torch.randn(2, inner, *size, generator=generator)
    skip = torch.randn(2, other, *(2 * side for side in size), generator=generator)
    upsample = torch.nn.ConvTranspose2d(inner, own, 2, stride=2)
    conv = torch.nn.Conv2d(own + other, 4, 3, padding=1)
    expected = conv(torch.cat([upsample(below), skip], dim=1))
    made = conv_upsampled_joined(conv, upsample, below, skip)
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
    weights = [*conv.parameters(), *upsample.parameters()]
    gradients = [torch.autograd.grad(y.square().sum(), weights) for y in (made, expected)]
    for of_made, of_expected in zip(*gradients, strict=True):
        torch.testing.assert_close(of_made, of_expected, rtol=1e-3, atol=1e-3)


def test_a_gpu_convolves_multiples_of_eight_channels_with_the_same_result(monkeypatch):
    """49 channels, ENRB's 48 and one of ones, are none; what is added are zeros."""
    seen, conv2d = [], torch.nn.functional.conv2d

    def watched(maps, *rest, **options):
        seen.append(maps.shape[1])
        return conv2d(maps, *rest, **options)

    upsample, conv = torch.nn.ConvTranspose2d(4, 4, 2, stride=2), torch.nn.Conv2d(4 + 48, 4, 3)
    below, skip = torch.rand(1, 4, 5, 5), torch.rand(1, 48, 10, 10)
    expected = conv_upsampled_joined(conv, upsample, below, skip)
    monkeypatch.setattr(torch.nn.functional, "conv2d", watched)
    monkeypatch.setattr(
        fused_conv, "ALIGNED", fused_conv.ALIGNED | {"cpu": fused_conv.ALIGNED["cuda"]}
    )
    made = conv_upsampled_joined(conv, upsample, below, skip)
    assert seen == [56]
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
