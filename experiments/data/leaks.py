"""Leak check: is an evaluation image among the training images, or a picture of the same scene?

Two images are *identical* if their files are, or their decoded pixels. They show *the same scene*
if their perceptual hashes are close: this survives another format, size and exposure.
"""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from experiments.data.listing import Listing
from experiments.sheets.reading import read_json
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

HASH_SIDE = 16
"""The hash has 16 x 16 bits: imagehash's usual 8 x 8 do not part scenes that differ."""

SAME_SCENE = 64
"""Hashes that differ in at most so many bits mean one scene; docs/leak-check.md says why."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Fingerprint:
    """What an image is known by.

    Attributes:
        path: Its file.
        file: sha256 of the file.
        pixels: sha256 of its size and its decoded pixels.
        scene: 256 bits, bool (256,); None of a flat image, which shows no scene.
    """

    path: str
    file: str
    pixels: str
    scene: np.ndarray | None


@dataclass(frozen=True)
class Match:
    """An evaluation image and a training image of the same scene, ``distance`` bits apart."""

    dataset: str
    image: str
    training_image: str
    distance: int


@dataclass(frozen=True)
class Summary:
    """One row of the report: how an evaluation set stands to the training images.

    Attributes:
        dataset: The evaluation set.
        part: ``low``, or ``reference``.
        images: Images compared.
        training_images: Images that each was compared with.
        same_scene: Images whose scene some training image shows.
        closest: Fewest bits between an image and a training image; None if all are flat.
    """

    dataset: str
    part: str
    images: int
    training_images: int
    same_scene: int
    closest: int | None

    @property
    def text(self) -> str:
        """What is to be warned of."""
        return (
            f"{self.same_scene} of {self.images} {self.part} images show a scene that is among the "
            "training images"
        )


@dataclass(frozen=True)
class Leaks:
    """What the check found."""

    training: str
    summaries: list[Summary]
    matches: list[Match]

    def warnings(self) -> list[dict[str, str]]:
        """Return ``dataset`` and ``text`` for each part of an evaluation set that shares scenes."""
        shared = [summary for summary in self.summaries if summary.same_scene]
        return [{"dataset": summary.dataset, "text": summary.text} for summary in shared]

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``leaks.json``."""
        rule = {"bits": HASH_SIDE**2, "same_scene": SAME_SCENE}
        return {"warnings": self.warnings(), "perceptual_hash": rule} | asdict(self)


def find_leaks(training: Listing, evaluation: Sequence[Listing]) -> Leaks:
    """Compare every evaluation image, references too, with every training image.

    Args:
        training: The training images.
        evaluation: The evaluation sets.

    Raises:
        InputError: An evaluation image is a training image, as a file or in its pixels (both files
            are named), or an image cannot be read.
    """
    from tqdm import tqdm

    def fingerprints(paths: list[str], name: str) -> list[Fingerprint]:
        return [fingerprint(path) for path in tqdm(paths, name, unit="image", disable=None)]

    # Trainings read no references.
    trained = fingerprints([item.low for item in training.items], training.dataset)
    identical = {one.pixels: one for one in trained} | {one.file: one for one in trained}
    summaries, matches = [], []
    for listing in evaluation:
        for part, paths in _parts(listing).items():
            evaluated = fingerprints(paths, f"{listing.dataset} {part}")
            _refuse_identical(evaluated, identical)
            found, closest = _same_scenes(listing.dataset, evaluated, trained)
            matches += found
            scenes = len({match.image for match in found})
            counts = (len(evaluated), len(trained), scenes, closest)
            summaries.append(Summary(listing.dataset, part, *counts))
    return Leaks(training.dataset, summaries, matches)


def fingerprint(path: str | Path) -> Fingerprint:
    """Read an image file and hashes it three times.

    Raises:
        InputError: It cannot be read.
    """
    image = read_image(path)
    pixels = hashlib.sha256(repr(image.shape).encode() + image.tobytes())
    file = hashlib.sha256(Path(path).read_bytes())
    return Fingerprint(str(path), file.hexdigest(), pixels.hexdigest(), scene_hash(image))


def scene_hash(image: np.ndarray) -> np.ndarray | None:
    """Perceptual hash of what an image shows, made to work on nearly black images.

    Luminance is averaged to 64x64 before it is rounded, so that an image of a few dark levels gains
    finer ones, and stretched between its 1st and 99th percentile; then imagehash's ``phash``: which
    of the 256 lowest frequencies of the cosine transform are above their median.

    Args:
        image: (H, W, 3), uint8, RGB.

    Returns:
        bool (256,), or None if the image is flat.
    """
    import imagehash

    side = 4 * HASH_SIDE  # the size that phash works on, so that it resizes nothing itself
    luminance = Image.fromarray(image.astype(np.float32) @ LUMA)
    small = np.asarray(luminance.resize((side, side), Image.Resampling.BOX))
    low, high = np.percentile(small, (1, 99))
    if high - low < 0.5:  # half of one of 256 levels
        return None
    stretched = ((small - low) / (high - low)).clip(0, 1) * 255
    gray = Image.fromarray(stretched.astype(np.uint8))
    return imagehash.phash(gray, HASH_SIDE).hash.ravel()


def read_leaks(path: Path) -> list[dict[str, str]]:
    """Return the warnings of a ``leaks.json``: ``dataset`` and ``text`` each.

    Raises:
        InputError: The file is missing, or not one.
    """
    return read_json(path, "leaks_json.schema.yaml", "make it with `zero-leinr leaks`")["warnings"]


def write_leaks(leaks: Leaks, path: Path | None, table: Path | None) -> None:
    """Write ``leaks.json``, and the summaries as CSV; None leaves a file out."""
    from experiments.provenance import write_json

    if path is not None:
        write_json(leaks.to_json(), path)
    if table is not None:
        rows = [asdict(summary) for summary in leaks.summaries]
        with replacing(table) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def _parts(listing: Listing) -> dict[str, list[str]]:
    """Return the files of a listing: ``low``, and ``reference`` where there are any."""
    parts = {
        "low": [item.low for item in listing.items],
        "reference": [item.high for item in listing.items if item.high],
    }
    return {name: paths for name, paths in parts.items() if paths}


def _refuse_identical(evaluated: list[Fingerprint], identical: dict[str, Fingerprint]) -> None:
    for one in evaluated:
        for hash_, what in ((one.file, "the same file"), (one.pixels, "the same pixels")):
            if hash_ in identical:
                raise InputError(
                    f"{one.path}: this evaluation image is {what} as the training image "
                    f"{identical[hash_].path}; take it out of one of the two sets"
                )


def _same_scenes(
    dataset: str, evaluated: list[Fingerprint], trained: list[Fingerprint]
) -> tuple[list[Match], int | None]:
    """Return the matches, the nearest first for each image; and the least distance of all."""
    with_scene = [one for one in trained if one.scene is not None]
    scenes = np.array([one.scene for one in with_scene])
    matches: list[Match] = []
    closest: list[int] = []
    for one in evaluated:
        if one.scene is None or not with_scene:
            continue
        distances = (scenes != one.scene).sum(axis=1)
        closest.append(int(distances.min()))
        near = [int(i) for i in distances.argsort() if distances[i] <= SAME_SCENE]
        matches += [Match(dataset, one.path, with_scene[i].path, int(distances[i])) for i in near]
    return matches, min(closest, default=None)
