"""Folders of images: listed in natural order and paired by name."""

import os
import re
from collections import Counter
from pathlib import Path

from zero_leinr.errors import InputError
from zero_leinr.images import read_image

OTHERS = frozenset(
    {".arw", ".avif", ".cr2", ".cr3", ".dng", ".gif", ".heic", ".heif", ".nef", ".raw"}
)
"""Kinds of images that are not read; the user is told about them."""

VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def list_images(folder: str | os.PathLike[str]) -> list[Path]:
    """List the image files of a folder in natural order (2 before 10).

    Hidden files, sub-folders and files without an image suffix are passed over.

    Raises:
        InputError: no such folder, no image in it, or two images with one stem: results are named
            by stem, so one would overwrite the other.
    """
    folder = Path(folder)
    try:
        paths = [path for path in folder.iterdir() if _is_listed(path)]
    except OSError as error:
        reason = "it is a file, not a folder" if folder.is_file() else error.strerror or error
        raise InputError(f"{folder}: cannot be listed ({reason})") from error
    if not paths:
        raise _no_images(folder)
    paths.sort(key=lambda path: natural_key(path.name))
    seen: dict[str, Path] = {}
    for path in paths:
        if path.stem in seen:
            raise InputError(
                f"{folder}: {seen[path.stem].name} and {path.name} have the same stem; "
                "results are named by stem, so rename one"
            )
        seen[path.stem] = path
    return paths


def image_folders(folder: Path, without: Path) -> list[Path]:
    """Return the folders with images in and below a folder, in natural order; no hidden ones.

    Args:
        folder: Where to look.
        without: A folder that is left out with all below, since results go there.

    Raises:
        InputError: There is no image anywhere.
    """
    found, left_out = [], without.resolve()
    for where, names, files in os.walk(folder):
        path = Path(where)
        names[:] = sorted((n for n in names if n[0] != "."), key=natural_key)
        names[:] = [name for name in names if (path / name).resolve() != left_out]
        if any(_is_listed(path / name) for name in files):
            found.append(path)
    if not found:
        raise _no_images(folder)
    return found


def passed_over(folder: Path) -> str:
    """Say how many images of a folder `list_images` does not take: "12 .heic, 1 .dng", or ""."""
    suffixes = Counter(path.suffix.lower() for path in folder.iterdir())
    return _counted(suffixes, OTHERS)


def match_pairs(
    low_folder: str | os.PathLike[str],
    high_folder: str | os.PathLike[str],
    check: bool = True,
) -> list[tuple[Path, Path]]:
    """Match low-light images with their references by stem, never by position.

    Args:
        low_folder: folder of low-light images.
        high_folder: folder of references.
        check: decode every image and compare the sizes of each pair.

    Returns:
        (low, high) paths in natural order of the low images.

    Raises:
        InputError: an image without partner, a pair with different sizes (both files named), or
            one that cannot be read.
    """
    low = {path.stem: path for path in list_images(low_folder)}
    high = {path.stem: path for path in list_images(high_folder)}
    for here, there, folder in ((low, high, high_folder), (high, low, low_folder)):
        for stem, path in here.items():
            if stem not in there:
                raise InputError(f"{path}: no partner with the stem {stem!r} in {folder}")
    pairs = [(path, high[stem]) for stem, path in low.items()]
    for pair in pairs if check else []:
        check_same_size(*pair)
    return pairs


def check_same_size(low: Path, high: Path) -> None:
    """Decode both images; raise InputError, naming both files, unless they have one size."""
    (low_h, low_w, _), (high_h, high_w, _) = read_image(low).shape, read_image(high).shape
    if (low_w, low_h) != (high_w, high_h):
        raise InputError(
            f"{low} is {low_w}x{low_h} but its reference {high} is {high_w}x{high_h}; "
            "a pair must have one size"
        )


def check_name(path: Path) -> None:
    """Raise InputError if a file's name is no text (as in old zips): results are named by it."""
    try:
        path.name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise InputError(f"{shown}: this name is not UTF-8; rename the file") from error


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key under which numbers inside names count as numbers: 2.png before 10.png."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), part) if part.isdecimal() else (0, part.lower()) for part in parts]


def _is_listed(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _no_images(folder: Path) -> InputError:
    """Return the error for a folder without images; it says what to do with what is there."""
    suffixes = Counter(path.suffix.lower() for path in folder.rglob("*"))
    others, videos = (_counted(suffixes, kinds) for kinds in (OTHERS, VIDEOS))
    advice = f"; convert these to JPEG or PNG first: {others}" * bool(others)
    advice += f"; write the frames of these as images first: {videos}" * bool(videos)
    looked = ", ".join(sorted(SUFFIXES))
    return InputError(f"{folder}: no images in this folder (looked for {looked}){advice}")


def _counted(suffixes: Counter[str], kinds: frozenset[str]) -> str:
    return ", ".join(f"{suffixes[kind]} {kind}" for kind in sorted(kinds & suffixes.keys()))
