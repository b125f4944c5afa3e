"""Fixed inputs of the golden tests: the same for the official code and for ours."""

import numpy as np
import torch

PICKED = (slice(None), slice(None), slice(None, None, 5), slice(None, None, 5))
"""Every fifth row and column: enough to hold a module, small enough to store."""


def fill(net: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Sets all weights by name and seed; large enough that every layer matters."""
    with torch.no_grad():
        for name, weight in sorted(net.state_dict().items()):
            rng = np.random.default_rng([seed, *name.encode()])
            fan_in = max(1, weight[0].numel())
            drawn = rng.standard_normal(tuple(weight.shape)) / np.sqrt(fan_in)
            weight.copy_(torch.from_numpy(drawn))
    return net


def sample(weight: torch.Tensor) -> np.ndarray:
    """The first 16 numbers of a tensor and its sum of absolute values."""
    flat = weight.detach().double().flatten()
    return np.append(flat[:16].numpy(), flat.abs().sum().item())


def noisy_batch() -> torch.Tensor:
    """(2, 3, 64, 64) float32: a dark image with noise; some pixels are black."""
    rng = np.random.default_rng(1)
    photons = rng.uniform(5, 50, (2, 1, 1, 1))
    scene = rng.uniform(0, 0.3, (2, 3, 8, 8)).repeat(8, axis=2).repeat(8, axis=3)
    return torch.from_numpy((rng.poisson(photons * scene) / photons).astype(np.float32))


def pair_numbers() -> np.ndarray:
    """(2, 2, 32, 32): a neighbor pair for every 2x2 cell of the batch."""
    pairs = np.array([[0, 1], [0, 2], [1, 3], [2, 3], [1, 0], [2, 0], [3, 1], [3, 2]])
    drawn = np.random.default_rng(2).integers(8, size=(2, 32, 32))
    return pairs[drawn].transpose(0, 3, 1, 2).copy()


def photo() -> np.ndarray:
    """(40, 70, 3) uint8: a small dark image for inference with padding."""
    rng = np.random.default_rng(3)
    return rng.integers(0, 90, (40, 70, 3)).astype(np.uint8)
