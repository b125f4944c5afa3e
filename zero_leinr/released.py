"""The trained weights in the package; ``weights/README.md`` is their model card."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zero_leinr.model import ZeroLEINR

RELEASED = Path(__file__).with_name("weights") / "zero_leinr.safetensors"
"""Half precision, with the record of their training in the header."""


def load_released(device: str = "cpu") -> "ZeroLEINR":
    """Load the released model, ready for inference. It comes with the package: no download.

    Args:
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the best on this machine.

    Raises:
        InputError: The device is not on this machine.

    Examples:
        >>> import torch
        >>> from zero_leinr import load_released
        >>> model = load_released()
        >>> model(torch.full((1, 3, 64, 96), 0.1)).shape
        torch.Size([1, 3, 64, 96])
    """
    from zero_leinr.checkpoint import load_model  # lazy: the path alone needs no torch

    return load_model(RELEASED, device)
