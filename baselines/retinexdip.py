"""RetinexDIP: two networks that draw illumination and reflectance from noise; no training.

Source: Z. Zhao et al., "RetinexDIP: A Unified Deep Framework for Low-Light Image Enhancement", IEEE
TCSVT 2021; rules of ``Retinexdip.py``, ``net/skip.py`` and ``net/losses.py`` in
zhaozunjin/RetinexDIP at 8e1b566c, the input resized to 512x512 and 300 steps; the result is the
image divided by the square root of its illumination, rounded down. Before that the illumination is
stretched to the range from 0 to 255, as SciPy's former ``imresize`` did in the official code. The
official code draws new networks for every image; here one seed serves every image.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from baselines.networks import to_tensor
from baselines.registry import Method, options
from zero_leinr.errors import InputError

SIZE = 512
"""Side of the square that the networks are fitted on; a multiple of 32."""
CHANNELS = 3
"""Of the noise that the networks draw from."""


def conv_norm(inputs: int, outputs: int, kernel: int, halved: bool = False) -> nn.Sequential:
    """Make a convolution, a halving if asked for, batch normalization and a leaky ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)]
    if halved:
        layers.append(nn.AvgPool2d(2))
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))


class Level(nn.Module):
    """Go down to half the size, through the levels below, and up again; nothing is skipped.

    The weights are drawn in the order in which the modules stand here.
    """

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        width, *below = widths
        deepest = below[0] if below else width
        self.down = nn.Sequential(
            conv_norm(inputs, width, 3, halved=True), conv_norm(width, width, 3)
        )
        self.below = Level(width, tuple(below)) if below else nn.Identity()
        self.norm = nn.BatchNorm2d(deepest)
        self.up = nn.Sequential(conv_norm(deepest, width, 3), conv_norm(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (1, inputs, H, W) to (1, widths[0], H, W)."""
        x = self.below(self.down(x))
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        return self.up(self.norm(x))


def generator(widths: tuple[int, ...]) -> nn.Sequential:
    """Make a network from noise to an image in (0, 1), its weights from the global random stream.

    The weights are drawn twice, by PyTorch when a layer is made and then from N(0, 1 / (2 n)), as
    in the official code, so that one seed gives one network.
    """
    network = nn.Sequential(Level(CHANNELS, widths), nn.Conv2d(widths[0], 3, 1), nn.Sigmoid())
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                fan_out = layer.kernel_size[0] * layer.kernel_size[1] * layer.out_channels
                layer.weight.normal_(0, 0.5 * (2 / fan_out) ** 0.5)
                assert layer.bias is not None
                layer.bias.zero_()
    return network


def total_loss(illumination: Tensor, reflectance: Tensor, low: Tensor) -> Tensor:
    """Return the sum of losses, a scalar, all (1, 3, H, W) in [0, 1].

    The illumination is smooth where the reflectance is and near the brightest channel, the
    reflectance is smooth, and their product is the image.
    """
    brightest = low.amax(dim=1, keepdim=True).clamp(min=1 / 255).expand_as(low)
    changes = [(illumination.diff(dim=axis), reflectance.diff(dim=axis)) for axis in (2, 3)]
    smooth = torch.stack([((-r.abs()).exp() * i.abs()).mean() for i, r in changes]).sum()
    even = torch.stack([r.abs().mean() for _, r in changes]).sum()
    near = F.smooth_l1_loss(illumination, brightest)
    return 0.5 * smooth + 0.0001 * even + near + F.mse_loss(illumination * reflectance, low)


def fit(low: Tensor, iterations: int, seed: int) -> Tensor:
    """Fit both networks to (1, 3, SIZE, SIZE) in [0, 1].

    Returns:
        The illumination of the last step, (1, 3, SIZE, SIZE) in (0, 1).
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reflectance_net = generator((8, 16, 32, 64, 128)).to(low.device)
        illumination_net = generator((8, 16, 32, 64)).to(low.device)
        shape = (1, CHANNELS, SIZE, SIZE)
        inputs = [torch.empty(shape).uniform_(-0.5, 0.5).to(low.device) * 0.01 for _ in range(2)]
        parameters = [*reflectance_net.parameters(), *illumination_net.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=0.01)
        for _ in range(iterations):
            noise = [torch.randn(shape).to(low.device) * 1e-4 for _ in range(2)]
            illumination = illumination_net(inputs[1] + noise[0])
            reflectance = reflectance_net(inputs[0] + noise[1])
            optimizer.zero_grad()
            total_loss(illumination, reflectance, low).backward()
            optimizer.step()
    return illumination.detach()


def stretched(illumination: Tensor) -> np.ndarray:
    """Stretch (1, 3, H, W) to uint8 (H, W, 3) from 0 to 255."""
    values = illumination[0].permute(1, 2, 0).cpu().numpy()
    low, high = values.min(), values.max()
    scale = 255.0 / (high - low) if high > low else 255.0
    return (((values - low) * scale).clip(0, 255) + 0.5).astype(np.uint8)


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """RetinexDIP, fitted to every image alone.

    Settings:
        iterations: Optimization steps, 300 if not given.
        seed: Of the networks' first weights and their noise, 0 if not given.
    """
    chosen = options(settings, iterations=300, seed=0)
    if not isinstance(chosen["iterations"], int) or chosen["iterations"] < 1:
        raise InputError(f"setting 'iterations' must be at least 1, not {chosen['iterations']}")
    roots = np.round((np.arange(256) / 255) ** 0.5 * 255)

    def method(image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        square = Image.fromarray(image).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        low = to_tensor(np.asarray(square), device)
        with torch.enable_grad():
            small = stretched(fit(low, chosen["iterations"], chosen["seed"]))
        full = Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR)
        illumination = roots[np.asarray(full).max(axis=2)].clip(2e-7)
        return (image / illumination[..., None] * 255).clip(0, 255).astype(np.uint8)

    return method
