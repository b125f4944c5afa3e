"""The images that a method made: one for each image of a data set, of its size."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.data.images import list_images
from experiments.data.listing import Item
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

log = logging.getLogger(__name__)

#: By less than this many pixels a side may an image fall short of its reference at the bottom and
#: right: the official tests of Zero-DCE++ and SGZ crop to multiples of 12.
CROP = 12


def enhanced_paths(items: Sequence[Item], images: Path, pattern: str | None = None) -> list[Path]:
    """Find each item's enhanced image, and look whether it can be scored.

    Args:
        items: a listing's items; `high`, or else `low`, says the size to expect.
        images: folder with one image for each.
        pattern: their file names, such as ``{name}_enhanced.png``; None: the item's name, with any
            suffix.

    Raises:
        InputError: an image is missing, unreadable or has another size.
    """
    if pattern is None:
        found = {path.stem: path for path in list_images(images)}
    else:
        found = {item.name: images / pattern.replace("{name}", item.name) for item in items}
        found = {name: path for name, path in found.items() if path.is_file()}
    cropped = 0
    for item in items:
        if item.name not in found:
            file = (pattern or "{name}").replace("{name}", item.name)
            raise InputError(
                f"{images}: no image named {file!r}; every image of the data set needs one"
            )
        enhanced, expected = read_image(found[item.name]), read_image(item.high or item.low)
        check_size(enhanced, expected, str(found[item.name]))
        cropped += enhanced.shape != expected.shape
    if cropped:
        log.warning("%s: %d cropped images, scored against cropped references", images, cropped)
    return [found[item.name] for item in items]


def check_size(enhanced: np.ndarray, reference: np.ndarray, name: str) -> None:
    """Refuse an image that is neither of the reference's size nor a small crop of it.

    Raises:
        InputError: It is; the message begins with ``name``.
    """
    missing = [reference.shape[axis] - enhanced.shape[axis] for axis in (0, 1)]
    if not all(0 <= pixels < CROP for pixels in missing):
        sizes = [f"{image.shape[1]}x{image.shape[0]} px" for image in (enhanced, reference)]
        raise InputError(f"{name}: {sizes[0]} but its reference is {sizes[1]}")
