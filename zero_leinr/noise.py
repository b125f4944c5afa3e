"""Training noise: the models that the official ``AugmentNoise`` offers."""

import torch
from torch import Tensor

from zero_leinr.recipe import parse_noise


def add_noise(image: Tensor, name: str, generator: torch.Generator | None = None) -> Tensor:
    """Add training noise to a batch.

    Args:
        image: x, (B, 3, H, W), RGB in [0, 1].
        name: The noise model (see ``recipe.parse_noise``). ``poisson``: ``Poisson(l * x) / l``
            with l photons at full scale; ``gauss``: a standard deviation in 255ths; ``mix``: both,
            each with its own draw from the same range.
        generator: The random stream, on the image's device.

    Returns:
        (B, 3, H, W), not clipped: Poisson noise may exceed 1, Gaussian noise may leave [0, 1].

    Source: ``utils.py`` of nycu-acm/Zero-LEINR.
    """
    model = parse_noise(name)
    if model is None:
        return image
    kind, low, high = model

    def draw_level() -> Tensor:
        unit = torch.rand(len(image), 1, 1, 1, generator=generator, device=image.device)
        return unit * (high - low) + low

    noisy = image
    if kind in ("poisson", "mix"):
        photons = draw_level()
        noisy = torch.poisson(photons * image, generator=generator) / photons
        # torch.poisson drops the memory format; channels-last makes all that follows faster.
        noisy = noisy.contiguous(memory_format=torch.channels_last)
    if kind in ("gauss", "mix"):
        unit = torch.randn(image.shape, generator=generator, device=image.device)
        noisy = noisy + draw_level() / 255 * unit
    return noisy
