"""Photos as files: read with all their bits, written as PNG, JPEG, WebP or TIFF.

EXIF and the color profile are kept. The orientation is applied to the pixels and left out of the
EXIF data, so that no viewer turns the photo again.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError
from zero_leinr.images import BROKEN, PNG_LEVEL, check_side, opened, orientation, read_image

FORMATS = {"png": ".png", "jpg": ".jpg", "webp": ".webp", "tiff": ".tif"}
"""Formats that are written, and the suffix of their files."""

DEEP = ("png", "tiff")
"""Formats that hold 16 bits."""

DESCRIBING = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)
"""EXIF tags that are kept: description, make, model, software, time, artist, copyright. The others
of that level say how the pixels of the original file are stored."""

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
MAKER_NOTE, WIDTH, HEIGHT = 0x927C, 0xA002, 0xA003
"""Tags of the EXIF IFD. A maker's note holds offsets into the original file, so it is left out."""


@dataclass(frozen=True)
class Photo:
    """A photo as it is shown, upright.

    Attributes:
        pixels: uint8 or uint16 (H, W, 3), RGB.
        exif: EXIF data without an orientation, or None.
        profile: ICC color profile, or None.
    """

    pixels: np.ndarray
    exif: bytes | None = None
    profile: bytes | None = None


@dataclass(frozen=True)
class PhotoFiles:
    """Photos to look at, in place of the files of a study; see ``experiments.enhance.run.Files``.

    Attributes:
        kind: One of ``FORMATS``.
        quality: From 1 to 100; of JPEG and WebP.
        compare: Whether each photo is written beside its result, too.
        deep: Whether the method takes float images, so that 16 bits are kept.
    """

    kind: str = "png"
    quality: int = 95
    compare: bool = False
    deep: bool = True

    def read(self, path: str) -> tuple[np.ndarray, Photo]:
        """Return the pixels, uint8, or float32 in [0, 1] where the photo has 16 bits; the photo."""
        photo = read_photo(path)
        if photo.pixels.dtype == np.uint8:
            return photo.pixels, photo
        if self.deep and self.kind in DEEP:
            return photo.pixels / np.float32(65535), photo
        return to_8bit(photo.pixels), photo

    def write(
        self, folder: Path, name: str, image: np.ndarray, made: np.ndarray, about: Photo
    ) -> None:
        """Write a result; and beside the photo, if both are to be compared."""
        target, *more = self.paths(folder, name)
        if made.dtype != np.uint8:
            image, made = ((x * np.float32(65535) + 0.5).astype(np.uint16) for x in (image, made))
        write_photo(target, made, about, self.kind, self.quality)
        for path in more:
            both = beside(to_8bit(image), to_8bit(made))
            write_photo(path, both, Photo(both, None, about.profile), "jpg")

    def paths(self, folder: Path, name: str) -> list[Path]:
        """Return the files that are written for a photo."""
        more = [folder / f"{name}_compare.jpg"] if self.compare else []
        return [folder / f"{name}{FORMATS[self.kind]}", *more]


def read_photo(path: str | Path) -> Photo:
    """Read a photo; 16 bits a channel stay 16 bits.

    Raises:
        InputError: See ``zero_leinr.images.read_image``.
    """
    path = Path(path)
    with opened(path) as image:
        deep = ";16" in f"{image.mode} {getattr(image, 'tile', '')}"
        turned = orientation(image)
        turned_by_reader = image.format == "TIFF"  # OpenCV turns these, and no PNG
        exif = _exif(image, turned)
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
    pixels = _deep_pixels(path, 1 if turned_by_reader else turned) if deep else None
    return Photo(read_image(path) if pixels is None else pixels, exif, profile)


def write_photo(
    path: Path, pixels: np.ndarray, like: Photo, kind: str = "png", quality: int = 95
) -> None:
    """Write a photo, whole or not at all, with the EXIF data and the profile of another one.

    Args:
        path: The file.
        pixels: uint8 or uint16 (H, W, 3), RGB; JPEG and WebP take 8 bits of them.
        like: What the photo was made of.
        kind: One of ``FORMATS``.
        quality: From 1 to 100; of JPEG and WebP.

    Raises:
        InputError: The file cannot be written.
    """
    if pixels.dtype == np.uint16 and kind not in DEEP:
        pixels = to_8bit(pixels)
    with replacing(path) as temporary:
        if pixels.dtype == np.uint16:
            temporary.write_bytes(_deep_file(pixels, like, kind))
            return
        about = {"exif": like.exif, "icc_profile": like.profile}
        settings = {
            "png": {"compress_level": PNG_LEVEL},
            "jpg": {"quality": quality, "subsampling": 0},
            "webp": {"quality": quality},
            "tiff": {},  # compressed, Pillow writes no EXIF data
        }[kind]
        known = {key: value for key, value in about.items() if value}
        names = {"jpg": "JPEG"}
        Image.fromarray(pixels).save(
            temporary, format=names.get(kind, kind.upper()), **settings, **known
        )


def to_8bit(pixels: np.ndarray) -> np.ndarray:
    """Turn 16 bits into 8, rounded; 65535 is white."""
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def beside(before: np.ndarray, after: np.ndarray, width: int = 1200) -> np.ndarray:
    """Return both images side by side with a white line between, each at most so many pixels wide.

    Args:
        before: uint8 (H, W, 3).
        after: Of the same shape.
        width: In pixels.

    Returns:
        uint8 (h, 2 w + 8, 3).
    """
    height, full = before.shape[:2]
    width = min(width, full)
    size = width, max(round(height * width / full), 1)
    small = [
        np.asarray(Image.fromarray(i).resize(size, Image.Resampling.BOX)) for i in (before, after)
    ]
    line = np.full((size[1], 8, 3), 255, np.uint8)
    return np.concatenate([small[0], line, small[1]], axis=1)


def _exif(image: Image.Image, turned: int) -> bytes | None:
    """Return what the EXIF data tell of the photo; None where they are absent or damaged."""
    kept = Image.Exif()
    with contextlib.suppress(*BROKEN):
        found = image.getexif()
        for tag in DESCRIBING:
            if tag in found:
                kept[tag] = found[tag]
        for ifd in (EXIF_IFD, GPS_IFD):
            inner = {k: v for k, v in found.get_ifd(ifd).items() if k != MAKER_NOTE}
            if turned >= 5 and {WIDTH, HEIGHT} <= inner.keys():
                inner[WIDTH], inner[HEIGHT] = inner[HEIGHT], inner[WIDTH]
            if inner:
                kept[ifd] = inner
        return kept.tobytes() if len(kept) else None
    return None


def _deep_pixels(path: Path, turned: int) -> np.ndarray | None:
    """Read 16-bit pixels, which Pillow takes 8 bits of; None where that library cannot, either."""
    import cv2

    raw = np.frombuffer(path.read_bytes(), np.uint8)
    pixels = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16:
        return None
    if pixels.ndim == 2:
        pixels = pixels[..., None].repeat(3, axis=2)
    color = pixels[..., 2::-1] if pixels.shape[2] >= 3 else pixels[..., :1].repeat(3, axis=2)
    if pixels.shape[2] in (2, 4):  # transparent parts become white, as with 8 bits
        alpha = pixels[..., -1:] / np.float32(65535)
        color = (color * alpha + 65535 * (1 - alpha) + 0.5).astype(np.uint16)
    upright = np.ascontiguousarray(_turned(color, turned))
    check_side(path, upright.shape[1], upright.shape[0])
    return upright


def _turned(pixels: np.ndarray, turn: int) -> np.ndarray:
    """Turn (H, W, 3) upright, given its EXIF orientation."""
    if turn >= 5:
        pixels = pixels.swapaxes(0, 1)
    down = -1 if turn in (3, 4, 7, 8) else 1
    right = -1 if turn in (2, 3, 6, 7) else 1
    return pixels[::down, ::right]


def _deep_file(pixels: np.ndarray, like: Photo, kind: str) -> bytes:
    """Return a PNG or TIFF file of 16 bits. A TIFF keeps the profile, and no EXIF data."""
    if kind == "tiff":
        import tifffile

        profile = like.profile
        tags = [(34675, 7, len(profile), profile, True)] if profile else []
        file = io.BytesIO()
        tifffile.imwrite(
            file, pixels, photometric="rgb", compression="zlib", extratags=tags, software=False
        )
        return file.getvalue()
    import cv2

    exif = like.exif.removeprefix(b"Exif\0\0") if like.exif else None
    about = {cv2.IMAGE_METADATA_EXIF: exif, cv2.IMAGE_METADATA_ICCP: like.profile}
    known = {key: np.frombuffer(value, np.uint8) for key, value in about.items() if value}
    written, content = cv2.imencodeWithMetadata(
        ".png", np.ascontiguousarray(pixels[..., ::-1]), list(known), list(known.values())
    )
    if not written:
        raise InputError("16-bit PNG: cannot be written; take --format tiff")
    return content.tobytes()
