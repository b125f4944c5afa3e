"""One optimizer step with its gradient clipped, or none where the gradient overflowed.

Written plainly, this is ``if isfinite(norm): clip the gradients; optimizer.step()``. But to read a
norm on the CPU, a GPU must first finish all its work. Fused Adam decides on the device: it divides
the gradients by ``grad_scale``, and changes neither weights nor moments where ``found_inf`` is 1.
PyTorch's gradient scaler for half precision sets the same two attributes.
"""

import functools
import math

import torch
from torch import Tensor, nn

UNPROVEN = ("mps",)
"""Device types whose fused Adam is tried first: some versions ignore both attributes there."""


def clip_or_skip(optimizer: torch.optim.Adam, clip: float | None) -> Tensor:
    """Take one step of a fused Adam, without waiting for the device.

    Args:
        optimizer: Adam with ``fused=True``; its weights have their gradients.
        clip: Largest norm of all gradients together; None does not clip.

    Returns:
        Whether the step was taken: a boolean scalar on the device.

    Examples:
        >>> weight = nn.Parameter(torch.ones(1))
        >>> adam = torch.optim.Adam([weight], lr=0.5, fused=True)
        >>> weight.grad = torch.tensor([torch.inf])
        >>> clip_or_skip(adam, clip=0.1), weight.item()
        (tensor(False), 1.0)
        >>> weight.grad = torch.tensor([3.0])
        >>> clip_or_skip(adam, clip=0.1), weight.item()
        (tensor(True), 0.5)
        >>> weight.grad  # clipped
        tensor([0.1000])
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    norm = nn.utils.get_total_norm([w.grad for w in weights if w.grad is not None])
    finite = torch.isfinite(norm)
    if norm.device.type in UNPROVEN and not fused_adam_obeys(norm.device):
        if finite:
            nn.utils.clip_grads_with_norm_(weights, clip or math.inf, norm)
            optimizer.step()
        return finite
    optimizer.found_inf = (~finite).float()  # type: ignore[attr-defined]
    if clip is not None:
        scale = (norm + 1e-6) / clip
        optimizer.grad_scale = scale.clamp(min=1)  # type: ignore[attr-defined]
    optimizer.step()
    return finite


@functools.cache
def fused_adam_obeys(device: torch.device) -> bool:
    """Try on one weight whether fused Adam heeds ``grad_scale`` and ``found_inf``."""
    weight = nn.Parameter(torch.zeros(1, device=device))
    adam = torch.optim.Adam([weight], lr=1.0, fused=True)
    for found_inf in (0.0, 1.0):
        weight.grad = torch.full_like(weight, 4.0)
        adam.grad_scale = torch.tensor(2.0, device=device)  # type: ignore[attr-defined]
        adam.found_inf = torch.tensor(found_inf, device=device)  # type: ignore[attr-defined]
        adam.step()
    # One step was taken, on a gradient of 2: the first moment is a tenth of it.
    return abs(adam.state[weight]["exp_avg"].item() - 0.2) < 1e-6
