"""The seven losses as pure functions; none needs a reference image.

Notation: x is the noisy input, e the enhanced image, A the curve maps; B the batch, H and W the
height and width. Images are (B, 3, H, W), RGB, meant to lie in [0, 1]; noise may exceed 1. Every
function returns a scalar. Weights are applied in ``training_step``.

Source: ``Myloss.py`` and ``train.py`` of nycu-acm/Zero-LEINR. Four losses come from Zero-DCE
(Guo et al., CVPR 2020), two from Neighbor2Neighbor (Huang et al., CVPR 2021).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def spatial_consistency(enhanced: Tensor, image: Tensor) -> Tensor:
    """Keep the contrast between neighboring regions.

    ``mean_i sum_j ((E_i - E_j) - (X_i - X_j))**2``, where E and X are the means of e and x over the
    channels and over regions of 4x4 pixels, i runs over the regions and j over the four neighbors
    of i. Outside of the image, E and X are 0. Both differences are linear, so they are taken once,
    of E - X.

    Args:
        enhanced: e, (B, 3, H, W).
        image: x, (B, 3, H, W).

    Returns:
        The loss, a scalar from 0 up.

    Source: Zero-DCE, section 3.3.

    Examples:
        Only the left half gets brighter, so the contrast to the right half changes.

        >>> image = torch.zeros(1, 3, 8, 8)
        >>> enhanced = image.clone()
        >>> enhanced[..., :4] = 1
        >>> spatial_consistency(enhanced, image)
        tensor(2.)
    """
    change = F.avg_pool2d((enhanced - image).mean(1, keepdim=True), 4)
    padded = F.pad(change, (1, 1, 1, 1))
    left, right = padded[..., 1:-1, :-2], padded[..., 1:-1, 2:]
    up, down = padded[..., :-2, 1:-1], padded[..., 2:, 1:-1]
    return torch.stack([(change - near).square() for near in (left, right, up, down)]).sum(0).mean()


def exposure_control(enhanced: Tensor, level: float = 0.6) -> Tensor:
    """Pull the mean of every region towards one level.

    ``mean_i (E_i - level)**2``, where E is the mean of e over the channels and over regions of
    16x16 pixels.

    Args:
        enhanced: e, (B, 3, H, W); H and W at least 16.
        level: Target in [0, 1].

    Returns:
        The loss, a scalar from 0 up.

    Source: Zero-DCE, section 3.3.

    Examples:
        >>> exposure_control(torch.full((1, 3, 32, 32), 0.5), level=1.0)
        tensor(0.2500)
    """
    return (F.avg_pool2d(enhanced.mean(1, keepdim=True), 16) - level).square().mean()


def color_constancy(enhanced: Tensor) -> Tensor:
    """Pull the mean color of every image towards gray.

    ``mean_b sqrt((r - g)**4 + (r - b)**4 + (g - b)**4)``, where r, g, b are an image's channel
    means. The root has no gradient at exactly gray: the official code gives NaN there, this
    function the limit, 0.

    Args:
        enhanced: e, (B, 3, H, W).

    Returns:
        The loss, a scalar from 0 up.

    Source: ``L_color`` of nycu-acm/Zero-LEINR. In Zero-DCE (section 3.3) it has no root.

    Examples:
        >>> gray = torch.full((1, 3, 8, 8), 0.5)
        >>> color_constancy(gray)
        tensor(0.)
        >>> red = gray * torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> color_constancy(red)  # sqrt(2 * 0.5**4)
        tensor(0.3536)
    """
    red, green, blue = enhanced.mean((2, 3)).unbind(1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    safe = torch.where(fourth > 0, fourth, 1.0)
    return torch.where(fourth > 0, safe.sqrt(), 0.0).mean()


def illumination_smoothness(curves: Tensor) -> Tensor:
    """Keep neighboring pixels' curves alike: the total variation of the curve maps.

    ``2 * (sum (dA/dh)**2 / ((H - 1) W) + sum (dA/dw)**2 / (H (W - 1))) / B``, where dA/dh and dA/dw
    are the differences between neighbors and the sums run over batch, maps and pixels.

    Args:
        curves: A, (B, 24, H, W); H and W at least 2.

    Returns:
        The loss, a scalar from 0 up.

    Source: ``L_TV`` of nycu-acm/Zero-LEINR; Zero-DCE, section 3.3.

    Examples:
        Each of 24 maps rises by 1 from column to column.

        >>> ramp = torch.arange(8.0).expand(1, 24, 8, 8)
        >>> illumination_smoothness(ramp)
        tensor(48.)
    """
    batch, _, height, width = curves.shape
    # view_as: the gradients of the two directions are added up one direction at a time. Without it
    # they are the same but for the last bits, and so are all weights trained so far.
    down = curves.view_as(curves).diff(dim=2).square().sum() / ((height - 1) * width)
    across = curves.view_as(curves).diff(dim=3).square().sum() / (height * (width - 1))
    return 2 * (down + across) / batch


def color_angle(enhanced: Tensor, image: Tensor) -> Tensor:
    """Keep the direction of every pixel's color.

    ``mean_p acos(clamp(<e_p, x_p> / (||e_p|| ||x_p||), -0.999999, 0.999999))`` in degrees, where p
    runs over the pixels and e_p, x_p are RGB vectors. A black pixel has no direction: it counts as
    90 degrees, as in the official code. The clamp leaves at least 0.081 degrees.

    Args:
        enhanced: e, (B, 3, H, W).
        image: x, (B, 3, H, W).

    Returns:
        The loss in degrees, a scalar.

    Source: ``train.py`` of nycu-acm/Zero-LEINR.

    Examples:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> yellow = torch.tensor([1.0, 1.0, 0.0]).view(1, 3, 1, 1)
        >>> color_angle(yellow, red)
        tensor(45.)
    """
    cosine = (F.normalize(image, dim=1) * F.normalize(enhanced, dim=1)).sum(1)
    return torch.acos(cosine.clamp(-0.999999, 0.999999)).mean() * (180 / math.pi)


def reconstruction(denoised: Tensor, target: Tensor) -> Tensor:
    """Compare one denoised sub-image with its neighbor: their noises differ, their scene does not.

    ``mean((f(g1) - g2)**2)``, where f is the denoiser and g1, g2 are the two sub-images.

    Args:
        denoised: f(g1), (B, 3, H/2, W/2).
        target: g2, (B, 3, H/2, W/2).

    Returns:
        The loss, a scalar from 0 up.

    Source: Neighbor2Neighbor, the first term of its loss.

    Examples:
        >>> reconstruction(torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 3, 2, 2))
        tensor(0.2500)
    """
    return (denoised - target).square().mean()


def regularization(denoised: Tensor, target: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Allow the two sub-images the difference that the denoised image has, too.

    ``mean((f(g1) - g2 - (G1(f(x)) - G2(f(x))))**2)``, where G1 and G2 take the two sub-images of an
    image: without this term, the denoiser smooths what differs between neighboring pixels.

    Args:
        denoised: f(g1), (B, 3, H/2, W/2).
        target: g2, (B, 3, H/2, W/2).
        first: G1(f(x)), (B, 3, H/2, W/2), without gradient.
        second: G2(f(x)), (B, 3, H/2, W/2), without gradient.

    Returns:
        The loss, a scalar from 0 up.

    Source: Neighbor2Neighbor, the second term of its loss.

    Examples:
        >>> zero, half = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)
        >>> regularization(half, zero, half, zero)
        tensor(0.)
        >>> regularization(half, zero, zero, zero)
        tensor(0.2500)
    """
    return (denoised - target - (first - second)).square().mean()


def of_branch(
    enhanced: Tensor, curves: Tensor, image: Tensor, exposure_level: float
) -> dict[str, Callable[[], Tensor]]:
    """Name the losses that a branch can be trained with.

    A new loss is a function above and a line here; ``recipe.BRANCH_LOSSES`` holds the names.

    Args:
        enhanced: e, (B, 3, H, W).
        curves: A, (B, 24, H, W).
        image: x, (B, 3, H, W).
        exposure_level: Target of the exposure loss.

    Returns:
        The losses by name, each computed when it is called.
    """
    return {
        "smoothness": lambda: illumination_smoothness(curves),
        "spatial": lambda: spatial_consistency(enhanced, image),
        "exposure": lambda: exposure_control(enhanced, exposure_level),
        "constancy": lambda: color_constancy(enhanced),
        "angle": lambda: color_angle(enhanced, image),
    }


def chosen(
    names: tuple[str, ...], enhanced: Tensor, curves: Tensor, image: Tensor, exposure_level: float
) -> dict[str, Tensor]:
    """Compute some of a branch's losses, without weights; arguments as ``of_branch``.

    Examples:
        >>> image = torch.full((1, 3, 32, 32), 0.5)
        >>> chosen(("exposure",), image, image, image, exposure_level=0.6)
        {'exposure': tensor(0.0100)}
    """
    known = of_branch(enhanced, curves, image, exposure_level)
    return {name: known[name]() for name in names}
