"""URetinex-Net: three unrolled steps of a Retinex decomposition, then a brighter illumination.

Source: W. Wu et al., "URetinex-Net: Retinex-Based Deep Unfolding Network for Low-Light Image
Enhancement", CVPR 2022; architecture and test rules of ``network/`` and ``test.py`` in
AndersonYong/URetinex-Net at 7ee2196e: ratio 5, rounded down. Its ``evaluate.py`` takes the ratio
from the reference image instead, which is another protocol and not done here. Its weights were
trained on LOL's pairs; ``ckpt/L_adjust.pth`` holds all four networks, with the values that
``ckpt/init_low.pth`` and ``ckpt/unfolding.pth`` have.
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
from zero_leinr.errors import InputError

STEPS = 3
# Weights of the penalties on R and L in the first step and what each step adds to them, as the
# options stored in ckpt/unfolding.pth say.
GAMMA, LAMBDA, GROWTH = 0.1, 0.5, 0.05


class Decomposition(nn.Module):
    """Four convolutions that split an image into a first reflectance and illumination."""

    def __init__(self, features: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, features, 3, padding=1)]
        for outputs in (features, features, 4):
            layers += [nn.LeakyReLU(0.2), nn.Conv2d(features, outputs, 3, padding=1)]
        self.decom = nn.Sequential(*layers, nn.ReLU())

    def forward(self, low: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, 3, H, W) to reflectance, (B, 3, H, W), and illumination, (B, 1, H, W)."""
        both = self.decom(low)
        return both[:, :3], both[:, 3:]


class SqueezeExcitation(nn.Module):
    """Scale every channel by what two linear layers make of all channels' means."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        inner = channels // reduction
        self.fc = nn.Sequential(
            nn.Linear(channels, inner, bias=False),
            nn.ReLU(),
            nn.Linear(inner, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to the same shape."""
        return x * self.fc(x.mean(dim=(2, 3)))[:, :, None, None]


class ReflectanceRestorer(nn.Module):
    """Convolutions that add to the reflectance what noise took from it."""

    def __init__(self, features: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, features // 2, 3, padding=1)
        self.conv2 = nn.Conv2d(1, features // 2, 3, padding=1)
        self.se_layer = SqueezeExcitation(features)
        for k in range(3, 8):
            self.add_module(f"conv{k}", nn.Conv2d(features, features, 3, padding=1))
        self.conv8 = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, reflectance: Tensor, illumination: Tensor) -> Tensor:
        """Restore (B, 3, H, W), given the illumination (B, 1, H, W)."""
        x = torch.cat([self.conv1(reflectance), self.conv2(illumination)], dim=1)
        x = self.se_layer(x.relu())
        for k in range(3, 8):
            x = self.get_submodule(f"conv{k}")(x).relu()
        return reflectance + self.conv8(x)


class IlluminationNetwork(nn.Module):
    """Convolutions with leaky ReLUs in between and a ReLU at the end.

    Args:
        inputs: Channels in.
        kernels: Size of each convolution.
        features: Channels in between.
    """

    def __init__(self, inputs: int, kernels: tuple[int, ...], features: int = 32) -> None:
        super().__init__()
        for k, kernel in enumerate(kernels, 1):
            before = inputs if k == 1 else features
            after = 1 if k == len(kernels) else features
            self.add_module(f"conv{k}", nn.Conv2d(before, after, kernel, padding=kernel // 2))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, 1, H, W), 0 or more."""
        *inner, last = self.children()
        for layer in inner:
            x = F.leaky_relu(layer(x), 0.2)
        return last(x).relu()


class URetinexNet(nn.Module):
    """Decomposition, the two that are unrolled, and adjustment; 340,105 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.model_decom = Decomposition()
        self.model_R = ReflectanceRestorer()
        self.model_L = IlluminationNetwork(1, (5, 5, 5, 5, 1))
        self.model_A = IlluminationNetwork(2, (5, 5, 5, 5))

    def forward(self, low: Tensor, ratio: float) -> Tensor:
        """Enhance (B, 3, H, W) in [0, 1]; the result can leave [0, 1].

        Args:
            low: The image.
            ratio: How much brighter the illumination shall become.
        """
        reflectance, illumination = self.decompose(low)
        ratios = torch.full_like(illumination, ratio)
        return self.model_A(torch.cat([illumination, ratios], dim=1)) * reflectance

    def decompose(self, low: Tensor) -> tuple[Tensor, Tensor]:
        """Return the reflectance, (B, 3, H, W), and the illumination, (B, 1, H, W)."""
        p, q = self.model_decom(low)
        reflectance, illumination = self.model_R(p, q), self.model_L(q)
        for step in range(1, STEPS):
            gamma, penalty = GAMMA + GROWTH * step, LAMBDA + GROWTH * step
            # Least squares: P Q near the image, P near R, then Q near L.
            p = (low * q + gamma * reflectance) / (q * q + gamma)
            explained, power = ((x * p).sum(dim=1, keepdim=True) for x in (low, p))
            q = (explained + penalty * illumination) / (power + penalty)
            reflectance, illumination = self.model_R(p, q), self.model_L(q)
        return reflectance, illumination


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """URetinex-Net with the given weights.

    Settings:
        ratio: How much brighter the illumination shall become, 5 if not given; 3 to 5 is advised.
    """
    ratio = options(settings, ratio=5)["ratio"]
    if ratio <= 0:
        raise InputError(f"setting 'ratio' must be above 0, not {ratio}")
    network = load(URetinexNet(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        return truncated(network(to_tensor(image, device), ratio))

    return method
