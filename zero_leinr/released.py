"""The trained weights that come with the package; ``weights/README.md`` is their model card."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zero_leinr.model import ZeroLEINR

RELEASED = Path(__file__).with_name("weights") / "zero_leinr.safetensors"
"""Half precision, with the record of the training in the header."""


def load_released(device: str = "cpu") -> "ZeroLEINR":
    """The released model, ready for :func:`zero_leinr.inference.enhance`; needs no network.

    Args:
        device: Where to.

    Example:
        >>> import numpy as np
        >>> from zero_leinr.inference import enhance
        >>> photo = np.zeros((40, 60, 3), np.uint8)
        >>> enhance(load_released(), photo, padding="minimal").shape
        (40, 60, 3)
    """
    from zero_leinr.checkpoint import load_model  # torch: whoever asks for the path needs none

    return load_model(RELEASED, device)
