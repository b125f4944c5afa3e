"""LPIPS and NIQE: the metrics with learned parameters.

Their packages take about 15 s to import and are loaded on first use, once a process. Parameters
come from the data folder; nothing here uses the network, and nothing falls back to random weights.
"""

import functools
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import torch


def lpips(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """LPIPS v0.1 with AlexNet, on RGB scaled to [-1, 1].

    Args:
        enhanced: uint8 (H, W, 3), RGB, at least 32 px a side.
        reference: the same shape.
        device: where the network runs.

    Returns:
        Perceptual distance: 0 for identical images, rarely above 1.

    Raises:
        InputError: no usable AlexNet weights.

    Source:
        R. Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
        CVPR 2018; package `lpips`.
    """
    import torch

    model = _lpips_model(device)
    with torch.no_grad():
        pair = (_batch(image, device) / 127.5 - 1 for image in (enhanced, reference))
        return float(model(*pair))


def niqe(enhanced: np.ndarray, reference: np.ndarray | None = None, device: str = "cpu") -> float:
    """NIQE with LIVE's parameters, by pyiqa. No reference is used.

    Args:
        enhanced: uint8 (H, W, 3), RGB, at least 192 px a side (two blocks of 96).
        reference: unused.
        device: where it runs; Apple's MPS has no float64, so there it runs on the CPU.

    Returns:
        Distance from the statistics of natural images, at least 0; not a number where those
        statistics are undefined (a flat image has no local contrast).

    Raises:
        InputError: NIQE's parameters cannot be had.

    Source:
        A. Mittal et al., Making a "Completely Blind" Image Quality Analyzer, IEEE SPL 2013.
    """
    import torch

    device = "cpu" if device.startswith("mps") else device
    try:
        with torch.no_grad():
            return float(_niqe_model(device)(_batch(enhanced, device) / 255))
    except torch.linalg.LinAlgError:
        return math.nan


def metric_weights(name: str, download: bool = False) -> Path:
    """Return the file that a metric's entry names as its weights.

    Args:
        name: name in `config/weights.yaml`, or `lpips_trunk`.
        download: whether a missing file may be downloaded.

    Raises:
        InputError: the file cannot be had.
    """
    from experiments.data import lpips_trunk_file, weights_file

    if name == "lpips_trunk":
        return lpips_trunk_file(download=download)
    return weights_file(name, download=download)


@functools.cache
def _lpips_model(device: str) -> Any:
    path = metric_weights("lpips_trunk")
    import lpips as package

    with warnings.catch_warnings():  # it calls torchvision by an older name of an argument
        warnings.simplefilter("ignore")
        # pnet_rand keeps it from downloading the trunk, which is put in below.
        model = package.LPIPS(net="alex", pnet_rand=True, verbose=False)
    _load_trunk(model.net, path)
    return model.to(device)


def _load_trunk(net: "torch.nn.Module", path: Path) -> None:
    """Fill AlexNet's five convolutions from torchvision's state dict (.pth) or arrays (.npz).

    Both name the arrays `features.<layer>.<weight|bias>`; `net` names the same layers
    `slice<k>.<layer>.<weight|bias>`.

    Raises:
        InputError: the file cannot be read, lacks an array, or has one of another shape.
    """
    import torch

    try:
        trunk: Mapping[str, Any] = (
            np.load(path)
            if path.suffix == ".npz"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
        state = {key: torch.as_tensor(trunk[_torchvision_key(key)]) for key in net.state_dict()}
        net.load_state_dict(state, strict=True)
    except Exception as error:  # a damaged file fails in many ways; each means the same
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: not AlexNet's weights for LPIPS ({reason})") from error


def _torchvision_key(key: str) -> str:
    _, layer, kind = key.split(".")
    return f"features.{layer}.{kind}"


@functools.cache
def _niqe_model(device: str) -> Any:
    path = metric_weights("niqe")
    import pyiqa

    return pyiqa.create_metric("niqe", device=device, pretrained_model_path=str(path))


def _batch(image: np.ndarray, device: str) -> "torch.Tensor":
    """Turn uint8 (H, W, 3) into float32 (1, 3, H, W), still on the 0 to 255 scale."""
    import torch

    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None].float().to(device)
