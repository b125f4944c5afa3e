"""Published weights: found or downloaded, and checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.data import download as net
from experiments.sheets.datasets import data_folder
from experiments.sheets.reading import PACKAGE, load_checked
from experiments.sheets.weights import RELEASED_NAME, WEIGHTS
from zero_leinr.errors import InputError, unknown
from zero_leinr.released import RELEASED

PACKAGED = PACKAGE / "score" / "parameters"
"""Parameters of metrics that come with the suite, each with its license beside it."""

LPIPS_TRUNKS = ("alexnet_features", "alexnet", "alexnet_half")
"""Entries for AlexNet's convolutions; the first that is there is used."""


def weights_file(name: str, *, download: bool = True, registry: Path = WEIGHTS) -> Path:
    """Find, or else download, a file of published weights and check it.

    Args:
        name: name in `config/weights.yaml`, or `released` for those that come with the package.
        download: whether a missing file may be downloaded.
        registry: the registry file.

    Returns:
        Its path: `weights/<file>` in the data folder, the entry's own `path`, or what comes with
        the suite.

    Raises:
        InputError: unknown name, missing file (with address, sha256 and folder), wrong checksum.
    """
    if name == RELEASED_NAME:
        return RELEASED
    known = load_checked(registry, "weights.schema.yaml")
    if name not in known:
        raise unknown("weights", name, known, registry)
    entry = known[name]
    path = weights_path(entry)
    address, sha256 = entry.get("address"), entry.get("sha256", "")
    if "path" in entry and not path.is_file():
        raise InputError(f"{registry.name}: {name}: {path}: no such file")
    if path.exists():
        net.verify(path, sha256, name=f"{address}, kept as {path}" if address else path)
    elif download and address:
        most = entry.get("bytes", net.MOST)
        net.download([address, *entry.get("mirrors", [])], path, sha256, most)
    else:
        raise InputError(
            f"{path.name}: missing; put it into {path.parent} "
            f"(from {address or 'no public address'}, sha256 {sha256})"
        )
    return path


def weights_path(entry: Mapping[str, Any]) -> Path:
    """Return where the file of an entry of ``weights.yaml`` belongs, or is."""
    if "packaged" in entry:
        return PACKAGED / entry["packaged"]
    return data_folder() / (entry.get("path") or Path("weights", entry["file"]))


def lpips_trunk_file() -> Path:
    """Find AlexNet's convolutions for LPIPS.

    Returns:
        `alexnet_features.npz` or torchvision's `.pth` in the data folder; else the convolutions in
        half precision, which come with the suite.

    Raises:
        InputError: a file is there and spoilt.
    """
    known = load_checked(WEIGHTS, "weights.schema.yaml")
    there = [name for name in LPIPS_TRUNKS if weights_path(known[name]).exists()]
    return weights_file(there[0] if there else LPIPS_TRUNKS[-1], download=False)
