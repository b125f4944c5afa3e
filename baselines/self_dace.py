"""Self-DACE: seven curves, each of which brightens what is darker than a bound of its own.

Source: J. Wen et al., "Self-Reference Deep Adaptive Curve Estimation for Low-Light Image
Enhancement", arXiv 2308.08197, 2023; architecture and test rules of ``old_version/stage1`` in
John-Wendell/Self-DACE at ec0c033d (``light_net``, the first stage without the denoiser): rounded.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baselines.networks import load, rounded, to_tensor
from baselines.registry import Method, options

CURVES = 7


class SelfDACE(nn.Module):
    """Seven convolutions; each draws a strength and a bound. 67,655 parameters."""

    def __init__(self, features: int = 32) -> None:
        super().__init__()
        for k in range(1, CURVES + 1):
            inputs = 3 if k == 1 else features
            self.add_module(f"e_conv{k}", nn.Conv2d(inputs, features, 3, padding=1))
            self.add_module(f"e_conv{k}_a", nn.Conv2d(features, 3, 3, padding=1))
            if k > 1:  # the official code takes e_conv1_a for both of the first curve
                self.add_module(f"e_conv{k}_b", nn.Conv2d(features, 3, 3, padding=1))

    def forward(self, low: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result can leave [0, 1] a little."""
        image = x = low
        for k in range(1, CURVES + 1):
            x = self.get_submodule(f"e_conv{k}")(x).relu()
            strength = self.get_submodule(f"e_conv{k}_a")(x).tanh()
            bound = self.get_submodule(f"e_conv{k}_b" if k > 1 else "e_conv1_a")(x).sigmoid()
            image = brighten(image, strength, 0.5 * bound + 0.5, slope=10)
        return image


def brighten(image: Tensor, strength: Tensor, bound: Tensor, slope: float) -> Tensor:
    """Bend what is darker than a bound, all (B, 3, H, W); the bend fades out near the bound.

    Args:
        image: About in [0, 1].
        strength: In [-1, 1]; above 0 brightens.
        bound: In (0, 1].
        slope: How steeply the bend fades out.
    """
    fading = torch.sigmoid(slope * (bound - image - 0.1))
    return image + strength * fading * image * (bound - image) / bound


UNUSED = ("e_conv1_b.",)
"""In the official file, but not in its forward pass."""


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Self-DACE with the given weights. No settings."""
    options(settings)
    network = load(SelfDACE(), weights, device, UNUSED)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return rounded(network(to_tensor(image, device)))

    return method
