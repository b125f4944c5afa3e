"""The seven losses, one pure function each; none needs a reference image.

Images are (B, 3, H, W), RGB; each function returns a scalar. Weights are not applied here.
Source of all: ``Myloss.py`` and ``train.py`` of nycu-acm/Zero-LEINR; the first four come from
Zero-DCE (CVPR 2020), the last two from Neighbor2Neighbor (CVPR 2021).
"""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


def spatial_consistency(enhanced: Tensor, image: Tensor) -> Tensor:
    """Keeps the contrast between neighboring regions.

    The mean over all 4x4 regions of the sum over their four neighbors of
    ``(d_enhanced - d_image)**2``, with d the difference to that neighbor's mean gray; beyond the
    border it is 0. Differences are linear, so those of ``enhanced - image`` are taken once.
    """
    change = F.avg_pool2d((enhanced - image).mean(1, keepdim=True), 4)
    padded = F.pad(change, (1, 1, 1, 1))
    inner = (slice(None), slice(None))
    neighbors = (
        padded[(*inner, slice(1, -1), slice(None, -2))],
        padded[(*inner, slice(1, -1), slice(2, None))],
        padded[(*inner, slice(None, -2), slice(1, -1))],
        padded[(*inner, slice(2, None), slice(1, -1))],
    )
    return torch.stack([(change - n).square() for n in neighbors]).sum(0).mean()


def exposure_control(enhanced: Tensor, level: float = 0.6) -> Tensor:
    """Pulls the mean of every 16x16 region towards ``level``: mean of the squared distance."""
    return (F.avg_pool2d(enhanced.mean(1, keepdim=True), 16) - level).square().mean()


def color_constancy(enhanced: Tensor) -> Tensor:
    """Gray world: ``sqrt((r-g)**4 + (r-b)**4 + (g-b)**4)`` of an image's channel means.

    The root has no gradient at exactly gray, where the official code gives NaN; zero is the
    limit, so it is what is returned there.
    """
    red, green, blue = enhanced.mean((2, 3)).unbind(1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    safe = torch.where(fourth > 0, fourth, 1.0)
    return torch.where(fourth > 0, safe.sqrt(), 0.0).mean()


def illumination_smoothness(curves: Tensor) -> Tensor:
    """Total variation of the curve maps (B, 24, H, W), as the official code normalizes it.

    ``2 * (sum dh**2 / ((H-1) W) + sum dw**2 / (H (W-1))) / B``, sums over batch and channels.
    """
    batch, _, height, width = curves.shape
    down = _SquaredDifferences.apply(curves, 2) / ((height - 1) * width)
    across = _SquaredDifferences.apply(curves, 3) / (height * (width - 1))
    return 2 * (down + across) / batch


class _SquaredDifferences(torch.autograd.Function):
    """Sum of the squared differences of neighbors along a dimension.

    Autograd's own gradient of the two slices fills and adds two whole tensors for each; this one
    takes half of that time.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, dim: int) -> Tensor:
        last = maps.shape[dim] - 1
        differences = maps.narrow(dim, 1, last) - maps.narrow(dim, 0, last)
        ctx.save_for_backward(differences)
        ctx.dim = dim
        return differences.square().sum()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (differences,), dim = ctx.saved_tensors, ctx.dim
        slope = 2 * gradients[0] * differences
        # Zeros beyond both ends: the first neighbor only ever loses, the last only ever gains.
        shape = [0, 0] * (slope.dim() - 1 - dim)
        return F.pad(slope, [*shape, 1, 0]) - F.pad(slope, [*shape, 0, 1]), None


def color_angle(enhanced: Tensor, image: Tensor) -> Tensor:
    """Mean angle in degrees between the two images' RGB vectors, cosine clamped to +-0.999999.

    A black pixel has no direction; it counts as 90 degrees, as in the official code.
    """
    cosine = (F.normalize(image, dim=1) * F.normalize(enhanced, dim=1)).sum(1)
    return torch.acos(cosine.clamp(-0.999999, 0.999999)).mean() * (180 / math.pi)


def reconstruction(denoised: Tensor, target: Tensor) -> Tensor:
    """Neighbor2Neighbor's first term, ``mean((f(g1) - g2)**2)``.

    Args:
        denoised: f(g1), the denoised first sub-image.
        target: g2, the second sub-image as it is.
    """
    return (denoised - target).square().mean()


def regularization(denoised: Tensor, target: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Neighbor2Neighbor's second term, ``mean((f(g1) - g2 - (G1(f(x)) - G2(f(x))))**2)``.

    Args:
        denoised: f(g1).
        target: g2.
        first: G1(f(x)), first sub-image of the denoised whole, without gradient.
        second: G2(f(x)), second sub-image of the same.
    """
    return (denoised - target - (first - second)).square().mean()
