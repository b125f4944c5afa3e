"""Zero-IG: illumination-guided enhancement with a denoiser before and one after.

Source: Y. Shi et al., "ZERO-IG: Zero-Shot Illumination-Guided Joint Denoising and Adaptive
Enhancement for Low-Light Images", CVPR 2024; architecture and test rules of ``model.py``
(``Finetunemodel``) and ``test.py`` in Doyle59217/ZeroIG at 5af4b8ac. Of its two outputs this is
the second, enhanced and denoised, rounded down.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.networks import load, to_tensor, truncated
from baselines.registry import Method, options
from baselines.sci import IlluminationEstimator

EPSILON = 1e-4
"""Added to the input, and the lower bound of every image in between."""


class NoiseEstimator(nn.Module):
    """Two 3x3 convolutions and a 1x1, as many channels out as in."""

    def __init__(self, channels: int, features: int = 48) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)
        self.conv3 = nn.Conv2d(features, channels, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Estimate the noise of (B, channels, H, W); of any sign."""
        features = F.leaky_relu_(self.conv1(image), 0.2)
        features = F.leaky_relu_(self.conv2(features), 0.2)
        return self.conv3(features)


class ZeroIG(nn.Module):
    """Denoise, estimate the illumination, divide by it, denoise both; 86,572 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.denoise_1 = NoiseEstimator(3)
        self.enhance = IlluminationEstimator(channels=64, passes=3)
        self.denoise_2 = NoiseEstimator(6)

    def forward(self, low: Tensor) -> Tensor:
        """Enhance and denoise (B, 3, H, W) in [0, 1]; the result is in [1e-4, 1]."""
        low = low + EPSILON
        clean = (low - self.denoise_1(low)).clamp(EPSILON, 1)
        illumination = self.enhance(clean).clamp(EPSILON, 1)
        enhanced = (low / illumination).clamp(EPSILON, 1)
        both = torch.cat([enhanced, illumination], dim=1)
        return (both - self.denoise_2(both))[:, :3].clamp(EPSILON, 1)


UNUSED = ("enhance.blocks.",)
"""The second, third and fourth name under which the official file holds ``enhance.conv``."""


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Zero-IG with the given weights. No settings."""
    options(settings)
    network = load(ZeroIG(), weights, device, UNUSED)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return truncated(network(to_tensor(image, device)))

    return method
