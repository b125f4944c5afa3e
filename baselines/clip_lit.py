"""CLIP-LIT: the image divided by its illumination, learned from prompts for a language model.

Source: Z. Liang et al., "Iterative Prompt Learning for Unsupervised Backlit Image Enhancement",
ICCV 2023; architecture and test rules of ``model_small.py`` (``UNet_emb_oneBranch_symmetry``) and
``test.py`` in ZhexinLiang/CLIP-LIT at 25ed5be6: clipped and rounded. CLIP serves training alone.
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


def conv(inputs: int, outputs: int, bias: bool) -> nn.Conv2d:
    """Make a 3x3 convolution with reflected borders."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias, padding_mode="reflect")


class ResidualBlock(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv(channels, channels, bias=False)
        self.conv2 = conv(channels, channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        return _leaky(self.conv2(_leaky(self.conv1(x))) + x)


class PyramidPooling(nn.Module):
    """Averages over 1, 4, 9 and 36 parts of the image, beside the features themselves."""

    def __init__(self, channels: int = 32, reduced: int = 8) -> None:
        super().__init__()
        self.features = nn.ModuleList(
            nn.Sequential(
                nn.AdaptiveAvgPool2d(bins), nn.Conv2d(channels, reduced, 1, bias=False), nn.PReLU()
            )
            for bins in (1, 2, 3, 6)
        )
        self.fuse = nn.Sequential(
            nn.Conv2d(channels + 4 * reduced, channels, 3, padding=1, bias=False), nn.PReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        size = x.shape[-2:]
        pooled = [
            F.interpolate(level(x), size, mode="bilinear", align_corners=True)
            for level in self.features
        ]
        return self.fuse(torch.cat([x, *pooled], dim=1))


class CLIPLIT(nn.Module):
    """Six residual blocks with pyramid pooling among them; 278,790 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.cond1 = conv(3, 32, bias=True)
        self.ResidualBlock1 = ResidualBlock(32)
        self.ResidualBlock2 = ResidualBlock(32)
        self.PPM1 = PyramidPooling()
        self.condx = conv(32, 64, bias=True)
        self.ResidualBlock3 = ResidualBlock(64)
        self.ResidualBlock4 = ResidualBlock(64)
        self.condy = conv(64, 32, bias=True)
        self.ResidualBlock5 = ResidualBlock(32)
        self.ResidualBlock6 = ResidualBlock(32)
        self.cond_add1 = conv(32, 1, bias=True)

    def forward(self, low: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result is in [0, 1]."""
        # Where the illumination is zero, light becomes white and black stays black.
        return (low / self.illumination(low)).nan_to_num(0).clamp(0, 1)

    def illumination(self, low: Tensor) -> Tensor:
        """Estimate the illumination, (B, 1, H, W) and 0 or more, of (B, 3, H, W)."""
        x = _leaky(self.cond1(low))
        x = self.PPM1(self.ResidualBlock2(self.ResidualBlock1(x)))
        x = self.ResidualBlock4(self.ResidualBlock3(self.condx(x)))
        x = self.ResidualBlock6(self.ResidualBlock5(self.condy(x)))
        return self.cond_add1(x).relu()


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """CLIP-LIT with the given weights. No settings."""
    options(settings)
    network = load(CLIPLIT(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return rounded(network(to_tensor(image, device)))

    return method
