"""Metrics that the package pyiqa computes, by their names there: ``pyiqa:fsim`` in metrics.yaml.

Only those that need no file: pyiqa would fetch the weights of the others from a hub by itself, and
no checksum here holds their content. pyiqa's license is PolyForm Noncommercial 1.0.0.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from zero_leinr.errors import InputError

WITHOUT_WEIGHTS = (
    *("psnr", "ssim", "ms_ssim", "cw_ssim", "fsim", "vif", "vsi", "gmsd", "nlpd", "mad"),
    *("piqe", "entropy"),
)
"""Those of its metrics that need no file."""


def metric_of(name: str) -> Callable[[np.ndarray, np.ndarray | None, str], float]:
    """Return a metric of pyiqa as the score stage calls one.

    Args:
        name: Its name in pyiqa, one of ``WITHOUT_WEIGHTS``.

    Returns:
        ``metric(enhanced, reference, device) -> float`` on uint8 RGB arrays (H, W, 3).

    Raises:
        InputError: The metric needs weights, or there is none of this name.
    """
    if name not in WITHOUT_WEIGHTS:
        raise InputError(
            f"metrics.yaml: pyiqa:{name}: only metrics that need no weights are computed by pyiqa "
            f"here: {', '.join(WITHOUT_WEIGHTS)}"
        )

    def metric(enhanced: np.ndarray, reference: np.ndarray | None, device: str) -> float:
        import torch

        from zero_leinr.device import choose_device, exact_float32

        device = choose_device(device)
        images = [image for image in (enhanced, reference) if image is not None]
        tensors = [
            torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].to(device) / 255
            for image in images
        ]
        with exact_float32(), torch.inference_mode():
            return float(_loaded(name, device)(*tensors))

    return metric


@functools.cache
def _loaded(name: str, device: str) -> Any:
    """Make it once a process: to import pyiqa takes seconds."""
    import pyiqa

    return pyiqa.create_metric(name, device=device)
