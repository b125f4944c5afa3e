"""PSENet: a gamma of its own for every value, learned from the best of randomly exposed copies.

Source: H. Nguyen et al., "PSENet: Progressive Self-Enhancement Network for Unsupervised
Extreme-Light Image Enhancement", WACV 2023; architecture and test rules of ``model.py``
(``UnetTMO``) and ``demo.py`` in VinAIResearch/PSENet-Image-Enhancement at d8632170: rounded.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.networks import load, rounded, to_tensor
from baselines.registry import Method, options


class ChannelScaling(nn.Module):
    """Scale every channel by what two 1x1 convolutions make of all channels' means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        return x * self.fc(x.mean(dim=(2, 3), keepdim=True))


class Bottleneck(nn.Module):
    """1x1, depthwise 3x3 and 1x1 convolution; residual where the shape stays the same.

    Args:
        inputs: Channels in.
        inner: Channels in between.
        outputs: Channels out.
        stride: Of the 3x3 convolution.
        scaled: Whether the channels are scaled after it.
    """

    def __init__(
        self, inputs: int, inner: int, outputs: int, stride: int = 1, scaled: bool = False
    ) -> None:
        super().__init__()
        self.residual = stride == 1 and inputs == outputs
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, inner, 1),
            nn.LeakyReLU(),
            nn.Conv2d(
                inner, inner, 3, stride=stride, padding=1, groups=inner, padding_mode="reflect"
            ),
            ChannelScaling(inner) if scaled else nn.Identity(),
            nn.LeakyReLU(),
            nn.Conv2d(inner, outputs, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return x + self.conv(x) if self.residual else self.conv(x)


class PSENet(nn.Module):
    """A small U-Net that estimates the gamma of 1 - image; 15,251 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.first_conv = Bottleneck(3, 6, 3, scaled=True)
        self.conv1 = Bottleneck(3, 24, 16, stride=2)
        self.conv2 = Bottleneck(16, 24, 16)
        self.conv3 = Bottleneck(16, 48, 32, stride=2)
        self.conv5 = Bottleneck(32, 48, 32)
        self.conv6 = Bottleneck(32, 48, 16)
        self.conv7 = Bottleneck(32, 48, 16)
        self.conv8 = Bottleneck(16, 24, 3)
        self.last_conv = Bottleneck(6, 9, 3, scaled=True)

    def forward(self, image: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result is in [0, 1]."""
        return 1 - (1 - image) ** self.gamma(image)

    def gamma(self, image: Tensor) -> Tensor:
        """Estimate the gamma, 0 or more, of (B, 3, H, W); above 1 brightens."""
        full = self.first_conv(image)
        half = self.conv2(self.conv1(full))
        quarter = self.conv6(self.conv5(self.conv3(half)))
        x = self.conv8(self.conv7(torch.cat([half, _resized(quarter, half)], dim=1)))
        x = self.last_conv(torch.cat([full, _resized(x, full)], dim=1))
        return (x + 1).abs()


def _resized(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=True)


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """PSENet with the given weights. No settings."""
    options(settings)
    network = load(PSENet(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return rounded(network(to_tensor(image, device)))

    return method
