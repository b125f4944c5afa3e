"""Convolutions fused with the concatenation or the upsampling before them.

Both functions compute what the layers compute one by one, but faster; only rounding differs.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHANNELS_LAST = torch.channels_last

ALIGNED = {"cuda": 8}
"""By device type, the multiple that a number of channels is padded to.

With 49 channels, cuDNN cannot use its faster kernels. What the padding gains has not been measured
on a GPU yet; ``benchmarks/gpu_session.py`` times a step without it, too.
"""


def conv_joined(conv: nn.Conv2d, first: Tensor, second: Tensor) -> Tensor:
    """Compute ``conv(torch.cat([first, second], dim=1))``, equal but for rounding.

    A convolution sums over its channels: each map is convolved with its own part of the weights,
    and the two results are added. This saves a copy of large maps, and a slow number of channels
    such as ENRB's 96 + 3. On a CPU, a 600x400 image takes 12 % less time.

    Args:
        conv: 3x3, padding 1, with as many input channels as both maps have.
        first: (B, C1, H, W).
        second: (B, C2, H, W).

    Returns:
        (B, C, H, W), C the output channels of ``conv``.
    """
    parts = conv.weight.split([first.shape[1], second.shape[1]], dim=1)
    own, other = (part.contiguous(memory_format=CHANNELS_LAST) for part in parts)
    return F.conv2d(first, own, conv.bias, padding=1).add_(F.conv2d(second, other, padding=1))


def conv_upsampled_joined(
    conv: nn.Conv2d, upsample: nn.ConvTranspose2d, below: Tensor, skip: Tensor
) -> Tensor:
    """Compute ``conv(torch.cat([upsample(below), skip], dim=1))``, equal but for rounding.

    No nonlinearity stands between the two, so a transposed 2x2 convolution and the 3x3 after it
    are one transposed 4x4 convolution: 4 multiplications for a pixel and a pair of channels instead
    of 10, and no map in between. On a CPU, ENRB takes a fifth less time.

    Args:
        conv: 3x3, padding 1, with C1 + C2 input channels.
        upsample: 2x2, stride 2, with C1 output channels and a bias.
        below: (B, C0, H/2, W/2), C0 the input channels of ``upsample``.
        skip: (B, C2, H, W).

    Returns:
        (B, C, H, W), C the output channels of ``conv``.
    """
    own, other = conv.weight.split([upsample.out_channels, skip.shape[1]], dim=1)
    kernel = F.conv_transpose2d(upsample.weight, own.flip(2, 3).transpose(0, 1))
    # Outside of the image, the 3x3 kernel sees zeros and not the bias of ``upsample``. So the bias
    # comes in as a channel of ones beside the skip, which is padded with the same zeros.
    assert upsample.bias is not None
    seen_bias = torch.einsum("ockl,c->okl", own, upsample.bias)[:, None]
    other = torch.cat([other, seen_bias], dim=1)
    with_ones = F.pad(skip, (0, 0, 0, 0, 0, 1), value=1.0)
    if spare := -with_ones.shape[1] % ALIGNED.get(skip.device.type, 1):
        other, with_ones = (F.pad(part, (0, 0, 0, 0, 0, spare)) for part in (other, with_ones))
    other = other.contiguous(memory_format=CHANNELS_LAST)
    kernel = kernel.contiguous(memory_format=CHANNELS_LAST)
    upsampled = F.conv_transpose2d(below, kernel, stride=2, padding=1)
    return upsampled.add_(F.conv2d(with_ones, other, conv.bias, padding=1))
