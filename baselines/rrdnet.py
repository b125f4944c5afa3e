"""RRDNet: three small networks fitted to each image alone split it; no training, no weights.

Source: A. Zhu et al., "Zero-Shot Restoration of Underexposed Images via Robust Retinex
Decomposition", ICME 2020; rules of ``pipline.py``, ``conf.py`` and ``loss_functions.py`` in
aaaaangel/RRDNet at d1dce2a2. The image is illumination x reflectance + noise; the result is the
image without the noise at illumination^0.4, rounded down. The official code draws new networks at
every run; here one seed serves every image.
"""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.networks import to_tensor, truncated
from baselines.registry import Method, options
from zero_leinr.errors import InputError

EPSILON = 1e-4
NOISE_WEIGHT = 5000
"""Of the noise in the sum of losses; all others count once."""
GRAY = (0.299, 0.587, 0.114)


def convolutions(outputs: int) -> nn.Sequential:
    """Make five 3x3 convolutions with ReLU in between."""
    layers: list[nn.Module] = []
    for before, after in pairwise((3, 16, 32, 64, 32, outputs)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class RRDNet(nn.Module):
    """Illumination, reflectance and noise of an image; 128,167 parameters, all fitted to it.

    The order in which the layers are made is the official one, so that one seed gives one network.
    """

    def __init__(self) -> None:
        super().__init__()
        self.illumination = convolutions(1)
        self.reflectance = convolutions(3)
        self.noise = convolutions(3)

    def forward(self, low: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Split (B, 3, H, W) into (B, 1, H, W) and (B, 3, H, W) in (0, 1), and noise in (-1, 1)."""
        return (
            self.illumination(low).sigmoid(),
            self.reflectance(low).sigmoid(),
            self.noise(low).tanh(),
        )


class Losses:
    """All losses of one image, (1, 3, H, W); what depends on the image alone is kept."""

    def __init__(self, low: Tensor) -> None:
        gray = (low * low.new_tensor(GRAY).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
        gradients = texture(gray)
        self.low = low
        self.brightest = low.amax(dim=1, keepdim=True)
        self.edges = gradients[0] * gradients[1]
        self.smooth = [1 / (blurred(gradient) + EPSILON) for gradient in gradients]

    def __call__(self, illumination: Tensor, reflectance: Tensor, noise: Tensor) -> Tensor:
        """Return the weighted sum, a scalar; gradients pass through the weights, too."""
        reconstruction = (self.low - (illumination * reflectance + noise)).abs().sum()
        near = (illumination - self.brightest).abs().sum()
        near = near + (self.low / illumination - reflectance).abs().sum()
        bends = zip(self.smooth, texture(illumination), strict=True)
        smooth = torch.stack([(weight * bend).sum() for weight, bend in bends]).sum()
        weight = stretched(1 / (illumination * self.edges + EPSILON))
        even = torch.stack([(weight * bend).sum() for bend in texture(reflectance)]).sum()
        return reconstruction + near + smooth + even + NOISE_WEIGHT * (illumination * noise).norm()


def texture(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return differences over two pixels times those over four, vertical and horizontal.

    Args:
        image: (1, C, H, W), H and W at least 5.

    Returns:
        Two tensors of the image's shape, 0 or more; the borders repeat.
    """

    def differences(axis: int, reach: int) -> Tensor:
        size = image.shape[axis] - 2 * reach
        change = image.narrow(axis, 2 * reach, size) - image.narrow(axis, 0, size)
        border = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        return F.pad(change.abs(), border, mode="replicate")

    vertical, horizontal = (differences(axis, 1) * differences(axis, 2) for axis in (2, 3))
    return vertical, horizontal


def blurred(image: Tensor) -> Tensor:
    """Blur (1, 1, H, W) by a 5x5 Gaussian of sigma 3, zero outside the image."""
    place = torch.arange(-2, 3, dtype=torch.float64)
    row = torch.exp(-(place**2) / (2 * 3**2))
    row = row / row.sum()
    kernel = torch.outer(row, row).to(image)
    return F.conv2d(image, kernel[None, None], padding=2)


def stretched(image: Tensor) -> Tensor:
    """Stretch an image to [0, 1]; an even one becomes 0."""
    low, high = image.min(), image.max()
    return (image - low) / (high - low).clamp(min=torch.finfo(image.dtype).tiny)


def fit(low: Tensor, iterations: int, seed: int) -> tuple[Tensor, Tensor]:
    """Fit the networks to (1, 3, H, W) in [0, 1].

    Returns:
        Illumination, (1, 1, H, W), and noise, (1, 3, H, W), of the last forward pass.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = RRDNet().to(low.device)
    losses = Losses(low)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(iterations):
        parts = network(low)
        optimizer.zero_grad()
        losses(*parts).backward()
        optimizer.step()
    illumination, _, noise = network(low)
    return illumination.detach(), noise.detach()


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """RRDNet, fitted to every image alone.

    Settings:
        iterations: Optimization steps, 1000 if not given.
        gamma: Power of the illumination, 0.4 if not given; lower is brighter.
        seed: Of the networks' first weights, 0 if not given.
    """
    chosen = options(settings, iterations=1000, gamma=0.4, seed=0)
    if not isinstance(chosen["iterations"], int) or chosen["iterations"] < 0:
        raise InputError(f"setting 'iterations' must be 0 or more, not {chosen['iterations']}")

    def method(image: np.ndarray) -> np.ndarray:
        if min(image.shape[:2]) < 5:
            raise InputError(f"an image of {image.shape[1]}x{image.shape[0]} px: 5x5 at least")
        low = to_tensor(image, device)
        with torch.enable_grad():
            illumination, noise = fit(low, chosen["iterations"], chosen["seed"])
        return truncated(illumination ** chosen["gamma"] * ((low - noise) / illumination))

    return method
