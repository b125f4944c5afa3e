"""Apply a function of RGB pixels to an image of any kind, and give back the same kind.

A file is opened as a Pillow image; Pillow images and tensors are treated as NumPy arrays.
"""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from zero_leinr.errors import InputError
from zero_leinr.images import check_side, explained, open_image, upright

if TYPE_CHECKING:
    import torch

Pixels = Callable[[np.ndarray], np.ndarray]
"""Maps (H, W, 3) RGB, uint8 or float32 in [0, 1], to the same shape and type."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in gray (ITU-R BT.601), as in Pillow."""

PLAIN = ("L", "LA", "RGB", "RGBA")
"""Pillow's modes that are an array of 8-bit gray or RGB, with or without alpha."""


def on_pixels(function: Pixels, image: Any, name: str = "image") -> Any:
    """Apply a function to the colors of an image, whatever holds it.

    8-bit images reach the function as uint8, all others as float32 in [0, 1]. Gray is shown to it
    as RGB, and its result is turned to gray again. Alpha is kept.

    Args:
        function: What to apply.
        image: A path; a Pillow image; an array (H, W) or (H, W, C), uint8, uint16 or float in
            [0, 1]; a tensor (C, H, W) or (B, C, H, W), uint8 or float in [0, 1]. C is 1 for gray,
            3 for RGB, and one more with alpha.
        name: What error messages call the image.

    Returns:
        The same kind of image, of the same size. For a path, a Pillow image. A Pillow image comes
        back upright, with its color profile; a palette, CMYK and the like come back as RGB.

    Raises:
        InputError: The kind, shape, type or range is none of these, or a side is under 32 px.
    """
    if isinstance(image, str | os.PathLike):
        return on_pixels(function, open_image(image), os.fspath(image))
    if isinstance(image, Image.Image):
        return _on_pillow(function, image, name)
    if isinstance(image, np.ndarray):
        return _on_array(function, image, name)
    torch = sys.modules.get("torch")  # nobody has a tensor without it
    if torch is not None and isinstance(image, torch.Tensor):
        return _on_tensor(function, image, name)
    raise InputError(
        f"{name}: a {type(image).__name__} is not an image; give a path, a Pillow image, a NumPy "
        "array or a tensor"
    )


def _on_pillow(function: Pixels, image: Image.Image, name: str) -> Image.Image:
    with explained(name):
        image.load()  # some formats turn it by themselves
    image = upright(image)
    mode = image.mode
    if mode == "F":
        raise InputError(f"{name}: floating-point pixels; give 8 or 16 bits, or an array in [0, 1]")
    if mode == "1":
        image = image.convert("L")
    elif mode.startswith("I"):  # 16 bits, which Pillow opens as 32 from some files
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise InputError(f"{name}: more than 16 bits; save it with 8 or 16 bits")
    elif mode not in PLAIN:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    array = np.array(image, np.uint16 if mode.startswith("I") else np.uint8)
    made = Image.fromarray(_on_array(function, array, name))
    if made.mode == mode and "icc_profile" in image.info:
        made.info["icc_profile"] = image.info["icc_profile"]
    return made


def _on_array(function: Pixels, array: np.ndarray, name: str) -> np.ndarray:
    if array.ndim == 2:
        return _on_array(function, array[..., None], name)[..., 0]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise InputError(
            f"{name}: an array of shape {array.shape}; give (H, W) or (H, W, C), C from 1 to 4"
        )
    check_side(name, array.shape[1], array.shape[0])
    white = _white(array, name)
    colors = 1 if array.shape[2] < 3 else 3
    color, alpha = array[..., :colors], array[..., colors:]
    shown = np.repeat(color, 3, axis=2) if colors == 1 else color
    made = function(shown if white == 255 else (shown / np.float32(white)).astype(np.float32))
    if colors == 1:
        made = (made @ LUMA)[..., None] / (255 if white == 255 else 1)
    if made.dtype != array.dtype:
        made = made.clip(0, 1) * white + (0 if white == 1 else 0.5)
    return np.concatenate([made.astype(array.dtype), alpha], axis=2)


def _white(array: np.ndarray, name: str) -> int:
    """Return the value of white: 255, 65535 or, for floats, 1."""
    whites = {"uint8": 255, "uint16": 65535, "float16": 1, "float32": 1, "float64": 1}
    if array.dtype.name not in whites:
        raise InputError(f"{name}: {array.dtype} pixels; give uint8, uint16 or float in [0, 1]")
    white = whites[array.dtype.name]
    if white == 1 and not (array.min() >= 0 and array.max() <= 1):  # NaN fails both
        raise InputError(
            f"{name}: float pixels from {array.min():g} to {array.max():g}; scale them to [0, 1]"
        )
    return white


def _on_tensor(function: Pixels, tensor: "torch.Tensor", name: str) -> "torch.Tensor":
    import torch

    if tensor.ndim == 4 and len(tensor):
        return torch.stack([_on_tensor(function, image, name) for image in tensor])
    if tensor.ndim != 3 or not 1 <= tensor.shape[0] <= 4:
        raise InputError(
            f"{name}: a tensor of shape {tuple(tensor.shape)}; give (C, H, W) or (B, C, H, W), C "
            "from 1 to 4"
        )
    plain = tensor.detach().cpu()
    plain = plain.float() if plain.is_floating_point() else plain
    made = _on_array(function, plain.permute(1, 2, 0).numpy(), name)
    return torch.from_numpy(made).permute(2, 0, 1).to(tensor.device, tensor.dtype).contiguous()
