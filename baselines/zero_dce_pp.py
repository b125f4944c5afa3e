"""Zero-DCE++: one shared curve map from depthwise-separable convolutions, at a reduced size.

Source: C. Li, C. Guo and C. C. Loy, "Learning to Enhance Low-Light Image via Zero-Reference Deep
Curve Estimation", TPAMI 2021; test rules of ``lowlight_test.py`` in Li-Chongyi/Zero-DCE_extension
at 09f202b6: the image is cropped at the bottom and right to multiples of 12, the map is estimated
at 1/12 of that size, and the result is rounded.

Training by ``lowlight_train.py``, ``Myloss.py`` and ``dataloader.py`` of the same commit: weights
start as PyTorch draws them, Adam (1e-4, weight decay 1e-4), gradient norm clipped at 0.1, batch 8,
100 epochs, the map at full size, losses 1600 smoothness + spatial + 5 color constancy
+ 10 exposure. What differs here: images of the study at its size (official: 512x512).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.networks import load, rounded, to_tensor
from baselines.recipe import BaselineRecipe
from baselines.registry import Method, options
from baselines.training import Losses, TrainingStep
from zero_leinr import losses
from zero_leinr.errors import InputError
from zero_leinr.rng import stream

ITERATIONS = 8
"""How often the one curve map is applied."""


class SeparableConv(nn.Module):
    """A 3x3 convolution within each channel, then a 1x1 convolution across them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.depth_conv = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs)
        self.point_conv = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H, W)."""
        return self.point_conv(self.depth_conv(x))


class SharedCurveEstimator(nn.Module):
    """Seven separable convolutions that estimate one curve map; 10,561 parameters."""

    def __init__(self, features: int = 32) -> None:
        super().__init__()
        self.e_conv1 = SeparableConv(3, features)
        self.e_conv2 = SeparableConv(features, features)
        self.e_conv3 = SeparableConv(features, features)
        self.e_conv4 = SeparableConv(features, features)
        self.e_conv5 = SeparableConv(2 * features, features)
        self.e_conv6 = SeparableConv(2 * features, features)
        self.e_conv7 = SeparableConv(2 * features, 3)

    def initialize(self, generator: torch.Generator) -> "SharedCurveEstimator":
        """Draw all weights as PyTorch does by default: uniform within 1 / sqrt(fan in)."""
        with torch.no_grad():
            for layer in self.modules():
                if isinstance(layer, nn.Conv2d):
                    bound = layer.weight[0].numel() ** -0.5
                    layer.weight.uniform_(-bound, bound, generator=generator)
                    assert layer.bias is not None
                    layer.bias.uniform_(-bound, bound, generator=generator)
        return self

    def curve(self, image: Tensor) -> Tensor:
        """Estimate the curve map, (B, 3, H, W) in [-1, 1], of an image of the same size."""
        x1 = self.e_conv1(image).relu_()
        x2 = self.e_conv2(x1).relu_()
        x3 = self.e_conv3(x2).relu_()
        x4 = self.e_conv4(x3).relu_()
        x5 = self.e_conv5(torch.cat([x3, x4], dim=1)).relu_()
        x6 = self.e_conv6(torch.cat([x2, x5], dim=1)).relu_()
        return self.e_conv7(torch.cat([x1, x6], dim=1)).tanh()

    def forward(self, image: Tensor, scale: int = 1) -> Tensor:
        """Enhance an image, with its curve map estimated at 1/scale of its size.

        Args:
            image: (B, 3, H, W) in [0, 1], H and W at least ``scale``.
            scale: 1 for the full size.

        Returns:
            The image after eight times the same curve; H and W are cut down to multiples of scale.
        """
        height, width = image.shape[-2:]
        image = image[..., : height // scale * scale, : width // scale * scale]
        curve = self.curve(image) if scale == 1 else self._scaled_curve(image, scale)
        return apply_curve(image, curve)

    def _scaled_curve(self, image: Tensor, scale: int) -> Tensor:
        # Down without aligned corners and up with them, as the official code has it.
        small = F.interpolate(image, scale_factor=1 / scale, mode="bilinear")
        size = image.shape[-2:]
        return F.interpolate(self.curve(small), size, mode="bilinear", align_corners=True)


def apply_curve(image: Tensor, curve: Tensor) -> Tensor:
    """Bend an image by one curve map eight times, both (B, 3, H, W)."""
    for _ in range(ITERATIONS):
        image = image + curve * (image * image - image)
    return image


def training_step(recipe: BaselineRecipe, seed: int, device: str) -> TrainingStep:
    """Return what one training step of Zero-DCE++ does, on a network with new weights."""
    network = SharedCurveEstimator().initialize(stream(seed, "init/baseline")).to(device)

    def losses_of(image: Tensor) -> Losses:
        curve = network.curve(image)
        enhanced = apply_curve(image, curve)
        return {
            "smoothness": losses.illumination_smoothness(curve),
            "spatial": losses.spatial_consistency(enhanced, image),
            "exposure": losses.exposure_control(enhanced),
            "constancy": losses.color_constancy(enhanced),
        }

    return TrainingStep(network, losses_of, "curve", recipe)


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Zero-DCE++ with the given weights.

    Settings:
        scale: How much smaller the image is that the curve map is estimated from; 12 as in the
            official test if not given, 1 for the full size.
    """
    scale = options(settings, scale=12)["scale"]
    if not isinstance(scale, int) or scale < 1:
        raise InputError(f"setting 'scale' must be a whole number of at least 1, not {scale}")
    network = load(SharedCurveEstimator(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        if min(image.shape[:2]) < scale:
            raise InputError(f"an image of {image.shape[1]}x{image.shape[0]} px: scale {scale}")
        return rounded(network(to_tensor(image, device), scale))

    return method
