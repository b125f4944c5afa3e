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
from typing import TYPE_CHECKING

import numpy as np

from experiments.data.images import check_name, list_images, match_pairs
from experiments.data.listing import Item
from experiments.enhance.outputs import check_size, enhanced_paths
from experiments.sheets.metrics import SCORE_COLUMNS, load_metrics, weights_of
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


#: (enhanced, reference or input or None, device) -> score
MetricFunction = Callable[[np.ndarray, np.ndarray | None, str], float]


def missing_metrics(names: Iterable[str] | None = None, download: bool = False) -> dict[str, str]:
    """Say which metrics cannot be computed here, and why: {name: reason}. Imports no torch.

    Args:
        names: metrics to look at; default all.
        download: whether weights that are missing may be downloaded.

    Raises:
        InputError: a name is unknown.
    """
    from experiments.score.perceptual import metric_weights

    missing: dict[str, list[str]] = {}
    for name, entry in load_metrics(names).items():
        for file in weights_of(entry):
            try:
                metric_weights(file, download=download)
            except InputError as error:
                missing.setdefault(name, []).append(str(error))
    return {name: "; ".join(reasons) for name, reasons in missing.items()}


def score_image(
    enhanced: np.ndarray,
    reference: np.ndarray | None = None,
    metrics: Iterable[str] | None = None,
    device: str = "cpu",
    name: str = "image",
    original: np.ndarray | None = None,
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
        original: the low-light image, for metrics that compare with it (`against: input`); they are
            left out where there is none.

    Returns:
        {(metric, protocol): value}.

    Raises:
        InputError: an unknown metric, images whose sizes do not fit, or weights that are missing.
    """
    if reference is not None:
        check_size(enhanced, reference, name)
        reference = reference[: enhanced.shape[0], : enhanced.shape[1]]
    if original is not None:
        original = original[: enhanced.shape[0], : enhanced.shape[1]]
    scores = {}
    for metric, entry in load_metrics(metrics).items():
        against_input = entry.get("against") == "input"
        if (entry["needs_reference"] and reference is None) or (against_input and original is None):
            continue
        if min(enhanced.shape[:2]) < entry["min_side"]:
            log.warning(
                "%s: no %s: it needs %d px a side, the image has %s",
                *(
                    name,
                    entry["label"],
                    entry["min_side"],
                    f"{enhanced.shape[1]}x{enhanced.shape[0]} px",
                ),
            )
            continue
        for protocol, how in entry["protocols"].items():
            other = original if against_input else reference
            value = _function(how["function"], weights_of(entry))(enhanced, other, device)
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
            that are missing.
    """
    import pandas as pd
    from tqdm import tqdm

    metrics = list(load_metrics(metrics))
    for name, reason in missing_metrics(metrics).items():
        raise InputError(f"{name}: {reason}")
    paths = enhanced_paths(items, Path(images))
    compared = any(entry.get("against") for entry in load_metrics(metrics).values())
    rows = []
    for item, path in tqdm(
        list(zip(items, paths, strict=True)), desc="score", unit="image", disable=None
    ):
        reference = read_image(item.high) if item.high else None
        # Without a listing, the image that is scored stands for its input, too.
        original = read_image(item.low) if compared and Path(item.low) != path else None
        scores = score_image(read_image(path), reference, metrics, device, str(path), original)
        rows += [(item.name, *which, value) for which, value in scores.items()]
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)


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


def _function(where: str, weights: tuple[str, ...] = ()) -> MetricFunction:
    """Return `function` of `experiments/score/file.py` for "file:function".

    "pyiqa:name" is the metric of that name in the package pyiqa, with the weights of its entry.
    """
    file, function = where.split(":")
    if file == "pyiqa":
        return _of_pyiqa(function, weights)
    return getattr(importlib.import_module(f"experiments.score.{file}"), function)


@functools.cache  # so that the checksum of the weights is not computed for each image
def _of_pyiqa(name: str, weights: tuple[str, ...]) -> MetricFunction:
    from experiments.score.by_pyiqa import metric_of
    from experiments.score.perceptual import metric_weights

    return metric_of(name, [metric_weights(file) for file in weights])
