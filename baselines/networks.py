"""What the network baselines share: weights in, 8-bit images in and out.

Each official test script has its own way to 8 bit, and it moves PSNR by some hundredths of a dB:
``rounded`` is torchvision's ``save_image``, ``truncated`` is numpy's ``astype("uint8")``.
"""

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from zero_leinr.errors import InputError

Network = TypeVar("Network", bound=nn.Module)


def load(network: Network, path: Path | None, device: str, unused: tuple[str, ...] = ()) -> Network:
    """Load official weights into a network, ready for inference.

    Every parameter and buffer of the network must come from the file and every key of the file
    must be used, so that no weight is ever left at random. Subnormal values become zero: they do
    not reach the output, but slow a CPU down by 6 to 40 times (Zero-DCE's file has 19,266).

    Args:
        network: The architecture, with the state-dict keys of the official code.
        path: The official file, a pickled state dict, read with ``weights_only``; or a
            ``.safetensors`` file that ``zero-leinr train`` wrote.
        device: Where the network shall run.
        unused: Prefixes of the keys that the official test does not use either.

    Raises:
        InputError: There is no file, it is not a state dict, or it fits another network.
    """
    state = {k: v for k, v in _read(path).items() if not k.startswith(unused)}
    expected = network.state_dict()
    missing, unexpected = expected.keys() - state.keys(), state.keys() - expected.keys()
    wrong = [k for k in expected.keys() & state.keys() if expected[k].shape != state[k].shape]
    for what, keys in (
        ("lacks", missing),
        ("has unknown", unexpected),
        ("has misshapen", wrong),
    ):
        if keys:
            raise InputError(
                f"{path}: not the weights of this method: it {what} '{min(keys)}'"
                f" ({len(keys)} of {len(expected)} keys); fetch the official file again"
            )
    network.load_state_dict(state)
    return network.to(device).eval().requires_grad_(False)


def _read(path: Path | None) -> dict[str, Tensor]:
    """Read a state dict without running code from the file, and flush its subnormal values."""
    if path is None:
        raise InputError("this method needs weights: name them in its entry (weights: ...)")
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such weight file; fetch it first")
    try:
        if Path(path).suffix == ".safetensors":
            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a damaged or unsafe file
        raise InputError(f"{path}: cannot be read as weights; fetch it again") from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise InputError(f"{path}: does not hold a state dict; fetch the official file")
    for key, value in state.items():
        if value.is_floating_point():
            if not value.isfinite().all():
                raise InputError(f"{path}: '{key}' holds values that are not finite")
            value[value.abs() < torch.finfo(value.dtype).tiny] = 0
    return state


def to_tensor(image: np.ndarray, device: str) -> Tensor:
    """Return a uint8 (H, W, 3) image as a float32 (1, 3, H, W) tensor in [0, 1]."""
    return torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255)).to(device)


def rounded(image: Tensor) -> np.ndarray:
    """Return a (1, 3, H, W) tensor as a uint8 (H, W, 3) image: clipped and rounded."""
    return _to_uint8(image * 255 + 0.5)


def truncated(image: Tensor) -> np.ndarray:
    """Return a (1, 3, H, W) tensor as a uint8 (H, W, 3) image: clipped, rounded down."""
    return _to_uint8(image * 255)


def _to_uint8(image: Tensor) -> np.ndarray:
    return image[0].clamp(0, 255).permute(1, 2, 0).to("cpu", torch.uint8).numpy()
