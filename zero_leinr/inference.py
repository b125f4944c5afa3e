"""Whole images through a trained model, padded and rounded as the official code does it."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from zero_leinr.enrb import MULTIPLE
from zero_leinr.model import ZeroLEINR

PADDINGS = ("square", "minimal")


def to_tensor(image: np.ndarray, device: str = "cpu") -> Tensor:
    """Turns (H, W, 3) uint8 into (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(image).to(device).permute(2, 0, 1)[None].float() / 255


def to_uint8(image: Tensor) -> np.ndarray:
    """Turns (1, 3, H, W) into (H, W, 3) uint8: clipped to [0, 1], rounded to the nearest."""
    return _levels(image)[0].permute(1, 2, 0).to(torch.uint8).cpu().numpy()


def round_to_8bit(image: Tensor) -> Tensor:
    """Clips to [0, 1] and rounds to whole 255ths, as writing to a file and reading would."""
    return _levels(image) / 255


def _levels(image: Tensor) -> Tensor:
    return (image.float().clamp(0, 1) * 255 + 0.5).floor()


def pad(image: Tensor, padding: str) -> Tensor:
    """Reflects the image at the bottom and the right until ENRB can take it.

    Args:
        image: (B, 3, H, W).
        padding: ``square``: both sides become max(H, W) rounded up to a multiple of 32, as in
            the official code; ``minimal``: each side is rounded up by itself, which saves up to
            half of the time and moves only pixels near those two borders.

    A reflection is at most as deep as the image minus one; where the square needs more, it is
    repeated, as NumPy's ``reflect`` does.
    """
    height, width = image.shape[-2:]
    sides = (max(height, width),) * 2 if padding == "square" else (height, width)
    target = [-(-side // MULTIPLE) * MULTIPLE for side in sides]
    while image.shape[-2] < target[0] or image.shape[-1] < target[1]:
        down = min(target[0] - image.shape[-2], image.shape[-2] - 1)
        right = min(target[1] - image.shape[-1], image.shape[-1] - 1)
        image = F.pad(image, (0, right, 0, down), mode="reflect")
    return image


@torch.inference_mode()
def enhance(model: ZeroLEINR, image: np.ndarray, padding: str = "square") -> np.ndarray:
    """Enhances one image.

    The first stage's output is rounded to 8 bit before the second stage sees it.

    Args:
        model: A trained model, on its device.
        image: (H, W, 3) uint8 RGB, any size of at least 2x2.
        padding: ``square`` (official) or ``minimal``, see :func:`pad`.

    Returns:
        (H, W, 3) uint8 RGB.

    Source: ``validate`` and ``test`` in ``train.py`` of nycu-acm/Zero-LEINR.
    """
    device = str(next(model.parameters()).device)
    enhanced = model.cpleb(to_tensor(image, device))
    if model.enrb is None:
        return to_uint8(enhanced)
    height, width = image.shape[:2]
    denoised = model.enrb(pad(round_to_8bit(enhanced), padding))
    return to_uint8(denoised[..., :height, :width])
