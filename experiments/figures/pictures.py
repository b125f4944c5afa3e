"""What figures of images share: which images, methods and crops they show, and their files.

Nothing is chosen by eye. By default the images stand at equal distances in the data set's order;
one crop has the strongest edges, the other is dark and flat, where noise shows.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.model import Dataset, MethodRow, StudyResults
from experiments.analysis.score_files import read_listed
from experiments.data.listing import Item
from experiments.figures.style import INPUT, Box, Request
from experiments.results_folder import ResultsFolder
from experiments.sheets.paper import load_names
from experiments.sheets.study import FULL, VARIANTS_GROUP
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

ZOOM = 4  # a crop is a quarter of the image on either side
CLIPPED = (30, 225)  # levels between which a flat crop may lie: beyond them nothing is seen

IMAGES_RULE = "Images at equal distances in the data set's order, first seed of each method."
CROPS_RULE = "One crop has the strongest edges, the other is dark and flat."
ONE_IMAGE_RULE = "The image in the middle of the data set's order."


@dataclass(frozen=True)
class Tile:
    """One image of a figure: what is written under it, and its file."""

    lines: list[str]
    path: Path


def wanted_items(folder: Path, dataset: Dataset, request: Request, count: int) -> list[Item]:
    """Return the images that are asked for, or ``count`` at equal distances.

    Raises:
        InputError: The listing cannot be read, or has no such image.
    """
    items = read_listed(folder, dataset)
    known = {item.name: item for item in items}
    for name in request.images:
        if name not in known:
            raise InputError(f"{dataset.name}: no image {name!r}; it has {', '.join(known)}")
    return [known[name] for name in request.images] or pick(items, count)


def pick(items: list[Item], count: int) -> list[Item]:
    """Pick ``count`` items at equal distances, away from both ends."""
    count = min(count, len(items))
    return [items[int((i + 0.5) * len(items) / count)] for i in range(count)]


def own_methods(study: StudyResults) -> list[MethodRow]:
    """Return the full method and whatever cites the same paper, the full one first."""
    names = load_names()
    cites = {name: entry.cite for name, entry in names.items()}
    same = {name for name, cite in cites.items() if cite and cite == cites.get(FULL)}
    own = [m for m in study.methods if m.name == FULL or m.name in same]
    return sorted(own, key=lambda method: method.name != FULL)


def rivals(study: StudyResults, means: pd.Series, *, up: bool) -> list[MethodRow]:
    """Return the methods that are neither the input nor the own one, the best first.

    Variants of the own method count only where there is nothing else.
    """
    own = {INPUT, *(method.name for method in own_methods(study))}
    others = [m for m in study.ranked if m.name not in own and m.name in means.index]
    foreign = [method for method in others if method.group != VARIANTS_GROUP]
    return sorted(foreign or others, key=lambda method: means[method.name], reverse=up)


def wanted_methods(
    study: StudyResults, scores: pd.DataFrame, dataset: Dataset, request: Request, most: int
) -> list[MethodRow]:
    """Return the methods that are asked for, or else at most so many.

    Where the study has more, these are the own method and the best of the others by the data set's
    first metric, in table order.
    """
    chosen = request.chosen(study)
    shown = chosen.methods if request.methods else chosen.ranked
    methods = [method for method in shown if method.name != INPUT]
    if request.methods or len(methods) <= most:
        return methods
    metric = study.columns(dataset, "standard")[0]
    column = scores[
        (scores["dataset"] == dataset.name)
        & (scores["metric"] == metric.name)
        & (scores["protocol"] == "standard")
    ]
    means = column.groupby("method")["value"].mean()
    ranked = [*own_methods(study)[:1], *rivals(study, means, up=metric.direction == "up")]
    kept = {method.name for method in ranked[:most]}
    return [method for method in methods if method.name in kept]


def rule_of_methods(
    study: StudyResults, dataset: Dataset, methods: list[MethodRow], request: Request
) -> str:
    """Say how ``wanted_methods`` chose; empty where it shows all, or was told which."""
    others = [method for method in study.methods if method.name != INPUT]
    if request.methods or len(methods) == len(others):
        return ""
    metric = study.columns(dataset, "standard")[0]
    own = "Own method and the best of the" if own_methods(study) else "Best of the"
    return f"{own} {len(others)} methods by {metric.label}."


def image_file(folder: Path, method: MethodRow, dataset: Dataset, item: Item) -> Path:
    """Return a method's image, of its first seed; of the input the image itself."""
    if method.name == INPUT:
        return Path(item.low)
    return ResultsFolder(folder).images(method.name, method.seeds[0], dataset.name) / (
        f"{item.name}.png"
    )


def framed(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image at its place in the example's frame: white where its method crops it.

    Args:
        image: uint8 (H, W, 3).
        height: Of the frame.
        width: Likewise.
    """
    short = ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0))
    return np.pad(image, short, constant_values=255)


def find_crops(item: Item, request: Request) -> list[Box]:
    """Return what is enlarged: what is asked for, or else the two crops of the rule.

    Raises:
        InputError: A crop leaves the image, or a file cannot be read.
    """
    low = read_image(item.low)
    height, width = low.shape[:2]
    wanted = [box for image, box in request.crops if image in ("", item.name)]
    for x, y, w, h in wanted:
        if x + w > width or y + h > height:
            raise InputError(
                f"{item.name}: crop {x},{y},{w},{h} leaves its {width}x{height} pixels"
            )
    if wanted:
        return wanted
    guide = brighten(low) if item.high is None else read_image(item.high)
    return default_crops(guide, low)


def default_crops(guide: np.ndarray, low: np.ndarray) -> list[Box]:
    """Find the crop with the strongest edges, and a dark and flat one that does not touch it.

    The guide is blurred first (sigma: 1 % of the longer side), so that edges count and noise does
    not. Dark: in the darker half of the input; flat: the least gradient energy.

    Args:
        guide: The reference, or the brightened input; uint8 (H, W, 3), RGB.
        low: The input, likewise.

    Returns:
        Two boxes, 1/ZOOM of each side; one where the image is too small for two.
    """
    from scipy import ndimage

    height, width = guide.shape[:2]
    h, w = height // ZOOM, width // ZOOM
    gray = ndimage.gaussian_filter(guide.mean(axis=2), max(height, width) / 100)
    energy = _sums(sum(np.square(gradient) for gradient in np.gradient(gray)), h, w)
    top, left = (int(k) for k in np.unravel_index(energy.argmax(), energy.shape))
    ys, xs = np.indices(energy.shape)
    apart = (abs(ys - top) >= h) | (abs(xs - left) >= w)
    level, dark = _sums(gray, h, w) / (h * w), _sums(low.mean(axis=2), h, w)
    seen = apart & (level > CLIPPED[0]) & (level < CLIPPED[1]) & (dark <= np.median(dark))
    where = seen if seen.any() else apart
    boxes = [(left, top, w, h)]
    if where.any():
        flat = np.where(where, energy, np.inf)
        y, x = (int(k) for k in np.unravel_index(flat.argmin(), flat.shape))
        boxes.append((x, y, w, h))
    return boxes


def _sums(values: np.ndarray, h: int, w: int) -> np.ndarray:
    """Sum over every box of h x w pixels: at (y, x) over the one whose corner is there."""
    total = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w]


def brighten(image: np.ndarray) -> np.ndarray:
    """Square root of an 8-bit image, for finding edges where there is no reference."""
    return (np.sqrt(image / 255) * 255).astype(np.uint8)
