"""Zero-LEINR with the weights that come with this package, as a row beside other methods' weights.

Source: Tang et al., Zero-LEINR, ISCAS 2023; ``zero_leinr/weights/README.md`` says how these weights
were trained.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.registry import Method, options
from zero_leinr.checkpoint import load_model
from zero_leinr.inference import enhance


def build(settings: Mapping[str, Any], weights: Path, device: str) -> Method:
    """Return the whole method, or with ``denoise: false`` its first stage alone."""
    chosen = options(settings, denoise=True)
    model = load_model(weights, device)
    if not chosen["denoise"]:
        model.enrb = None
    return lambda image: enhance(model, image, padding="minimal")
