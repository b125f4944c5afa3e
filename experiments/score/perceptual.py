"""LPIPS and NIQE: the metrics with learned parameters.

Both are computed here, equal to the packages `lpips` and `pyiqa` (tests hold them together): these
take longer to import than to score a data set. LPIPS loads torch on first use, NIQE needs none.
Parameters come with the suite and with the package `lpips`, AlexNet's in full precision from the
data folder; nothing here uses the network, and nothing falls back to random weights.
"""

import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.score import niqe as natural
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import torch


class Convolution(NamedTuple):
    """A convolution of AlexNet: its number in torchvision's `features`, and what it is like."""

    number: int
    shape: tuple[int, int, int, int]
    stride: int
    padding: int
    pooled: bool  # whether max-pooling comes before it


ALEXNET = (
    Convolution(0, (64, 3, 11, 11), 4, 2, False),
    Convolution(3, (192, 64, 5, 5), 1, 2, True),
    Convolution(6, (384, 192, 3, 3), 1, 1, True),
    Convolution(8, (256, 384, 3, 3), 1, 1, False),
    Convolution(10, (256, 256, 3, 3), 1, 1, False),
)

#: What LPIPS subtracts from RGB in [-1, 1], and divides by.
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


def lpips(
    enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu", trunk: Path | None = None
) -> float:
    """LPIPS v0.1 with AlexNet, on RGB scaled to [-1, 1].

    Args:
        enhanced: uint8 (H, W, 3), RGB, at least 32 px a side.
        reference: the same shape.
        device: where the network runs; `auto` for the best here.
        trunk: AlexNet's weights, .npz or .pth; by default those in the data folder, else those of
            the suite, in half precision.

    Returns:
        Perceptual distance: 0 for identical images, rarely above 1.

    Raises:
        InputError: no usable AlexNet weights.

    Source:
        R. Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
        CVPR 2018; the linear weights are those of the package `lpips`.
    """
    import torch

    from zero_leinr.device import choose_device, exact_float32

    device = choose_device(device)
    weights, linear = _lpips_weights(device, trunk)
    pair = torch.from_numpy(np.stack([enhanced, reference])).to(device).permute(0, 3, 1, 2)
    shift, scale = (torch.tensor(values, device=device).view(3, 1, 1) for values in (SHIFT, SCALE))
    distance = 0.0
    with exact_float32(), torch.inference_mode():
        features = (pair.float() / 127.5 - 1 - shift) / scale
        for layer, weight in zip(ALEXNET, linear, strict=True):
            features = _convolved(features, layer, weights)
            length = torch.linalg.vector_norm(features, dim=1, keepdim=True)
            first, second = features / (length + 1e-10)
            distance += ((first - second) ** 2 * weight).sum(dim=0).mean().item()
    return distance


def niqe(
    enhanced: np.ndarray,
    reference: np.ndarray | None = None,
    device: str = "cpu",
    parameters: Path | None = None,
) -> float:
    """NIQE with LIVE's parameters. No reference is used.

    Args:
        enhanced: uint8 (H, W, 3), RGB, at least 192 px a side (two blocks of 96).
        reference: unused.
        device: unused.
        parameters: a .mat file with mean and covariance; by default LIVE's.

    Returns:
        Distance from the statistics of natural images, at least 0; not a number where those
        statistics are undefined (a flat image has no local contrast).

    Raises:
        InputError: NIQE's parameters are missing.
    """
    return natural.niqe(enhanced, *_niqe_model(parameters))


def metric_weights(name: str, download: bool = False) -> Path:
    """Return the file that a metric's entry names as its weights.

    Args:
        name: name in `config/weights.yaml`, or `lpips_trunk`.
        download: whether a missing file may be downloaded.

    Raises:
        InputError: the file is missing.
    """
    from experiments.data.weights import lpips_trunk_file, weights_file

    if name == "lpips_trunk":
        return lpips_trunk_file()
    return weights_file(name, download=download)


@functools.cache
def _lpips_weights(
    device: str, trunk: Path | None
) -> "tuple[dict[str, torch.Tensor], list[torch.Tensor]]":
    """AlexNet's convolutions by name, and the weights (C, 1, 1) of the features of each."""
    import torch

    package = importlib.util.find_spec("lpips")  # found, not imported: that would take 6 s
    if package is None or package.origin is None:
        raise InputError("lpips: the package is not installed, and LPIPS needs its weights")
    path = Path(package.origin).parent / "weights" / "v0.1" / "alex.pth"
    linear = torch.load(path, map_location="cpu", weights_only=True)
    weights = [linear[f"lin{k}.model.1.weight"][0].to(device) for k in range(len(ALEXNET))]
    return _load_trunk(trunk or metric_weights("lpips_trunk"), device), weights


def _load_trunk(path: Path, device: str) -> "dict[str, torch.Tensor]":
    """Read AlexNet's five convolutions from torchvision's state dict (.pth) or arrays (.npz).

    Both name the arrays `features.<layer>.<weight|bias>`.

    Raises:
        InputError: the file cannot be read, lacks an array, or has one of another shape.
    """
    import torch

    try:
        arrays: Mapping[str, Any] = (
            np.load(path)
            if path.suffix == ".npz"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
        trunk = {}
        for layer in ALEXNET:
            for kind, expected in (("weight", layer.shape), ("bias", layer.shape[:1])):
                key = f"features.{layer.number}.{kind}"
                trunk[key] = torch.as_tensor(arrays[key]).to(device).float()
                if trunk[key].shape != expected:
                    raise ValueError(f"{key} is {tuple(trunk[key].shape)}, not {expected}")
    except Exception as error:  # a damaged file fails in many ways; each means the same
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not AlexNet's weights for LPIPS ({reason})") from error
    return trunk


def _convolved(
    features: "torch.Tensor", layer: Convolution, trunk: "Mapping[str, torch.Tensor]"
) -> "torch.Tensor":
    """One convolution of AlexNet with its rectifier, and the max-pooling before it."""
    from torch.nn import functional

    if layer.pooled:
        features = functional.max_pool2d(features, 3, 2)
    weight, bias = (trunk[f"features.{layer.number}.{kind}"] for kind in ("weight", "bias"))
    return functional.conv2d(features, weight, bias, layer.stride, layer.padding).relu_()


@functools.cache
def _niqe_model(path: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (36,) and covariance (36, 36) of the features of natural images."""
    from scipy.io import loadmat

    model = loadmat(path or metric_weights("niqe"))
    return model["mu_prisparam"].ravel(), model["cov_prisparam"]
