"""Previews of a study's images and maps of their errors, small enough for a page.

A preview is WebP of quality 90. An error map is computed from the images themselves, never from
their previews: ``|output - reference|``, mean over RGB, white where it is 0.
"""

import base64
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from experiments.data.images import read_image
from experiments.data.listing import Item
from experiments.progress import progress_bar
from experiments.results_folder import ResultsFolder
from zero_leinr.atomic_write import replacing

SIDE = 600  # pixels of a preview's longer side: LOL's images stay as they are
ERROR_SIDE = 400  # of an error map's
QUALITY = 90
BLACK = 128  # levels of 255 from which an error map is black
INPUT, REFERENCE = "input", "reference"


@dataclass(frozen=True)
class ImageFiles:
    """One image of a data set with its files: the input, each method's output, the reference."""

    dataset: str
    name: str
    files: dict[str, Path]


@dataclass(frozen=True)
class Previews:
    """A picture made small: WebP files by method, and the mean error of each in levels."""

    files: ImageFiles
    width: int
    height: int
    shown: dict[str, bytes]
    errors: dict[str, bytes] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes that it takes inside the page."""
        files = (*self.shown.values(), *self.errors.values())
        return sum(4 * len(file) // 3 + 32 for file in files)


def make_previews(images: Iterable[ImageFiles]) -> Iterator[Previews]:
    """Make the previews of images, in their order, as many at a time as there are CPUs.

    Raises:
        InputError: An image cannot be read.
    """
    images = list(images)
    bar = progress_bar("previews", "image", len(images))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for previews in pool.map(make, images):
            bar.update(1)
            yield previews
    bar.close()


def make(files: ImageFiles) -> Previews:
    """Make the previews of one image.

    Raises:
        InputError: An image cannot be read.
    """
    reference = read_image(files.files[REFERENCE]) if REFERENCE in files.files else None
    height, width = read_image(files.files[INPUT]).shape[:2]
    made = Previews(files, width, height, {})
    for key, path in files.files.items():
        image = read_image(path)
        made.shown[key] = to_webp(framed(image, height, width), SIDE)
        if reference is not None and key != REFERENCE:
            error = error_of(image, reference)
            made.errors[key] = to_webp(framed(error_map(error), height, width), ERROR_SIDE)
            made.levels[key] = round(float(error.mean()), 1)
    return made


def framed(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image at its place in the input's frame: white where its method crops it.

    Args:
        image: uint8 (H, W, 3) or (H, W).
        height: Of the frame; what lies outside of it is cut off.
        width: Likewise.
    """
    down, right = max(0, height - image.shape[0]), max(0, width - image.shape[1])
    short = [(0, down), (0, right), (0, 0)][: image.ndim]
    return np.pad(image, short, constant_values=255)[:height, :width]


def error_of(image: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return ``|image - reference|``, mean over RGB: float (H, W) in levels, from 0 to 255.

    A method that crops is held against the part of the reference that it shows, as in its scores.
    """
    height, width = np.minimum(image.shape, reference.shape)[:2]
    shown = image[:height, :width].astype(np.int16)
    return np.abs(shown - reference[:height, :width]).mean(axis=2)


def error_map(error: np.ndarray) -> np.ndarray:
    """Draw errors in levels, (H, W), as gray uint8: 0 is white, ``BLACK`` and more is black."""
    return np.round(255 * (1 - np.minimum(error, BLACK) / BLACK)).astype(np.uint8)


def to_webp(image: np.ndarray, side: int) -> bytes:
    """Encode uint8 (H, W, 3) or (H, W), made smaller where its longer side exceeds ``side``."""
    drawn = Image.fromarray(image)
    drawn.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    drawn.save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """Return a file as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def place_inside(previews: Previews) -> dict[str, Any]:
    """Describe a picture for the page's script, its files inside the page."""
    return _described(
        previews,
        {key: data_uri(file, "image/webp") for key, file in previews.shown.items()},
        {key: data_uri(file, "image/webp") for key, file in previews.errors.items()},
    )


def place_beside(previews: Previews, folder: Path) -> dict[str, Any]:
    """Describe a picture likewise, its files in a folder beside the page.

    Raises:
        InputError: A file cannot be written.
    """
    below = f"{previews.files.dataset}/{previews.files.name}"

    def write(kind: str, files: dict[str, bytes]) -> dict[str, str]:
        for key, content in files.items():
            with replacing(folder / below / f"{key}{kind}.webp") as draft:
                draft.write_bytes(content)
        return {key: quote(f"{folder.name}/{below}/{key}{kind}.webp") for key in files}

    return _described(previews, write("", previews.shown), write("_error", previews.errors))


def _described(previews: Previews, shown: dict[str, str], errors: dict[str, str]) -> dict[str, Any]:
    return {
        "dataset": previews.files.dataset,
        "name": previews.files.name,
        "width": previews.width,
        "height": previews.height,
        "shown": shown,
        "errors": errors,
        "levels": previews.levels,
    }


def spread(count: int) -> list[int]:
    """Order 0 to count - 1 so that the first few lie at about equal distances.

    By the fractions 1/2, 1/4, 3/4, 1/8, ... (van der Corput): a page that has room for some images
    shows some of all parts of a data set.
    """
    order = dict.fromkeys(
        int(count * int(f"{k:b}"[::-1], 2) / 2 ** k.bit_length()) for k in range(1, 4 * count + 1)
    )
    return [*order, *(k for k in range(count) if k not in order)]


def find_images(
    folder: Path, dataset: str, items: Iterable[Item], methods: Mapping[str, int]
) -> list[ImageFiles]:
    """Find the files of a data set's images; one that is not there is left out.

    Args:
        folder: ``results/<study>``.
        dataset: The data set.
        items: Its images, as its listing has them.
        methods: Each method with the seed to show.

    Returns:
        A picture for each image whose input and at least one more file are there.
    """
    images = []
    for item in items:
        files = {INPUT: Path(item.low)}
        for method, seed in methods.items():
            path = ResultsFolder(folder).images(method, seed, dataset) / f"{item.name}.png"
            files.setdefault(method, path)
        if item.high is not None:
            files[REFERENCE] = Path(item.high)
        there = {key: path for key, path in files.items() if path.is_file()}
        if INPUT in there and len(there) > 1:
            images.append(ImageFiles(dataset, item.name, there))
    return images
