"""The registry of data sets: `config/datasets.yaml`, checked by its schema.

Files are looked for in the data folder: the one that $ZERO_LEINR_DATA names, else `data`.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from experiments.sheets.reading import PACKAGE, load_checked, read_manifest
from zero_leinr.errors import InputError

REGISTRY = PACKAGE / "config" / "datasets.yaml"


@dataclass(frozen=True, eq=False)
class Source:
    """Where files come from; see config/datasets.yaml."""

    manifest: dict[str, str]  # file in the data folder -> checksum
    licence: str
    citation: str
    cite: str | None = None
    address: str | None = None
    mirrors: list[str] = field(default_factory=list)  # tried after the address
    archive: str | None = None
    folders: dict[str, str] = field(default_factory=dict)  # in the data folder -> in the archive


@dataclass(frozen=True)
class DatasetConfig:
    """One entry of the registry, with its defaults filled in.

    `low`, `instead`: prefix of the image names (empty for a single folder) -> folder.
    `without`: names of images that are left out.
    """

    name: str
    label: str
    low: dict[str, str]
    high: str | None
    instead: dict[str, str]
    without: frozenset[str]
    count: int | None
    partial: bool
    generated: str | None
    licence: str
    citation: str
    page: str | None
    cite: str | None  # entries of references.bib
    sources: dict[str, Source]  # folder -> its source; empty for a folder of the user's

    @property
    def paired(self) -> bool:
        """Whether there is a reference for each image."""
        return self.high is not None


def data_folder() -> Path:
    """Return $ZERO_LEINR_DATA, else `data` in the working directory."""
    return Path(os.environ.get("ZERO_LEINR_DATA") or "data")


def load_registry(path: Path = REGISTRY) -> dict[str, DatasetConfig]:
    """Load and check the registry of data sets.

    Returns:
        Name -> data set, in the order of the file.

    Raises:
        InputError: a key that is unknown or missing, or of the wrong kind.
    """
    document = load_checked(path, "datasets.schema.yaml")
    by_folder: dict[str, Source] = {}
    for entry in (document.get("sources") or {}).values():
        manifest, folders = _manifest(path, entry["manifest"]), entry.get("folders", {})
        folders = {_plain(here): _plain(inside) for here, inside in folders.items()}
        source = Source(**(entry | {"manifest": manifest, "folders": folders}))
        by_folder |= dict.fromkeys(_folders_of(source.manifest), source)
    return {name: _dataset(name, entry, by_folder) for name, entry in document["datasets"].items()}


def _manifest(registry: Path, name: str) -> dict[str, str]:
    """Read a manifest: in `manifests/` beside the registry file."""
    path = registry.parent / "manifests" / name
    try:
        manifest = read_manifest(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a manifest ({error})") from error
    for file, checksum in manifest.items():
        if file.startswith("/") or ".." in file.split("/") or "\\" in file or "\0" in file:
            raise InputError(f"{path}: {file!r} would be written outside of the data folder")
        if not re.fullmatch("[0-9a-f]{64}|git-blob:[0-9a-f]{40}", checksum):
            raise InputError(f"{path}: {file}: a sha256 has 64 digits, this one is {checksum!r}")
    return manifest


def _folders_of(files: dict[str, str]) -> set[str]:
    return {file.rpartition("/")[0] for file in files}


def _dataset(name: str, entry: dict[str, Any], by_folder: dict[str, Source]) -> DatasetConfig:
    """Fill in the defaults of an entry and connect its folders with their sources."""
    low, instead = _prefixed(entry["low"]), _prefixed(entry.get("instead", {}))
    high = _plain(entry["high"]) if "high" in entry else None
    if high is not None and len(low) > 1:
        raise InputError(f"data set {name!r}: `high` goes with a single folder `low`")
    if instead and instead.keys() != low.keys():
        raise InputError(f"data set {name!r}: `instead` must have the same names as `low`")
    folders = [*low.values(), *instead.values(), *([high] if high else [])]
    sources = {folder: by_folder[folder] for folder in folders if folder in by_folder}
    if sources and len(sources) < len(folders):
        missing = next(folder for folder in folders if folder not in sources)
        raise InputError(f"data set {name!r}: {missing} is in no manifest, its other folders are")
    own = list(dict.fromkeys(sources[f] for f in low.values())) if sources else []
    return DatasetConfig(
        name=name,
        label=entry.get("label", name),
        low=low,
        high=high,
        instead=instead,
        without=frozenset(entry.get("without", [])),
        count=entry.get("count"),
        partial=entry.get("partial", False),
        generated=entry.get("generated"),
        licence=entry.get("licence") or "; ".join(source.licence for source in own) or "the user's",
        citation=entry.get("citation") or "; ".join(source.citation for source in own),
        page=entry.get("page"),
        cite=entry.get("cite") or ",".join(filter(None, (source.cite for source in own))) or None,
        sources=sources,
    )


def _prefixed(folders: str | dict[str, str]) -> dict[str, str]:
    named = {"": folders} if isinstance(folders, str) else folders
    return {prefix: _plain(folder) for prefix, folder in named.items()}


def _plain(folder: str) -> str:
    """Return a folder as manifests name it: `night/low/` is `night/low`, which has checksums."""
    return str(PurePosixPath(folder))
