"""SCI: the image divided by its illumination, which three small convolutions estimate.

Source: L. Ma et al., "Toward Fast, Flexible, and Robust Low-Light Image Enhancement", CVPR 2022;
architecture and test rules of ``model.py`` (``Finetunemodel``) and ``test.py`` in
vis-opt-group/SCI at 9d28a3f1: one pass of the illumination estimator, batch normalization with its
stored statistics, rounded down. The calibration network serves training alone.

Training by ``train.py``, ``model.py`` (``Network``) and ``loss.py`` of the same commit: three
stages with shared weights, Adam (3e-4, weight decay 3e-4), gradient norm clipped at 5, batch 1,
1000 epochs, losses 1.5 fidelity + smoothness summed over the stages; batch normalization with the
statistics of the batch, whose running means over all three stages are what inference uses.
What differs here: images of the study at its size and crop (official: every image whole, at its own
size; the crop of 600x400 in ``multi_read_data.py`` is commented out), and the calibration after the
last stage, which no loss sees, is left out.
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.networks import load, to_tensor, truncated
from baselines.recipe import BaselineRecipe
from baselines.registry import Method, options
from baselines.training import Losses, TrainingStep
from zero_leinr.rng import stream

STAGES = 3
"""Stages in training; the first alone is in use at test time."""
SIGMA = 10
"""Of the smoothness weights, in units of the image."""
MIXING = ((0.257, -0.148, 0.439), (0.564, -0.291, -0.368), (0.098, 0.439, -0.071))
"""RGB to Y, Cb and Cr as in ``loss.py``, whose 0.564 is 0.504 in BT.601."""
OFFSET = (16 / 255, 128 / 255, 128 / 255)
PAIRS = (
    *((0, 1), (0, 2), (1, 0), (2, 0), (1, 1), (2, 2), (1, 2), (2, 1)),
    *((1, -1), (2, -2), (1, -2), (2, -1)),
)
"""Steps (down, right) to half of a pixel's 24 neighbors within 5x5; the other half mirrors them."""


class IlluminationEstimator(nn.Module):
    """Convolutions with one shared residual block, ending in (0, 1).

    SCI uses it with 3 channels and one pass through the block, Zero-IG with 64 and three.
    """

    def __init__(self, channels: int, passes: int) -> None:
        super().__init__()
        self.passes = passes
        self.in_conv = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1), nn.ReLU())
        self.conv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()
        )
        self.out_conv = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, image: Tensor) -> Tensor:
        """Map (B, 3, H, W) in [0, 1] to (B, 3, H, W) in (0, 1)."""
        features = self.in_conv(image)
        for _ in range(self.passes):
            features = features + self.conv(features)
        return self.out_conv(features)


class SCI(nn.Module):
    """The estimator of the first stage, the only one in use at test time; 258 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.enhance = IlluminationEstimator(channels=3, passes=1)

    def forward(self, low: Tensor) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result is in [0, 1]."""
        return (low / self.illumination(low)).clamp(0, 1)

    def illumination(self, image: Tensor) -> Tensor:
        """Estimate the illumination of (B, 3, H, W), in [1e-4, 1]."""
        return (self.enhance(image) + image).clamp(1e-4, 1)


class CalibrationNetwork(nn.Module):
    """Convolutions of 16 channels with one residual block passed three times, ending in (0, 1)."""

    def __init__(self, channels: int = 16, passes: int = 3) -> None:
        super().__init__()

        def convolution(inputs: int) -> list[nn.Module]:
            conv = nn.Conv2d(inputs, channels, 3, padding=1)
            return [conv, nn.BatchNorm2d(channels), nn.ReLU()]

        self.passes = passes
        self.in_conv = nn.Sequential(*convolution(3))
        self.convs = nn.Sequential(*convolution(channels), *convolution(channels))
        self.out_conv = nn.Sequential(nn.Conv2d(channels, 3, 3, padding=1), nn.Sigmoid())

    def forward(self, enhanced: Tensor) -> Tensor:
        """Map an enhanced image (B, 3, H, W) to what calibrates the next stage's input."""
        features = self.in_conv(enhanced)
        for _ in range(self.passes):
            features = features + self.convs(features)
        return enhanced - self.out_conv(features)


class StagedSCI(SCI):
    """SCI as it is trained: three stages that share their weights; 10,789 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.calibrate = CalibrationNetwork()

    def initialize(self, generator: torch.Generator) -> "StagedSCI":
        """Draw weights from N(0, 0.02), those of batch normalization around 1; biases are 0."""
        with torch.no_grad():
            for layer in self.modules():
                if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
                    mean = float(isinstance(layer, nn.BatchNorm2d))
                    layer.weight.normal_(mean, 0.02, generator=generator)
                    assert layer.bias is not None
                    layer.bias.zero_()
        return self

    def stages(self, low: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Input and illumination of each stage, all (B, 3, H, W); gradients pass between stages."""
        found = [(low, self.illumination(low))]
        while len(found) < STAGES:
            enhanced = (low / found[-1][1]).clamp(0, 1)
            image = low + self.calibrate(enhanced)
            found.append((image, self.illumination(image)))
        return found


def smoothness(image: Tensor, illumination: Tensor) -> Tensor:
    """Spatially variant L1 smoothness of the illumination, both (B, 3, H, W).

    The sum over the 24 neighbors in a 5x5 window of the mean of ``w * |difference|``, channels
    summed, with ``w = exp(-|difference of the image|**2 / (2 * 10**2))``; so ``w`` is at least .97
    for images in [0, 1].

    The paper takes ``w`` from YCbCr. The official code flattens (B, 3, H, W) to rows of three
    without moving the channels last, so that its matrix mixes neighboring pixels of one channel
    instead, and its offset differs between columns. That is kept: it is what SCI was trained with.
    """
    mixing, offset = _color_space(image.device)
    mixed = (image.reshape(-1, 3) @ mixing + offset).reshape(image.shape)
    terms = []
    for down, right in PAIRS:
        change = _difference(mixed, down, right).square().sum(1)
        weight = torch.exp(change / (-2 * SIGMA**2))
        terms.append((weight * _difference(illumination, down, right).abs().sum(1)).mean())
    return 2 * torch.stack(terms).sum()


@functools.cache
def _color_space(device: torch.device) -> tuple[Tensor, Tensor]:
    """Matrix and offset on a device; uploaded again in every step, they would make it wait."""
    return torch.tensor(MIXING, device=device), torch.tensor(OFFSET, device=device)


def _difference(image: Tensor, down: int, right: int) -> Tensor:
    """Every pixel's neighbor ``down`` rows and ``right`` columns away, less the pixel."""
    height, width = image.shape[-2:]
    ahead, back = max(right, 0), max(-right, 0)
    pixel = image[..., : height - down, back : width - ahead]
    return image[..., down:, ahead : width - back] - pixel


def training_step(recipe: BaselineRecipe, seed: int, device: str) -> TrainingStep:
    """Return what one training step of SCI does, on networks with new weights."""
    network = StagedSCI().initialize(stream(seed, "init/baseline")).to(device).train()

    def losses_of(image: Tensor) -> Losses:
        stages = network.stages(image)
        return {
            "fidelity": torch.stack([F.mse_loss(*stage) for stage in stages]).sum(),
            "smoothness": torch.stack([smoothness(*stage) for stage in stages]).sum(),
        }

    return TrainingStep(network, losses_of, "illumination", recipe)


UNUSED = ("calibrate.", "enhance.blocks.")
"""Keys of the official file that need no place here: the network for training, and the second
name under which the file holds ``enhance.conv``."""


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """SCI with the given weights. No settings."""
    options(settings)
    network = load(SCI(), weights, device, UNUSED)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return truncated(network(to_tensor(image, device)))

    return method
