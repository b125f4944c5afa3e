"""Random tensors that are the same in every run, and images as tensors."""

import torch


def rand(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def to_tensor(image):
    """(H, W, 3) uint8 as (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None] / 255
