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
        device: Where to.

    Example:
        >>> import numpy as np
        >>> from zero_leinr.inference import enhance
        >>> photo = np.zeros((40, 60, 3), np.uint8)
        >>> enhance(load_released(), photo, padding="minimal").shape
        (40, 60, 3)
    """
    from zero_leinr.checkpoint import load_model  # lazy: the path alone needs no torch

    return load_model(RELEASED, device)
