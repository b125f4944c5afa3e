"""Images that another program made: a row of the tables without any code here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.data.listing import Item
from experiments.enhance.outputs import enhanced_paths
from experiments.sheets.datasets import data_folder
from zero_leinr.images import read_image, write_image


def folder_of(entry: Mapping[str, Any], dataset: str) -> Path:
    """Where the images of a data set are.

    Args:
        entry: An entry of ``methods.yaml`` with ``images``; relative to the data folder, or
            absolute.
        dataset: Name of the data set.
    """
    return data_folder() / entry["images"] / dataset


def take(images: Path, items: Sequence[Item], folder: Path, pattern: str | None = None) -> None:
    """Copy the image of every item into ``folder``, as ``<name>.png`` like all enhanced images.

    Args:
        images: The folder that they are in.
        items: The images of the data set.
        folder: Where the copies go.
        pattern: File names of the images, see ``enhanced_paths``.

    Raises:
        InputError: One is missing, unreadable or of another size than its original; nothing is
            copied then.
    """
    for item, path in zip(items, enhanced_paths(items, images, pattern), strict=True):
        write_image(folder / f"{item.name}.png", read_image(path))
