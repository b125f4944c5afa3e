"""The score stage: enhanced images in, one tidy table of scores out.

A score is a metric under a protocol (docs/protocols.md). Which there are, and which function
computes each, stands in `experiments/config/metrics.yaml`; a new one is one function and one entry.
"""

import functools
import importlib
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.data.fetch import Item
from experiments.data.images import check_name, list_images, match_pairs, read_image
from experiments.sheets.datasets import PACKAGE, load_checked
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

METRICS = PACKAGE / "config" / "metrics.yaml"
COLUMNS = ["image", "metric", "protocol", "value"]

#: By less than this many pixels a side may an image fall short of its reference at the bottom and
#: right: the official tests of Zero-DCE++ and SGZ crop to multiples of 12.
CROP = 12

#: (enhanced, reference or None, device) -> score
MetricFunction = Callable[[np.ndarray, np.ndarray | None, str], float]


@functools.cache
def _sheet() -> dict[str, dict[str, Any]]:
    """Read metrics.yaml, checked against its schema."""
    return load_checked(METRICS, "metrics.schema.yaml")


def load_metrics(names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the entries of metrics.yaml by name, in the order asked for (default: all).

    Raises:
        InputError: a name is unknown.
    """
    sheet = _sheet()
    names = list(sheet) if names is None else list(names)
    for name in names:
        if name not in sheet:
            raise InputError(f"unknown metric {name!r}; there are {', '.join(sheet)}")
    return {name: sheet[name] for name in names}


def describe_metrics(names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Return what study.json says of each metric: name, label, unit, direction, protocols, ...

    ``protocols`` names all of them, ``beside`` those without a table of their own.

    Raises:
        InputError: a name is unknown.
    """
    kept = ("label", "unit", "direction", "needs_reference", "caveat")
    return [
        {
            "name": name,
            **{key: entry[key] for key in kept if key in entry},
            "protocols": list(entry["protocols"]),
            "beside": [name for name, how in entry["protocols"].items() if "beside" in how],
        }
        for name, entry in load_metrics(names).items()
    ]


def aggregation_factor(metric: str, protocol: str, images: int) -> float:
    """Say what a mean over images is multiplied by under a protocol: 1, or n/(n-1).

    Args:
        metric: a metric; one that metrics.yaml does not have is averaged.
        protocol: likewise.
        images: n, how many images were scored.

    Returns:
        The factor; not-a-number where the sum over one image would be divided by 0.
    """
    how = _sheet().get(metric, {}).get("protocols", {}).get(protocol, {})
    if how.get("aggregate") != "n_minus_1":
        return 1.0
    return images / (images - 1) if images > 1 else math.nan


def missing_metrics(names: Iterable[str] | None = None, download: bool = False) -> dict[str, str]:
    """Say which metrics cannot be computed here, and why: {name: reason}. Imports no torch.

    Args:
        names: metrics to look at; default all.
        download: whether weights that are missing may be downloaded.

    Raises:
        InputError: a name is unknown.
    """
    from experiments.score.perceptual import metric_weights

    missing = {}
    for name, entry in load_metrics(names).items():
        try:
            if "weights" in entry:
                metric_weights(entry["weights"], download=download)
        except InputError as error:
            missing[name] = str(error)
    return missing


def score_image(
    enhanced: np.ndarray,
    reference: np.ndarray | None = None,
    metrics: Iterable[str] | None = None,
    device: str = "cpu",
    name: str = "image",
) -> dict[tuple[str, str], float]:
    """Score one image by every protocol of the metrics.

    A metric that needs a reference is left out where there is none. A metric that is not defined
    for this image (too small, or the function gives not-a-number) is left out with a warning.

    Args:
        enhanced: uint8 (H, W, 3), RGB.
        reference: the same shape, or None. Of a reference that is larger by less than CROP px a
            side, the part from the top left that `enhanced` covers is compared.
        metrics: names from metrics.yaml; default all.
        device: where networks run: `cpu`, `cuda` or `mps`, or `auto` for the best here.
        name: how warnings name the image.

    Returns:
        {(metric, protocol): value}.

    Raises:
        InputError: an unknown metric, images whose sizes do not fit, or weights that cannot be had.
    """
    if reference is not None:
        _check_size(enhanced, reference, name)
        reference = reference[: enhanced.shape[0], : enhanced.shape[1]]
    scores = {}
    for metric, entry in load_metrics(metrics).items():
        if entry["needs_reference"] and reference is None:
            continue
        if min(enhanced.shape[:2]) < entry["min_side"]:
            log.warning(
                "%s: no %s: it needs %d px a side, the image has %s",
                *(name, entry["label"], entry["min_side"], _size(enhanced)),
            )
            continue
        for protocol, how in entry["protocols"].items():
            value = _function(how["function"])(enhanced, reference, device)
            if math.isnan(value):
                log.warning("%s: no %s (%s): undefined here", name, entry["label"], protocol)
                continue
            if math.isinf(value):
                log.warning("%s: identical to its reference: %s is infinite", name, entry["label"])
            scores[metric, protocol] = value
    return scores


def score_folder(
    items: Sequence[Item],
    images: Path,
    metrics: Iterable[str] | None = None,
    device: str = "cpu",
) -> "pd.DataFrame":
    """Score the enhanced images of a listing; all files are checked before the first score.

    Args:
        items: a listing's items; `high`, or else `low`, says the size to expect.
        images: folder with one enhanced image for each item, named by its stem.
        metrics: names from metrics.yaml; default all. See `score_image` for what is left out.
        device: where networks run: `cpu`, `cuda` or `mps`, or `auto` for the best here.

    Returns:
        One row a score, columns image, metric, protocol, value; in the order of the items.

    Raises:
        InputError: an image is missing, unreadable or has another size; an unknown metric; weights
            that cannot be had.
    """
    import pandas as pd
    from tqdm import tqdm

    metrics = list(load_metrics(metrics))
    for name, reason in missing_metrics(metrics).items():
        raise InputError(f"{name}: {reason}")
    paths = enhanced_paths(items, Path(images))
    rows = []
    for item, path in tqdm(
        list(zip(items, paths, strict=True)), desc="score", unit="image", disable=None
    ):
        reference = read_image(item.high) if item.high else None
        scores = score_image(read_image(path), reference, metrics, device, name=str(path))
        rows += [(item.name, *which, value) for which, value in scores.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def folder_items(images: Path, references: Path | None = None) -> list[Item]:
    """Make the items for scoring a plain folder, matched with its references by name.

    Raises:
        InputError: no images, a missing partner, or a name that is no text.
    """
    pairs: Sequence[tuple[Path, Path | None]]
    if references is None:
        pairs = [(path, None) for path in list_images(images)]
    else:
        pairs = match_pairs(images, references, check=False)
    for path, _ in pairs:
        check_name(path)
    return [Item(path.stem, str(path), str(high) if high else None) for path, high in pairs]


def write_scores(scores: "pd.DataFrame", path: Path) -> None:
    """Write scores as CSV, whole or not at all; an infinite PSNR reads `inf`.

    Raises:
        InputError: the file cannot be written.
    """
    with replacing(path) as temporary:
        scores.to_csv(temporary, index=False)


def enhanced_paths(items: Sequence[Item], images: Path) -> list[Path]:
    """Find each item's enhanced image, and look whether it can be scored.

    Args:
        items: a listing's items; `high`, or else `low`, says the size to expect.
        images: folder with one image for each, named by its stem.

    Raises:
        InputError: an image is missing, unreadable or has another size.
    """
    by_stem = {path.stem: path for path in list_images(images)}
    cropped = 0
    for item in items:
        if item.name not in by_stem:
            raise InputError(
                f"{images}: no image named {item.name!r}; every image of the data set needs one"
            )
        enhanced, expected = read_image(by_stem[item.name]), read_image(item.high or item.low)
        _check_size(enhanced, expected, str(by_stem[item.name]))
        cropped += enhanced.shape != expected.shape
    if cropped:
        log.warning("%s: %d cropped images, scored against cropped references", images, cropped)
    return [by_stem[item.name] for item in items]


def _check_size(enhanced: np.ndarray, reference: np.ndarray, name: str) -> None:
    """Refuse an image that is neither of the reference's size nor a small crop of it."""
    missing = [reference.shape[axis] - enhanced.shape[axis] for axis in (0, 1)]
    if not all(0 <= pixels < CROP for pixels in missing):
        raise InputError(f"{name}: {_size(enhanced)} but its reference is {_size(reference)}")


def _function(where: str) -> MetricFunction:
    """Return `function` of `experiments/score/file.py` for "file:function"."""
    file, function = where.split(":")
    return getattr(importlib.import_module(f"experiments.score.{file}"), function)


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]} px"
