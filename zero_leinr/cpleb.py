"""CPLEB, the first stage: a branch for light, a branch for color, and their fusion."""

from collections.abc import Collection

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zero_leinr.curves import CurveEstimator

BRANCHES = ("light", "color")


def fuse(light: Tensor, color: Tensor) -> Tensor:
    """Combine, at each pixel, the light branch's magnitude with the color branch's direction.

    ``fused = ||light||_2 * color / max(||color||_2, 1e-12)``, norms over the three channels.

    Args:
        light: (B, 3, H, W), output of the light branch.
        color: (B, 3, H, W), output of the color branch.

    Returns:
        (B, 3, H, W); may exceed 1 where the two branches disagree.

    Source: ``train.py`` of nycu-acm/Zero-LEINR.

    Examples:
        >>> light = torch.tensor([3.0, 4.0, 0.0]).view(1, 3, 1, 1)  # of length 5
        >>> color = torch.tensor([0.0, 0.0, 0.1]).view(1, 3, 1, 1)  # blue
        >>> fuse(light, color).flatten()
        tensor([0., 0., 5.])
    """
    return torch.linalg.vector_norm(light, dim=1, keepdim=True) * F.normalize(color, dim=1)


class CPLEB(nn.Module):
    """Color preservation and light enhancement block.

    Args:
        branches: Which of ``light`` and ``color`` to build. The output of a single branch is the
            stage's output: there is nothing to fuse.
    """

    def __init__(self, branches: Collection[str] = BRANCHES) -> None:
        super().__init__()
        self.branches = nn.ModuleDict({b: CurveEstimator() for b in BRANCHES if b in branches})

    def forward(self, image: Tensor) -> Tensor:
        """Enhance a batch.

        Args:
            image: (B, 3, H, W), RGB in [0, 1], any size.

        Returns:
            (B, 3, H, W), not clipped.
        """
        enhanced = [branch(image)[0] for branch in self.branches.values()]
        return fuse(*enhanced) if len(enhanced) == 2 else enhanced[0]
