"""Self-DACE++, small: one convolution draws nine brightening curves, another three darkening ones.

Source: J. Wen et al., "Self-DACE++: Robust Low-Light Enhancement via Efficient Adaptive Curve
Estimation", arXiv 2604.25367, 2026; architecture and test rules of
``new_version/stage_1_small_lit`` in John-Wendell/Self-DACE at ec0c033d (``light_net`` with 12
layers, the first stage without the denoiser, weights ``net_decay``): rounded.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baselines.networks import load, rounded, to_tensor
from baselines.registry import Method, options
from baselines.self_dace import brighten

BRIGHTENING, DARKENING = 9, 3
"""How often each of the two convolutions is applied."""


class SelfDACEpp(nn.Module):
    """Each convolution draws a curve's strength and bound from the image before; 336 weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_curve = nn.Conv2d(3, 6, 3, padding=1)
        self.conv_curve_1 = nn.Conv2d(3, 6, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result can leave [0, 1] a little."""
        for _ in range(BRIGHTENING):
            strength, bound = self.conv_curve(image).sigmoid().split(3, dim=1)
            image = brighten(image, strength, 0.7 * bound + 0.3, slope=15)
        for _ in range(DARKENING):
            strength, bound = self.conv_curve_1(image).sigmoid().split(3, dim=1)
            # The negative, brightened, is the image darkened where it is bright.
            image = 1 - brighten(1 - image, strength, 0.2 * bound + 0.1, slope=15)
        return image


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Self-DACE++ with the given weights. No settings."""
    options(settings)
    network = load(SelfDACEpp(), weights, device, part="net_decay")

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return rounded(network(to_tensor(image, device)))

    return method
