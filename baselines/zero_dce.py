"""Zero-DCE: eight pixel-wise curves estimated by a small network, trained without references.

Source: C. Guo et al., "Zero-Reference Deep Curve Estimation for Low-Light Image Enhancement",
CVPR 2020; test rules of ``lowlight_test.py`` in Li-Chongyi/Zero-DCE at e0f4adc5: any size, the
image after all eight curves, rounded. Its network is the curve estimator of Zero-LEINR.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from baselines.networks import load, rounded, to_tensor
from baselines.registry import Method, options
from zero_leinr.curves import CurveEstimator


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """Zero-DCE with the given weights. No settings."""
    options(settings)
    network = load(CurveEstimator(), weights, device)

    @torch.inference_mode()
    def method(image: np.ndarray) -> np.ndarray:
        enhanced, _ = network(to_tensor(image, device))
        return rounded(enhanced)

    return method
