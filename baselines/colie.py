"""CoLIE: a small sinusoidal network fitted to each image alone; no training, no weights.

Source: T. Chobola et al., "Fast Context-Based Low-Light Image Enhancement via Neural Implicit
Representations", ECCV 2024; rules of ``colie.py`` in ctom2/colie at a80f73c2 with the loss weights
of its README. The network maps a pixel's value and place to its illumination at 256x256; a guided
filter carries the quotient to full size. Of the image's color, hue and saturation are kept. The
official code draws a new network at every run; here one seed serves every image.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.networks import truncated
from baselines.registry import Method, options
from zero_leinr.errors import InputError

SIZE = 256
"""Side of the square that the network is fitted on."""


class Sine(nn.Module):
    """A linear layer followed by sin(30 x), initialized as in SIREN (Sitzmann et al., 2020)."""

    def __init__(self, inputs: int, outputs: int, bound: float) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., inputs) to (..., outputs) in [-1, 1]."""
        # The factor goes to the weights: they are few, the pixels many.
        return torch.sin(F.linear(x, 30 * self.linear.weight, 30 * self.linear.bias))


class IlluminationField(nn.Module):
    """From the value and the place of a pixel to what its illumination exceeds its value by.

    The order in which the layers are made is the official one, so that one seed gives one network.
    """

    def __init__(self, features: int = 256) -> None:
        super().__init__()
        inner = (6 / features) ** 0.5 / 30

        value, place = Sine(1, features, 1), Sine(2, features, 1 / 2)
        self.value = nn.Sequential(value, Sine(features, features // 2, inner))
        self.place = nn.Sequential(place, Sine(features, features // 2, inner))
        self.output = nn.Sequential(
            Sine(features, features, inner), nn.Linear(features, 1), nn.Sigmoid()
        )

    def forward(self, levels: Tensor, which: Tensor, place: Tensor) -> Tensor:
        """Map the pixels of an image to (N, 1) in (0, 1).

        Args:
            levels: (L, 1), the values in [0, 1] that occur in the image. There are at most 256, and
                pixels of one value share its features.
            which: (N,), which of the levels a pixel has.
            place: (N, 2), coordinates of a pixel in [0, 1].
        """
        return self.output(torch.cat([self.value(levels)[which], self.place(place)], dim=-1))


def losses(residual: Tensor, value: Tensor, threshold: float) -> tuple[Tensor, ...]:
    """Return the four losses of the illumination, residual + value, both (1, 1, H, W).

    Returns:
        Fidelity, smoothness, exposure and sparsity, scalars.
    """
    illumination = residual + value
    vertical, horizontal = illumination.diff(dim=2), illumination.diff(dim=3)
    smoothness = 2 * (vertical.square().mean() + horizontal.square().mean())
    exposure = (F.avg_pool2d(illumination, 16).sqrt() - threshold).square().mean()
    sparsity = (value / (illumination + 1e-4)).mean()
    return residual.square().mean(), smoothness, exposure, sparsity


def fit(value: Tensor, chosen: Mapping[str, Any]) -> Tensor:
    """Fit the network to a (1, 1, SIZE, SIZE) value channel; return that channel enhanced.

    Args:
        value: V of HSV in [0, 1].
        chosen: The settings of ``build``.
    """
    with torch.random.fork_rng():
        torch.manual_seed(chosen["seed"])
        field = IlluminationField().to(value.device)
    line = torch.linspace(0, 1, SIZE, dtype=torch.float64).to(value)
    place = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1).view(-1, 2)
    levels, which = value.flatten().unique(return_inverse=True)
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-5, weight_decay=3e-4)
    weights = [chosen[name] for name in ("alpha", "beta", "gamma", "delta")]
    for _ in range(chosen["iterations"]):
        residual = field(levels[:, None], which, place).view_as(value)
        terms = losses(residual, value, chosen["threshold"])
        optimizer.zero_grad()
        sum(w * term for w, term in zip(weights, terms, strict=True)).backward()
        optimizer.step()
    # The official code takes the image of the last forward pass, before the last step.
    return value / (residual.detach() + value + 1e-4)


def guided_upsampling(small_guide: Tensor, small: Tensor, guide: Tensor) -> Tensor:
    """Fast guided filter, radius 1: carry ``small`` to the size of ``guide``.

    Box sums come from cumulative sums in float32, as in the official code: with an epsilon of 1e-8
    their rounding shows in flat regions, and a mean filter would give slightly other images.

    Source: K. He and J. Sun, "Fast Guided Filter", 2015.
    """
    ones = box_sum(torch.ones_like(small_guide))

    def mean(x: Tensor) -> Tensor:
        return box_sum(x) / ones

    covariance = mean(small_guide * small) - mean(small_guide) * mean(small)
    variance = mean(small_guide * small_guide) - mean(small_guide) * mean(small_guide)
    slope = covariance / (variance + 1e-8)
    offset = mean(small) - slope * mean(small_guide)
    size = guide.shape[-2:]
    slope = F.interpolate(slope, size, mode="bilinear", align_corners=True)
    offset = F.interpolate(offset, size, mode="bilinear", align_corners=True)
    return (slope * guide + offset).clamp(0, 1)


def box_sum(x: Tensor) -> Tensor:
    """Sum over the 3x3 neighborhood, cut off at the borders; (1, 1, H, W)."""
    for axis in (2, 3):
        sums = x.cumsum(axis).movedim(axis, -1)
        sums = F.pad(F.pad(sums, (0, 1, 0, 0), mode="replicate"), (2, 0))
        x = (sums[..., 3:] - sums[..., :-3]).movedim(-1, axis)
    return x


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """CoLIE, fitted again to every image.

    Settings:
        iterations: Optimization steps, 100 if not given.
        seed: Of the initial network, 0 if not given.
        threshold: Exposure level L, 0.5 if not given; lower is brighter.
        alpha, beta, gamma, delta: Weights of fidelity (1), smoothness (20), exposure (8) and
            sparsity (5).
    """
    chosen = options(
        settings, iterations=100, seed=0, threshold=0.5, alpha=1, beta=20, gamma=8, delta=5
    )

    if not isinstance(chosen["iterations"], int) or chosen["iterations"] < 1:
        raise InputError(f"setting 'iterations' must be at least 1, not {chosen['iterations']}")

    def method(image: np.ndarray) -> np.ndarray:
        if not image.any():  # black stays black; there is no maximum to divide by
            return image.copy()
        rgb = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(image.max())).to(device)
        value = rgb.amax(dim=1, keepdim=True)
        small = F.interpolate(value, (SIZE, SIZE))
        with torch.enable_grad():
            enhanced = fit(small, chosen)
        bright = guided_upsampling(small, enhanced, value)
        # A new V at the same hue and saturation is one factor for R, G and B.
        rgb = torch.where(value > 0, rgb * (bright / value), bright)
        return truncated(rgb / rgb.max())

    return method
