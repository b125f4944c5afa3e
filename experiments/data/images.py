"""Images on disk: read as what they show, written whole or not at all, listed and paired by name.

In a study an image on disk is 8-bit RGB. Users bring more than that (grey, 16-bit, transparent,
palette, CMYK, turned by an EXIF tag), and broken files too; this module is where both are met.
"""

import contextlib
import os
import re
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

#: Smallest side of an image, in pixels: the denoiser halves its input five times (2^5 = 32).
MIN_SIDE = 32

#: Of zlib. Against its usual 6: a third of the time (36 ms for 600x400), 14 % more bytes.
PNG_LEVEL = 1

#: EXIF orientation -> how such an image is turned to what it shows; 1, upright, is not.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: What Pillow raises on tags and chunks that are not what their format says.
BROKEN = (SyntaxError, TypeError, ValueError, struct.error)

#: Kinds of images that are not read; who has some in a folder is told.
OTHERS = frozenset(
    {".arw", ".avif", ".cr2", ".cr3", ".dng", ".gif", ".heic", ".heif", ".nef", ".raw"}
)

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read any common image file as what it shows.

    Grey becomes three equal channels; 16 bits are scaled to 8 (65535 is white); transparent parts
    show the white of a page; palette and CMYK are converted; an EXIF orientation is applied, a
    damaged one ignored; of several frames the first is taken.

    Args:
        path: an image file.

    Returns:
        uint8 array (H, W, 3), RGB.

    Raises:
        InputError: the file is missing, unreadable, truncated or not an image, holds floating-point
            pixels (they have no agreed white), or has a side under 32 px.
    """
    path = Path(path)
    with _explained(path), Image.open(path) as file:
        file.load()
        array = np.array(_to_rgb(_turned(file)))
    check_side(path, array.shape[1], array.shape[0])
    return array


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return (width, height) in pixels as shown, without converting the pixels.

    Raises:
        InputError: the file is missing, unreadable or not an image.
    """
    path = Path(path)
    with _explained(path), Image.open(path) as file:
        width, height = file.size
        on_its_side = _orientation(file) >= 5
    return (height, width) if on_its_side else (width, height)


def color_profile(path: str | os.PathLike[str]) -> bytes | None:
    """Return the ICC profile of an RGB image, which says what its colors are; None without one.

    Raises:
        InputError: the file is missing, unreadable or not an image.
    """
    path = Path(path)
    with _explained(path), Image.open(path) as file:
        # The profile of grey or CMYK says nothing of the RGB that `read_image` makes of them.
        return file.info.get("icc_profile") if file.mode in ("RGB", "RGBA") else None


def write_image(
    path: str | os.PathLike[str], array: np.ndarray, profile: bytes | None = None
) -> None:
    """Write an 8-bit RGB PNG; at no moment does a half-written file carry the name.

    Missing parent folders are made.

    Args:
        path: where to; its suffix should be `.png`.
        array: uint8 (H, W, 3), RGB.
        profile: an ICC profile to keep with it.

    Raises:
        InputError: the folder or the file cannot be written.
        TypeError: the array is not uint8 (H, W, 3): a programming error, not a user's.
    """
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise TypeError(f"expected uint8 (H, W, 3), got {array.dtype} {array.shape}")
    with replacing(path) as temporary:
        Image.fromarray(array).save(
            temporary, format="PNG", compress_level=PNG_LEVEL, icc_profile=profile
        )


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
        raise InputError(f"{folder}: cannot be listed ({error.strerror or error})") from error
    if not paths:
        raise InputError(f"{folder}: no images in this folder (looked for {_suffix_text()})")
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


def passed_over(folder: Path) -> str:
    """Say how many images of a folder `list_images` does not take: "12 .heic, 1 .dng", or ""."""
    suffixes = Counter(path.suffix.lower() for path in folder.iterdir())
    return ", ".join(f"{suffixes[kind]} {kind}" for kind in sorted(OTHERS & suffixes.keys()))


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


def check_side(path: str | os.PathLike[str], width: int, height: int) -> None:
    """Raise InputError, naming the file, if an image is too small for the denoiser."""
    if min(width, height) < MIN_SIDE:
        raise InputError(f"{path}: {width}x{height} px; each side must be at least {MIN_SIDE} px")


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


def _turned(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation.

    Pillow's `exif_transpose` also writes all tags anew, which fails if any of them is damaged.
    """
    turn = TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1, upright, if there is none or it is damaged."""
    try:
        value = image.getexif().get(0x0112)
    except BROKEN:
        return 1
    return value if isinstance(value, int) and value in TURNS else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any Pillow mode to RGB; see `read_image`."""
    if image.mode == "F":
        raise ValueError("floating-point pixels; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16-bit grey: I;16, or I (32-bit) from some TIFF and PGM files
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("more than 16 bits; save it with 8 or 16 bits")
        return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what Pillow raises on a bad file into one line about that file."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except PermissionError as error:
        raise InputError(f"{path}: no permission to read it") from error
    except Image.UnidentifiedImageError as error:
        raise InputError(f"{path}: not an image, or of a kind that is not supported") from error
    except (*BROKEN, OSError, EOFError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: cannot be read as an image ({reason})") from error


def _is_listed(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _suffix_text() -> str:
    return ", ".join(sorted(SUFFIXES))
