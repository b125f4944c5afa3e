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
from zero_leinr.model import flush_subnormals
from zero_leinr.tensor_pickle import described, flat, read_tensors, within

Network = TypeVar("Network", bound=nn.Module)


def load(
    network: Network,
    path: Path | None,
    device: str,
    unused: tuple[str, ...] = (),
    part: str | None = None,
) -> Network:
    """Load official weights into a network, ready for inference.

    Every parameter and buffer of the network must come from the file and every key of the file
    must be used, so that no weight is ever left at random. Subnormal values become zero: they do
    not reach the output, but slow a CPU down by 6 to 40 times (Zero-DCE's file has 19,266).

    Args:
        network: The architecture, with the state-dict keys of the official code.
        path: The official file, read by ``zero_leinr.tensor_pickle``; or a ``.safetensors``
            file that ``zero-leinr train`` wrote.
        device: Where the network shall run.
        unused: Prefixes of the keys that the official test does not use either.
        part: Which of the networks in the file; the file holds one, or the parts of one, if None.

    Raises:
        InputError: There is no file, it is not a state dict, or it fits another network.
    """
    expected = network.state_dict()
    read = within(_read(path, part), expected)
    state = {k: v for k, v in read.items() if not k.startswith(unused)}
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
                f" ({len(keys)} of {len(expected)} names); it holds {described(state)}"
            )
    for key, value in state.items():
        if not value.isfinite().all():
            raise InputError(f"{path}: '{key}' holds values that are not finite")
    network.load_state_dict(state)
    flush_subnormals(network)
    return network.to(device).eval().requires_grad_(False)


def _read(path: Path | None, part: str | None) -> dict[str, Tensor]:
    """Read a state dict without running code from the file; nested names are joined by dots."""
    if path is None:
        raise InputError("this method needs weights: name them in its entry (weights: ...)")
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such weight file")
    if Path(path).suffix != ".safetensors":
        tensors = read_tensors(path)
        return dict(flat(tensors if part is None else tensors.get(part, {})))
    try:
        return load_file(path)
    except Exception as error:  # safetensors and the system raise several kinds
        raise InputError(f"{path}: not a safetensors file that can be read ({error})") from error


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
