"""Listings: the images of a data set as they were found and checked.

Every later stage reads a listing, never a folder, so that all of them see the same images.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError
from zero_leinr.text_files import parse_json, read_text

LONGEST_NAME = 200
"""Bytes of a name: a file system takes 255, and results have suffixes."""


@dataclass(frozen=True)
class Item:
    """One image: its name in results, its file, the file of its reference if it has one."""

    name: str
    low: str
    high: str | None


@dataclass(frozen=True)
class Listing:
    """The images of a data set as they were found and checked.

    Attributes:
        dataset: name in the registry.
        paired: whether every item has a reference.
        count: images (or pairs) found.
        expected: images (or pairs) that the whole set has.
        sha256: hash over names and file contents; equal listings hold equal pixels.
        source: where the files came from, in words.
        warnings: what a reader of the results must know (missing files, copies used instead).
        items: the images, in natural order.
    """

    dataset: str
    paired: bool
    count: int
    expected: int
    sha256: str
    source: str
    warnings: list[str]
    items: list[Item]

    def summary(self) -> str:
        """Say in one line what was found."""
        what = "pairs" if self.paired else "images"
        of = "" if self.count == self.expected else f" of {self.expected}"
        return f"{self.dataset}: {self.count}{of} {what}, {self.source}"


def content_sha256(items: Iterable[Item]) -> str:
    """Hash names and file contents, as ``Listing.sha256`` has it.

    Raises:
        OSError: A file cannot be read.
    """
    return names_sha256(
        (item.name, [_sha256(path) for path in (item.low, item.high) if path is not None])
        for item in items
    )


def names_sha256(hashed: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Hash the names of items, each with the hashes of its files."""
    digest = hashlib.sha256()
    for name, hashes in hashed:
        digest.update(f"{name} {' '.join(hashes)}\n".encode())
    return digest.hexdigest()


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_listing(listing: Listing, path: str | os.PathLike[str]) -> None:
    """Write a listing as JSON, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(asdict(listing), indent=1) + "\n", encoding="utf-8")


def read_listing(path: str | os.PathLike[str]) -> Listing:
    """Read a listing.

    Raises:
        InputError: missing, or not a listing.
    """
    advice = "make it with `zero-leinr fetch`"
    content = parse_json(read_text(Path(path), "JSON"), path, advice)
    try:
        listing = Listing(**(content | {"items": [Item(**item) for item in content["items"]]}))
        if type(listing.count) is not int or not isinstance(listing.warnings, list):
            raise TypeError
    except (TypeError, KeyError) as error:
        raise InputError(f"{path}: not a listing; {advice}") from error
    for name in (listing.dataset, *(item.name for item in listing.items)):
        _check_name(path, name)
    for item in listing.items:
        if not (isinstance(item.low, str) and isinstance(item.high, str | None)):
            raise InputError(f"{path}: {item.name}: low and high are paths of files; {advice}")
    return listing


def _check_name(path: str | os.PathLike[str], name: object) -> None:
    """Check a name that files are named after: a listing may come from others.

    Raises:
        InputError: It would be a file in another folder, or no file at all.
    """
    try:
        plain = isinstance(name, str) and re.fullmatch(r"(?!\.)[^/\\\0]+", name)
        if plain and len(str(name).encode()) <= LONGEST_NAME:
            return
    except UnicodeEncodeError:  # half of a character
        pass
    raise InputError(
        f"{path}: {str(name)[:80]!r} cannot be the name of a file: no text, empty, too long, or "
        "with a separator or a dot in front"
    )
