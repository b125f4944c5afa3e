"""Training images, decoded and resized once into one file that all runs of a study share."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.progress import progress_bar
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError
from zero_leinr.images import read_image


def prepare(images: Sequence[str | Path], side: int, path: Path) -> None:
    """Write the images as one array that trainings map into memory.

    Resized as the official code does: both sides to ``side``, bilinear with antialiasing.

    Args:
        images: Image files, in the order to keep.
        side: Side in pixels.
        path: The ``.npy`` file, uint8 (N, side, side, 3) RGB; it appears whole or not at all.

    Raises:
        InputError: An image cannot be read, or there is none.
    """
    if not images:
        raise InputError(f"{path}: there are no training images to prepare")
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(images), side, side, 3)}
    bar = progress_bar("prepare", "image", len(images))
    # Written, not mapped into memory: there, a full disk kills a process without a word.
    with closing(bar), replacing(path) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for image in images:
            file.write(resized(read_image(image), side).tobytes())
            bar.update(1)


def prepare_folder(images: Sequence[Path], side: int, path: Path) -> None:
    """Write the images of a folder as ``prepare`` does, unless they are there as they are now.

    Names, sizes and times of the images stand in a file beside the array.

    Raises:
        InputError: An image cannot be read, or there is none.
    """
    note = path.with_suffix(".txt")
    stats = [(image, image.stat()) for image in images]
    seen = "".join(f"{image} {stat.st_size} {stat.st_mtime_ns}\n" for image, stat in stats)
    if path.exists() and note.exists() and note.read_text(encoding="utf-8") == seen:
        return
    prepare(images, side, path)
    with replacing(note) as temporary:
        temporary.write_text(seen, encoding="utf-8")


def resized(image: np.ndarray, side: int) -> np.ndarray:
    """Resize (H, W, 3) uint8 to (side, side, 3), bilinear with antialiasing (Pillow)."""
    if image.shape[:2] == (side, side):
        return image
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR))


def load(path: Path) -> np.ndarray:
    """Map prepared training images into memory, uint8 (N, S, S, 3).

    Raises:
        InputError: The file is missing or damaged.
    """
    try:
        if not path.is_file():
            raise OSError("not a file")
        array = np.load(path, mmap_mode="r")
        if not isinstance(array, np.ndarray):
            raise ValueError("an archive, not an array")
        return array
    except Exception as error:  # numpy raises whatever the damaged bytes provoke
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path}: no prepared training images; make them with `zero-leinr prepare` ({reason})"
        ) from error
