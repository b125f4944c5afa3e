"""Image files: read as what they show, written whole or not at all.

In a study, an image on disk is 8-bit RGB. Users bring more than that (gray, 16-bit, transparent,
palette, CMYK, turned by an EXIF tag), and broken files, too.
"""

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

MIN_SIDE = 32
"""Smallest side of an image, in pixels: the denoiser halves its input five times (2^5 = 32)."""

PNG_LEVEL = 1
"""Of zlib. Compared with level 6: a third of the time (36 ms for 600x400), 14 % more bytes."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How an image with this EXIF orientation is turned upright. 1 already is upright."""

BROKEN = (SyntaxError, TypeError, ValueError, struct.error)
"""What Pillow raises on tags and chunks that violate their format."""


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Read any common image file as what it shows.

    Gray becomes three equal channels; 16 bits are scaled to 8 (65535 is white); transparent parts
    become white; palette and CMYK are converted; an EXIF orientation is applied, a damaged one
    ignored; of several frames, the first is taken.

    Args:
        path: An image file.

    Returns:
        uint8 array (H, W, 3), RGB.

    Raises:
        InputError: The file is missing, unreadable, truncated or not an image, holds floating-point
            pixels (whose white is not defined), or has a side under 32 px.
    """
    path = Path(path)
    with opened(path) as file:
        file.load()
        array = np.array(_to_rgb(upright(file)))
    check_side(path, array.shape[1], array.shape[0])
    return array


def open_image(path: str | os.PathLike[str]) -> Image.Image:
    """Open an image file with all its pixels, as it is stored.

    Raises:
        InputError: The file is missing, unreadable, truncated or not an image.
    """
    path = Path(path)
    with opened(path) as file:
        file.load()
    return file


def image_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return (width, height) in pixels as shown, without converting the pixels.

    Raises:
        InputError: The file is missing, unreadable or not an image.
    """
    path = Path(path)
    with opened(path) as file:
        width, height = file.size
        on_its_side = orientation(file) >= 5
    return (height, width) if on_its_side else (width, height)


def color_profile(path: str | os.PathLike[str]) -> bytes | None:
    """Return the ICC color profile of an RGB image, or None if it has none.

    Raises:
        InputError: The file is missing, unreadable or not an image.
    """
    path = Path(path)
    with opened(path) as file:
        # The profile of gray or CMYK does not describe the RGB that `read_image` returns.
        return file.info.get("icc_profile") if file.mode in ("RGB", "RGBA") else None


def write_image(
    path: str | os.PathLike[str], array: np.ndarray, profile: bytes | None = None
) -> None:
    """Write an 8-bit RGB PNG, atomically.

    Missing parent folders are made.

    Args:
        path: The file; its suffix should be ``.png``.
        array: uint8 (H, W, 3), RGB.
        profile: An ICC color profile for the file.

    Raises:
        InputError: The folder or the file cannot be written.
        TypeError: The array is not uint8 (H, W, 3): a programming error, not a user's.
    """
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise TypeError(f"expected uint8 (H, W, 3), got {array.dtype} {array.shape}")
    with replacing(path) as temporary:
        Image.fromarray(array).save(
            temporary, format="PNG", compress_level=PNG_LEVEL, icc_profile=profile
        )


def check_side(path: str | os.PathLike[str], width: int, height: int) -> None:
    """Raise InputError, naming the file, if an image is too small for the denoiser."""
    if min(width, height) < MIN_SIDE:
        raise InputError(f"{path}: {width}x{height} px; each side must be at least {MIN_SIDE} px")


def upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation.

    Pillow's ``exif_transpose`` also rewrites all tags, which fails if any of them is damaged.
    """
    turn = TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1, upright, if there is none or it is damaged."""
    try:
        value = image.getexif().get(0x0112)
    except BROKEN:
        return 1
    return value if isinstance(value, int) and value in TURNS else 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any Pillow mode to RGB; see ``read_image``."""
    if image.mode == "F":
        raise ValueError("floating-point pixels; save it with 8 or 16 bits")
    if image.mode.startswith("I"):  # 16-bit gray: I;16, or I (32-bit) from some TIFF and PGM files
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("more than 16 bits; save it with 8 or 16 bits")
        return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


@contextlib.contextmanager
def opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open an image file; all that goes wrong in the block is one line about that file."""
    with explained(path):
        # A pipe may never end, and a device is no image.
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a file")
        with Image.open(path) as file:
            yield file


@contextlib.contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn what Pillow raises on a bad file into one line about that file."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except PermissionError as error:
        raise InputError(f"{path}: no permission to read it") from error
    except Image.UnidentifiedImageError as error:
        raise InputError(
            f"{path}: not an image of a kind that is read; "
            "convert it to JPEG, PNG, TIFF, WebP or BMP first"
        ) from error
    except InputError:
        raise
    except (*BROKEN, OSError, EOFError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: cannot be read as an image ({reason})") from error
