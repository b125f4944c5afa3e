"""Random weights with which an output is no flat gray, so that it can be compared."""

import numpy as np
import torch

from experiments.score.perceptual import ALEXNET
from zero_leinr.model import ZeroLEINR


def save_random_trunk(path):
    """Write AlexNet's convolutions for LPIPS; they keep the spread of what passes through them."""
    rng = np.random.default_rng(0)
    arrays = {}
    for layer in ALEXNET:
        name, spread = f"features.{layer.number}", np.sqrt(2 / np.prod(layer.shape[1:]))
        arrays[f"{name}.weight"] = rng.normal(0, spread, layer.shape).astype(np.float32)
        arrays[f"{name}.bias"] = rng.normal(0, 0.1, layer.shape[0]).astype(np.float32)
    np.savez(path, **arrays)
    return path


def contrasted(branches=("light", "color"), denoise=True) -> ZeroLEINR:
    """An untrained model whose output is no flat gray: weights ten times the usual."""
    model = ZeroLEINR(branches, denoise).initialize(0).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 10 if weight.ndim > 1 else 1
    return model.requires_grad_(False)
