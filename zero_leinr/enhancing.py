"""Enhance one image of any kind, in one call."""

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zero_leinr.adjust import blend, set_exposure
from zero_leinr.errors import InputError
from zero_leinr.image_kinds import on_pixels
from zero_leinr.released import RELEASED

if TYPE_CHECKING:
    from zero_leinr.model import ZeroLEINR


def enhance(
    image: Any,
    *,
    weights: "str | os.PathLike[str] | ZeroLEINR | None" = None,
    strength: float = 1.0,
    exposure: float | None = None,
    device: str = "auto",
    padding: str = "minimal",
    tile: int | None = None,
    precision: str = "float32",
) -> Any:
    """Enhance an image and return the same kind of image.

    8-bit images go through the network as in the official code, with 8-bit rounding between its
    stages. 16-bit and float images are not rounded.

    Args:
        image: A path; a Pillow image; an array (H, W) or (H, W, C), uint8, uint16 or float in
            [0, 1]; a tensor (C, H, W) or (B, C, H, W), uint8 or float in [0, 1]. C is 1 for gray,
            3 for RGB, and one more with alpha, which is kept. Each side has at least 32 px.
        weights: A ``model.safetensors`` that training wrote, or a model that is loaded already and
            stays on its device; None takes the released weights. Files are loaded once.
        strength: From 0, which gives the input, to 1, which gives the enhanced image. Not part of
            the paper; see ``zero_leinr.adjust.blend``.
        exposure: Mean brightness of the result, between 0 and 1; None leaves it to the network.
            Not part of the paper; see ``zero_leinr.adjust.set_exposure``.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        padding: ``minimal``, or ``square`` as in the official code (slower).
        tile: Side of the tiles of a large image, in pixels, a multiple of 32; smaller tiles need
            less memory.
        precision: ``float32``, ``bfloat16`` or, on a GPU, ``float16``.

    Returns:
        The same kind of image, of the same size, type and device. For a path, a Pillow image. A
        Pillow image comes back upright, with its color profile; a palette, CMYK and the like come
        back as RGB.

    Raises:
        InputError: The image, the weights or an option cannot be used. The message is one line.

    Examples:
        >>> dark = np.full((40, 60, 3), 20, np.uint8)
        >>> bright = enhance(dark)
        >>> bright.shape, bright.dtype, bool(bright.mean() > 40)
        ((40, 60, 3), dtype('uint8'), True)
        >>> gray = np.full((40, 60), 0.1)  # floats from 0 to 1
        >>> round(float(enhance(gray, exposure=0.5).mean()), 2)
        0.5
        >>> enhance(dark / 1.0)
        Traceback (most recent call last):
        ...
        zero_leinr.errors.InputError: image: float pixels from 20 to 20; scale them to [0, 1]

        A file, and from Pillow to a file again::

            enhance("photo.jpg", strength=0.8).save("bright.png")
    """
    from zero_leinr import inference

    if not 0 <= strength <= 1:
        raise InputError(f"strength {strength}: give a number from 0 to 1")
    if exposure is not None and not 0 < exposure < 1:
        raise InputError(f"exposure {exposure}: give a number between 0 and 1")
    model = _model(weights, device)
    inference.check_options(padding, tile, precision, next(model.parameters()).device.type)

    def pixels(image: np.ndarray) -> np.ndarray:
        made = inference.enhance(model, image, padding, tile, precision)
        made = blend(image, made, strength)
        return made if exposure is None else set_exposure(made, exposure)

    return on_pixels(pixels, image)


def _model(weights: "str | os.PathLike[str] | ZeroLEINR | None", device: str) -> "ZeroLEINR":
    from zero_leinr.device import choose_device
    from zero_leinr.model import ZeroLEINR

    if weights is not None and not isinstance(weights, str | os.PathLike):
        if not isinstance(weights, ZeroLEINR):
            raise InputError(f"weights: a {type(weights).__name__}; give a path or a ZeroLEINR")
        return weights
    path = Path(RELEASED if weights is None else weights)
    changed = path.stat().st_mtime_ns if path.is_file() else None
    return _loaded(path, choose_device(device), changed)


@functools.lru_cache(maxsize=4)
def _loaded(path: Path, device: str, changed: int | None) -> "ZeroLEINR":
    """Load weights once; again if the file has changed."""
    from zero_leinr.checkpoint import load_model

    return load_model(path, device)
