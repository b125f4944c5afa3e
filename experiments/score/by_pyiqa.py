"""Metrics that the package pyiqa computes, by their names there: ``pyiqa:fsim`` in metrics.yaml.

pyiqa would fetch weights from a hub by itself, and no checksum here would hold their content. So a
metric either needs no file, or its entry names all of them under ``weights``: addresses and
checksums in weights.yaml, in the data folder. While a metric is made, the network is out of reach,
and pyiqa finds these files, each by its name, where it keeps its downloads. pyiqa's license is
PolyForm Noncommercial 1.0.0.
"""

import contextlib
import functools
import io
import math
import socket
import sys
import tempfile
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import torch

WITHOUT_WEIGHTS = (
    *("psnr", "ssim", "ms_ssim", "cw_ssim", "fsim", "vif", "vsi", "gmsd", "nlpd", "mad"),
    *("piqe", "entropy"),
)
"""Those of its metrics that need no file."""

PLACES = ("checkpoints", "clip", "pyiqa")
"""Folders in torch's cache where torchvision, CLIP and pyiqa keep their downloads."""


def metric_of(
    name: str, weights: Sequence[Path] = ()
) -> Callable[[np.ndarray, np.ndarray | None, str], float]:
    """Return a metric of pyiqa as the score stage calls one.

    Args:
        name: Its name in pyiqa.
        weights: The files that it loads, under the names by which it looks for them; none for those
            in ``WITHOUT_WEIGHTS``. A ``.libsvm`` file stands for pyiqa's ``.pth`` (`read_libsvm`).

    Returns:
        ``metric(enhanced, reference, device) -> float`` on uint8 RGB arrays (H, W, 3).

    Raises:
        InputError: The metric needs weights and has none.
    """
    if not weights and name not in WITHOUT_WEIGHTS:
        raise InputError(
            f"metrics.yaml: pyiqa:{name}: name its files under `weights` (entries with address and "
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
        computed = _loaded(name, tuple(weights), device)
        with exact_float32(), torch.inference_mode():
            try:
                return float(computed(*tensors))
            except AssertionError as error:  # BRISQUE, of an image of one color
                if "variance" in str(error):
                    return math.nan
                raise

    return metric


def read_libsvm(path: Path) -> "tuple[torch.Tensor, torch.Tensor]":
    """Read a model of LIBSVM, as LIVE publishes BRISQUE's, into what pyiqa's file of it holds.

    Args:
        path: A text; after the line ``SV`` one line a support vector, ``coefficient index:value
            ...``, indices from 1, zeros left out.

    Returns:
        Coefficients (n,) and support vectors (n, features), float32.

    Raises:
        InputError: It is something else.
    """
    import torch

    try:
        rows = path.read_text(encoding="ascii").partition("\nSV")[2].split("\n")
        vectors = [row.split() for row in rows if row.strip()]
        parts = [dict(part.split(":") for part in values) for _, *values in vectors]
        found = torch.zeros(len(parts), max(int(index) for row in parts for index in row))
        for vector, row in zip(found, parts, strict=True):
            for index, value in row.items():
                vector[int(index) - 1] = float(value)
        return torch.tensor([float(first) for first, *_ in vectors]), found
    except (ValueError, IndexError) as error:
        raise InputError(f"{path}: not a model of LIBSVM ({error})") from error


@functools.cache
def _loaded(name: str, weights: tuple[Path, ...], device: str) -> Any:
    """Make it once a process: to import pyiqa takes seconds."""
    with (
        _offline(name),
        _package_resources(),
        contextlib.redirect_stdout(io.StringIO()),  # it prints what it loads
    ):
        import pyiqa

        with _cache_of(weights):
            return pyiqa.create_metric(name, device=device)


@contextlib.contextmanager
def _cache_of(weights: Sequence[Path]) -> Iterator[None]:
    """Put these files, and no others, where torchvision, CLIP and pyiqa keep their downloads."""
    import torch
    from pyiqa.utils import download_util

    with tempfile.TemporaryDirectory() as folder:
        for place in (Path(folder, name) for name in PLACES):
            place.mkdir()
            for path in weights:
                if path.suffix == ".libsvm":
                    torch.save(read_libsvm(path), place / f"{path.stem}.pth")
                else:
                    (place / path.name).symlink_to(path.resolve())
        with (
            patch.object(torch.hub, "_hub_dir", folder),
            patch.object(download_util, "DEFAULT_CACHE_DIR", f"{folder}/pyiqa"),
        ):
            yield


@contextlib.contextmanager
def _package_resources() -> Iterator[None]:
    """Lend CLIP's package what it takes from ``pkg_resources``, which setuptools has no more."""
    import packaging.version

    name = "pkg_resources"
    lent = name not in sys.modules
    if lent:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name])["packaging"] = packaging
    try:
        yield
    finally:
        if lent:
            del sys.modules[name]


@contextlib.contextmanager
def _offline(name: str) -> Iterator[None]:
    """Keep the network out of reach; a metric that wants more files than its entry names stops.

    Raises:
        InputError: It looked for a server.
    """

    def refuse(host: str, *_: Any, **__: Any) -> Any:
        raise InputError(
            f"metrics.yaml: pyiqa:{name}: it would fetch a further file from {host}; name every "
            "file that it loads under `weights`, each under the name by which it looks for it"
        )

    with patch.object(socket, "getaddrinfo", refuse):  # what every download begins with
        yield
