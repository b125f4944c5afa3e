"""Send images through a trained model, padded and rounded as in the official code.

Large images go through in tiles (``tiles``); the result differs by at most 1/255.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from zero_leinr.device import exact_float32, subnormals_as_zero
from zero_leinr.enrb import MULTIPLE
from zero_leinr.errors import InputError
from zero_leinr.model import ZeroLEINR
from zero_leinr.tiles import best_tile, in_tiles, pixels_at_once

PADDINGS = ("square", "minimal")
"""See ``pad``."""

PRECISIONS = ("float32", "bfloat16", "float16")
"""Of the convolutions; curves, fusion and rounding always are float32."""

CPLEB_MARGIN = 7
"""How many pixels away a result of the first stage depends on: seven 3x3 convolutions."""

ENRB_MARGIN = 128
"""How many pixels away a tile of the second stage depends on, if it lies on multiples of 32.

A 3x3 convolution after k poolings reaches 2^k pixels farther. Two at k = 0, one at each k down to
5, and two at each k back up to 0: 2 + 2 + 4 + 8 + 16 + 32 + 32 + 16 + 8 + 4 + 2 = 126. The cells of
the poolings end at multiples of 32.
"""

WHOLE = 3 * 2**19
"""Pixels, with padding, up to which an image goes through at once: 2.8 GB at 1.8 KB a pixel."""

BYTES_A_PIXEL = 1800
"""What the second stage's feature maps take at their peak, in half precision hardly less."""


def to_tensor(image: np.ndarray, device: str = "cpu") -> Tensor:
    """Turn (H, W, 3), uint8 or float32 in [0, 1], into (1, 3, H, W) float32 in [0, 1]."""
    pixels = torch.from_numpy(image).to(device).permute(2, 0, 1)[None]
    return pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels


def to_uint8(image: Tensor) -> np.ndarray:
    """Turn (1, 3, H, W) into (H, W, 3) uint8: clip to [0, 1], round to the nearest."""
    return _levels(image)[0].permute(1, 2, 0).to(torch.uint8).cpu().numpy()


def to_float(image: Tensor) -> np.ndarray:
    """Turn (1, 3, H, W) into (H, W, 3) float32, clipped to [0, 1]."""
    return image.float().clamp(0, 1)[0].permute(1, 2, 0).cpu().numpy()


def round_to_8bit(image: Tensor) -> Tensor:
    """Clip to [0, 1] and round to whole 255ths, as if written to an 8-bit file and read again."""
    return _levels(image) / 255


def _levels(image: Tensor) -> Tensor:
    return (image.float().clamp(0, 1) * 255 + 0.5).floor()


def pad(image: np.ndarray, padding: str) -> np.ndarray:
    """Reflect the image at the bottom and the right until its size suits ENRB.

    Args:
        image: (H, W, 3).
        padding: ``square``: both sides become max(H, W) rounded up to a multiple of 32, as in
            the official code; ``minimal``: each side is rounded up by itself, which saves up to
            half of the time and changes only pixels near those two borders.
    """
    height, width = image.shape[:2]
    down, right = _padded_size(height, width, padding)
    return np.pad(image, ((0, down - height), (0, right - width), (0, 0)), mode="reflect")


def _padded_size(height: int, width: int, padding: str) -> list[int]:
    sides = (max(height, width),) * 2 if padding == "square" else (height, width)
    return [-(-side // MULTIPLE) * MULTIPLE for side in sides]


@exact_float32()
@subnormals_as_zero()
@torch.inference_mode()
def enhance(
    model: ZeroLEINR,
    image: np.ndarray,
    padding: str = "square",
    tile: int | None = None,
    precision: str = "float32",
    done: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Enhance one image.

    The first stage's output is rounded to 8 bit before the second stage sees it, as in the official
    code; that of a float image is not.

    Args:
        model: A trained model, on its device.
        image: (H, W, 3) RGB, uint8 or float32 in [0, 1], any size of at least 2x2.
        padding: ``square`` (official) or ``minimal``, see ``pad``.
        tile: Side of the tiles in pixels, a multiple of 32. By default, images of up to ``WHOLE``
            pixels go through at once, larger ones in tiles as large as memory allows.
        precision: One of ``PRECISIONS``; half precision changes pixels by a few 255ths.
        done: Called after each tile of the last stage with the number of its pixels.

    Returns:
        (H, W, 3) RGB, of the same type.

    Raises:
        InputError: See ``check_options``.

    Source: ``validate`` and ``test`` in ``train.py`` of nycu-acm/Zero-LEINR.
    """
    device = next(model.parameters()).device
    check_options(padding, tile, precision, device.type)

    to_array = to_uint8 if image.dtype == np.uint8 else to_float

    def through(network: Callable[[Tensor], Tensor]) -> Callable[[np.ndarray], np.ndarray]:
        return lambda part: to_array(network(to_tensor(part, str(device))))

    height, width = _padded_size(image.shape[0], image.shape[1], padding)
    side = (tile, tile) if tile else (height, width)
    if tile is None and height * width > WHOLE:
        pixels = pixels_at_once(str(device), BYTES_A_PIXEL)
        side = best_tile(height, width, pixels, ENRB_MARGIN, MULTIPLE)
    with torch.autocast(device.type, getattr(torch, precision), enabled=precision != "float32"):
        first = done if model.enrb is None else None
        enhanced = in_tiles(through(model.cpleb), image, image.shape, side, CPLEB_MARGIN, first)
        if model.enrb is None:
            return enhanced
        padded = pad(enhanced, padding)
        return in_tiles(through(model.enrb), padded, image.shape, side, ENRB_MARGIN, done)


def check_options(padding: str, tile: int | None, precision: str, device: str) -> None:
    """Check the options of ``enhance``.

    Raises:
        InputError: An unknown padding or precision, a tile that is not a multiple of 32, or
            float16 on a CPU, which would have to emulate it.
    """
    settings = {"padding": (padding, PADDINGS), "precision": (precision, PRECISIONS)}
    for name, (value, known) in settings.items():
        if value not in known:
            raise InputError(f"{name} {value!r}: not known, use one of {', '.join(known)}")
    if tile is not None and (tile < MULTIPLE or tile % MULTIPLE):
        raise InputError(f"tile {tile}: the side of a tile is a multiple of {MULTIPLE}")
    if precision == "float16" and device == "cpu":
        raise InputError("precision float16: needs a GPU; on a CPU, use bfloat16 or float32")
