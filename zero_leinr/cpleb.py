"""CPLEB, the first stage: a branch for light, a branch for color, and their fusion."""

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zero_leinr.curves import CurveEstimator

BRANCHES = ("light", "color")


def fuse(light: Tensor, color: Tensor) -> Tensor:
    """Gives each pixel the magnitude of the light branch and the direction of the color branch.

    ``fused = ||light||_2 * color / max(||color||_2, 1e-12)``, norms over the three channels.

    Args:
        light: (B, 3, H, W), output of the light branch.
        color: (B, 3, H, W), output of the color branch.

    Returns:
        (B, 3, H, W); may exceed 1 where the two branches disagree.

    Source: ``train.py`` of nycu-acm/Zero-LEINR.
    """
    return torch.linalg.vector_norm(light, dim=1, keepdim=True) * F.normalize(color, dim=1)


class CPLEB(nn.Module):
    """Color preservation and light enhancement block.

    Args:
        branches: Which of ``light`` and ``color`` to build. With one branch alone there is
            nothing to fuse, and its output is the stage's output.
    """

    def __init__(self, branches: Collection[str] = BRANCHES) -> None:
        super().__init__()
        self.branches = nn.ModuleDict({b: CurveEstimator() for b in BRANCHES if b in branches})

    def forward(self, image: Tensor) -> Tensor:
        """Enhances (B, 3, H, W) in [0, 1], any size; the result is not clipped."""
        enhanced = [branch(image)[0] for branch in self.branches.values()]
        return fuse(*enhanced) if len(enhanced) == 2 else enhanced[0]
