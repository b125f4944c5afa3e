"""IAT: a local branch scales and shifts every pixel, a global one turns the colors and bends them.

Source: Z. Cui et al., "You Only Need 90K Parameters to Adapt Light: A Light Weight Transformer for
Image Enhancement and Exposure Correction", BMVC 2022; architecture and test rules of ``model/`` and
``evaluation_lol_v1.py`` in cuiziteng/Illumination-Adaptive-Transformer, ``IAT_enhance``, at
c7647226: rounded. Its weights were trained on LOL's pairs.
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


class ColorNorm(nn.Module):
    """A matrix across the channels, then a factor and an offset for each, in place of a norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, channels))
        self.color = nn.Parameter(torch.eye(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        mixed = F.conv2d(x, self.color[:, :, None, None])
        return mixed * self.alpha.view(1, -1, 1, 1) + self.beta.view(1, -1, 1, 1)


class PixelMlp(nn.Module):
    """Two 1x1 convolutions, four times as many channels in between."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, 4 * channels, 1)
        self.fc2 = nn.Conv2d(4 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        return self.fc2(F.gelu(self.fc1(x)))


class LocalBlock(nn.Module):
    """A transformer block with a depthwise 5x5 convolution in place of attention."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pos_embed = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1 = ColorNorm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 1)
        self.attn = nn.Conv2d(channels, channels, 5, padding=2, groups=channels)
        self.conv2 = nn.Conv2d(channels, channels, 1)
        self.norm2 = ColorNorm(channels)
        self.mlp = PixelMlp(channels)
        self.gamma_1 = nn.Parameter(torch.full((1, channels, 1, 1), 1e-4))
        self.gamma_2 = nn.Parameter(torch.full((1, channels, 1, 1), 1e-4))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        x = x + self.pos_embed(x)
        x = x + self.gamma_1 * self.conv2(self.attn(self.conv1(self.norm1(x))))
        return x + self.gamma_2 * self.mlp(self.norm2(x))


class LocalBranch(nn.Module):
    """Estimate a factor and an offset for every value of the image."""

    def __init__(self, channels: int = 16, depth: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, 3, padding=1)
        self.mul_blocks = nn.Sequential(*(LocalBlock(channels) for _ in range(depth)))
        self.add_blocks = nn.Sequential(*(LocalBlock(channels) for _ in range(depth)))
        self.mul_end = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1), nn.ReLU())
        self.add_end = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1), nn.Tanh())

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, H, W) to a factor, 0 or more, and an offset in [-1, 1], (B, 3, H, W) each."""
        x = F.leaky_relu(self.conv1(image), 0.2)
        factor = self.mul_end(self.mul_blocks(x) + x)
        offset = self.add_end(self.add_blocks(x) + x)
        return factor, offset


class QueryAttention(nn.Module):
    """Attention of ten learned queries to all tokens of an image."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Parameter(torch.ones(1, 10, channels))
        self.k = nn.Linear(channels, channels, bias=False)
        self.v = nn.Linear(channels, channels, bias=False)
        self.proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (B, N, channels) to (B, 10, channels)."""
        queries = self.q.expand(len(tokens), -1, -1)
        parts = (queries, self.k(tokens), self.v(tokens))
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts)
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.proj(attended.transpose(1, 2).flatten(2))


class TokenMlp(nn.Module):
    """Two linear layers, four times as many features in between."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, N, channels) to the same shape."""
        return self.fc2(F.gelu(self.fc1(x)))


class QueryBlock(nn.Module):
    """A transformer block from an image to ten tokens."""

    def __init__(self, channels: int, heads: int = 4) -> None:
        super().__init__()
        self.pos_embed = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm1 = nn.LayerNorm(channels)
        self.attn = QueryAttention(channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = TokenMlp(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, 10, channels)."""
        tokens = (x + self.pos_embed(x)).flatten(2).transpose(1, 2)
        found = self.attn(self.norm1(tokens))
        return found + self.mlp(self.norm2(found))


class Embedding(nn.Module):
    """Two convolutions of stride 2 with batch normalization."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.proj = nn.Sequential(
            nn.Conv2d(3, half, 3, stride=2, padding=1),
            nn.BatchNorm2d(half),
            nn.GELU(),
            nn.Conv2d(half, channels, 3, stride=2, padding=1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, channels, H / 4, W / 4)."""
        return self.proj(image)


class GlobalBranch(nn.Module):
    """Estimate one gamma and one color matrix for the whole image."""

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.gamma_base = nn.Parameter(torch.ones(1))
        self.color_base = nn.Parameter(torch.eye(3))
        self.conv_large = Embedding(channels)
        self.generator = QueryBlock(channels)
        self.gamma_linear = nn.Linear(channels, 1)
        self.color_linear = nn.Linear(channels, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, H, W) to the gamma, (B, 1), and the color matrix, (B, 3, 3)."""
        tokens = self.generator(self.conv_large(image))
        gamma = self.gamma_linear(tokens[:, 0]) + self.gamma_base
        color = self.color_linear(tokens[:, 1:]).view(-1, 3, 3) + self.color_base
        return gamma, color


class IAT(nn.Module):
    """Both branches; 91,154 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.local_net = LocalBranch()
        self.global_net = GlobalBranch()

    def forward(self, low: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result is in [0, 1] for a gamma of 0 or more."""
        factor, offset = self.local_net(low)
        gamma, color = self.global_net(low)
        turned = torch.einsum("bij,bjhw->bihw", color, low * factor + offset)
        return turned.clamp(1e-8, 1) ** gamma[:, :, None, None]


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """IAT with the given weights. No settings."""
    options(settings)
    network = load(IAT(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return rounded(network(to_tensor(image, device)))

    return method
