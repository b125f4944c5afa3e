"""RUAS: three unrolled Retinex stages and a denoiser, both found by architecture search.

Source: R. Liu et al., "Retinex-Inspired Unrolling With Cooperative Prior Architecture Search for
Low-Light Image Enhancement", CVPR 2021; architecture and test rules of ``model.py``,
``genotypes.py`` and ``test.py`` in KarelZhang/RUAS at f621bb19. The lol weights end with the
denoiser, upe and dark with the third stage; the result is clipped and rounded down.
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


class Conv(nn.Module):
    """A convolution of as many channels in as out, with or without a residual connection."""

    def __init__(
        self, channels: int, kernel: int, dilation: int = 1, residual: bool = False
    ) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.op = nn.Conv2d(channels, channels, kernel, padding=padding, dilation=dilation)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        return self.op(x) + x if self.residual else self.op(x)


def operation(name: str, channels: int) -> nn.Module:
    """One of the operations that the architecture search chose from."""
    match name:
        case "skip":
            return nn.Identity()
        case "conv 3x3":
            return Conv(channels, 3)
        case "residual 1x1":
            return Conv(channels, 1, residual=True)
        case "residual dilated 3x3":
            return Conv(channels, 3, dilation=2, residual=True)
    raise ValueError(name)


ILLUMINATION_CELL = {
    "c1_d": "skip",
    "c1_r": "residual 1x1",
    "c2_d": "residual dilated 3x3",
    "c2_r": "conv 3x3",
    "c3_d": "conv 3x3",
    "c3_r": "skip",
    "c4": "conv 3x3",
}
NOISE_CELL = {
    "c1_d": "residual 1x1",
    "c1_r": "residual 1x1",
    "c2_d": "residual dilated 3x3",
    "c2_r": "skip",
    "c3_d": "residual 1x1",
    "c3_r": "residual 1x1",
    "c4": "skip",
}


class Cell(nn.Module):
    """Feature distillation: three steps that each keep a branch (d) and pass on another (r)."""

    def __init__(self, channels: int, genotype: Mapping[str, str]) -> None:
        super().__init__()
        for name, chosen in genotype.items():
            self.add_module(name, operation(chosen, channels))
        self.c5 = nn.Conv2d(4 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        kept = []
        for distill, refine in (("c1_d", "c1_r"), ("c2_d", "c2_r"), ("c3_d", "c3_r")):
            kept.append(_leaky(self.get_submodule(distill)(x)))
            x = _leaky(self.get_submodule(refine)(x) + x)
        kept.append(_leaky(self.get_submodule("c4")(x)))
        return self.c5(torch.cat(kept, dim=1))


def _leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.05)


class Stage(nn.Module):
    """One unrolled step: estimate the illumination, divide the input by it."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = Cell(3, ILLUMINATION_CELL)

    def forward(self, low: Tensor, previous: Tensor | None) -> Tensor:
        """Enhance ``low`` once more, given the result of the stage before; (B, 3, H, W)."""
        if previous is None:
            guess = _local_maximum(low)
        else:
            guess = _local_maximum(previous) - 0.5 * (previous - low)
        illumination = self.cell(guess).sigmoid().clamp(0.001, 1)
        return (low / illumination).clamp(0, 1)


def _local_maximum(x: Tensor) -> Tensor:
    """Maximum of each pixel and its neighbors below and to the right, zero outside the image."""
    return F.max_pool2d(F.pad(x, (0, 1, 0, 1)), kernel_size=2, stride=1)


class Enhancer(nn.Module):
    """Three stages with weights of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.iems = nn.ModuleList(Stage() for _ in range(3))

    def forward(self, low: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result is in [0, 1]."""
        image = None
        for stage in self.iems:
            image = stage(low, image)
        assert image is not None
        return image


class Denoiser(nn.Module):
    """Three cells that estimate the noise, which is taken off."""

    def __init__(self, channels: int = 6) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.nrms = nn.ModuleList(Cell(channels, NOISE_CELL) for _ in range(3))
        self.activate = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """Denoise (B, 3, H, W); the result can leave [0, 1]."""
        noise = self.stem(image)
        for cell in self.nrms:
            noise = cell(noise)
        return image - self.activate(noise)


class RUAS(nn.Module):
    """Enhancer and denoiser; 3,438 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.enhance_net = Enhancer()
        self.denoise_net = Denoiser()

    def forward(self, low: Tensor, denoise: bool) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; without the denoiser the result stays in [0, 1]."""
        image = self.enhance_net(low)
        return self.denoise_net(image) if denoise else image


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """RUAS with the given weights.

    Settings:
        denoise: Whether the denoiser has the last word; official for lol (true, the default)
            and not for upe and dark.
    """
    denoise = options(settings, denoise=True)["denoise"]
    network = load(RUAS(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return truncated(network(to_tensor(image, device), denoise))

    return method
