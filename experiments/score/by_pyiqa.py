"""Metrics that the package pyiqa computes, by their names there: ``pyiqa:fsim`` in metrics.yaml.

pyiqa would fetch weights from a hub by itself, and no checksum here would hold their content. So a
metric either needs no file, or its entry names one under ``weights``: an address and a checksum in
weights.yaml, in the data folder. While a metric is made, the network is out of reach. pyiqa's
license is PolyForm Noncommercial 1.0.0.
"""

import contextlib
import functools
import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from zero_leinr.errors import InputError

WITHOUT_WEIGHTS = (
    *("psnr", "ssim", "ms_ssim", "cw_ssim", "fsim", "vif", "vsi", "gmsd", "nlpd", "mad"),
    *("piqe", "entropy"),
)
"""Those of its metrics that need no file."""


def metric_of(
    name: str, weights: Path | None = None
) -> Callable[[np.ndarray, np.ndarray | None, str], float]:
    """Return a metric of pyiqa as the score stage calls one.

    Args:
        name: Its name in pyiqa.
        weights: The file with its weights; None for those in ``WITHOUT_WEIGHTS``.

    Returns:
        ``metric(enhanced, reference, device) -> float`` on uint8 RGB arrays (H, W, 3).

    Raises:
        InputError: The metric needs weights and has none.
    """
    if weights is None and name not in WITHOUT_WEIGHTS:
        raise InputError(
            f"metrics.yaml: pyiqa:{name}: name its file under `weights` (an entry with address and "
            f"sha256 in weights.yaml); without one, pyiqa computes {', '.join(WITHOUT_WEIGHTS)}"
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
            return float(_loaded(name, weights, device)(*tensors))

    return metric


@functools.cache
def _loaded(name: str, weights: Path | None, device: str) -> Any:
    """Make it once a process: to import pyiqa takes seconds.

    Raises:
        InputError: It needs other files than the one that its entry names.
    """
    import pyiqa

    given = {} if weights is None else {"pretrained_model_path": str(weights)}
    try:
        with _offline(name), contextlib.redirect_stdout(io.StringIO()):  # it prints what it loads
            return pyiqa.create_metric(name, device=device, **given)
    except TypeError as error:  # of one that is made of other metrics
        raise InputError(f"metrics.yaml: pyiqa:{name}: takes no single file ({error})") from error


@contextlib.contextmanager
def _offline(name: str) -> Iterator[None]:
    """Keep the network out of reach; a metric that wants more files than its entry names stops.

    Raises:
        InputError: It looked for a server.
    """

    def refuse(host: str, *_: Any, **__: Any) -> Any:
        raise InputError(
            f"metrics.yaml: pyiqa:{name}: it would fetch a further file from {host}, of which no "
            "entry has a checksum; this metric cannot be used here"
        )

    with patch.object(socket, "getaddrinfo", refuse):  # what every download begins with
        yield
