"""PairLIE: a Retinex decomposition learned from pairs of low-light images.

Source: Z. Fu et al., "Learning a Simple Low-Light Image Enhancer From Paired Low-Light Instances",
CVPR 2023; architecture and test rules of ``net/net.py`` and ``eval.py`` in zhenqifu/PairLIE at
3fd5c158: the result is L^0.2 * R (L^0.14 * R on LOL), rounded down.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from baselines.networks import load, to_tensor, truncated
from baselines.registry import Method, options


def convolutions(outputs: int, features: int = 64) -> nn.Sequential:
    """Five 3x3 convolutions with reflected borders, ReLU in between and a sigmoid at the end."""
    widths = [3, features, features, features, features, outputs]
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(before, after, 3), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


class PairLIE(nn.Module):
    """Removal of what Retinex cannot explain, illumination and reflectance; 341,767 parameters.

    The names repeat (``L_net.L_net``) because the official state dict has them so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.N_net = nn.ModuleDict({"N_net": convolutions(3)})
        self.L_net = nn.ModuleDict({"L_net": convolutions(1)})
        self.R_net = nn.ModuleDict({"R_net": convolutions(3)})

    def forward(self, low: Tensor, exponent: float) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result is in [0, 1]."""
        clean = self.N_net["N_net"](low)
        illumination = self.L_net["L_net"](clean)
        reflectance = self.R_net["R_net"](clean)
        return illumination**exponent * reflectance


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """PairLIE with the given weights.

    Settings:
        exponent: Of the illumination, 0.2 if not given; 0.14 is official for LOL. Lower is
            brighter.
    """
    exponent = options(settings, exponent=0.2)["exponent"]
    network = load(PairLIE(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return truncated(network(to_tensor(image, device), exponent))

    return method
