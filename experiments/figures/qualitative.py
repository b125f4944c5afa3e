"""Qualitative grids: example images of a dataset as every method shows them, with a zoomed crop.

Nothing is chosen by eye. The examples stand at equal distances in the dataset's order; the crop
is where a blurred version of the reference (or of the brightened input) has the strongest edges.
"""

import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from experiments.analysis.model import Dataset, StudyResults
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_listed, read_scores
from experiments.data.listing import Item
from experiments.figures.style import (
    NOTE_LINE,
    PAGE,
    TALLEST,
    budget_note,
    paper_style,
    save,
    wrap_note,
    write_note,
)
from zero_leinr.images import read_image

EXAMPLES = 3  # images, where a page holds them
ZOOM = 4  # the crop is a quarter of the image on either side
COLUMNS = range(4, 8)  # how many tiles may stand side by side
GAP = 0.05  # inches between tiles
MARGIN = 0.01  # inches around the grid, for half the width of a frame
CROP_GAP = 0.03  # inches between an image and its crop
ROW_GAP = 0.08  # inches under a row
BLOCK_GAP = 0.1  # inches more between two examples
TEXT_SIZE = 6.5  # points
TEXT_LINE = 0.11  # inches a line of it takes
TEXT_LETTERS = 17  # letters of it in an inch
SHARP = 400  # dots an inch of the images in the figure
FRAME = "#ffd400"  # seen on dark and on bright images

INPUT = "input"  # the method that leaves an image as it is: the grid's first tile


@dataclass(frozen=True)
class Tile:
    """One image of the grid: what is written under it, and its file."""

    lines: list[str]
    path: Path


@dataclass(frozen=True)
class Example:
    """An example image: all its tiles, their shape (H, W), and the crop's corner (y, x)."""

    tiles: list[Tile]
    shape: tuple[int, int]
    corner: tuple[int, int]


def write_qualitative(study_folder: Path, dataset_name: str) -> list[Path]:
    """Write ``figures/qualitative_<dataset>.{pdf,png}``, from each method's first seed.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: One of the study's datasets.

    Returns:
        The files written.

    Raises:
        InputError: No such dataset, or a listing, a score file or an image is missing or cannot be
            used.
    """
    study = read_study(study_folder)
    dataset = study.dataset(dataset_name)
    items = read_listed(study_folder, dataset)
    scores = read_scores(study_folder, study)
    rows = scores.query("metric == 'psnr' and protocol == 'standard' and dataset == @dataset_name")
    psnr = rows.set_index(["method", "seed", "image"])["value"]

    def show(item: Item) -> Example:
        return _example(study_folder, study, dataset, item, psnr)

    with paper_style():
        figure = draw(study, items, show)
        return save(figure, study_folder / "figures" / f"qualitative_{dataset.name}")


def pick(items: list[Item], count: int) -> list[Item]:
    """Pick ``count`` items at equal distances, away from both ends."""
    count = min(count, len(items))
    return [items[int((i + 0.5) * len(items) / count)] for i in range(count)]


def busiest_corner(image: np.ndarray) -> tuple[int, int]:
    """Find the crop, 1/ZOOM of each side, that has the most gradient energy.

    The image is blurred first (sigma: 1 % of the longer side), so that edges count and noise does
    not.

    Args:
        image: uint8 (H, W, 3), RGB.

    Returns:
        Top and left of the crop, in pixels.
    """
    from scipy import ndimage

    height, width = image.shape[:2]
    gray = ndimage.gaussian_filter(image.mean(axis=2), max(height, width) / 100)
    energy = sum(np.square(gradient) for gradient in np.gradient(gray))
    sums = np.pad(energy.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    h, w = height // ZOOM, width // ZOOM
    boxes = sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w]
    top, left = np.unravel_index(boxes.argmax(), boxes.shape)
    return int(top), int(left)


def brighten(image: np.ndarray) -> np.ndarray:
    """Square root of an 8-bit image, for finding edges where there is no reference."""
    return (np.sqrt(image / 255) * 255).astype(np.uint8)


def _example(
    folder: Path, study: StudyResults, dataset: Dataset, item: Item, psnr: pd.Series
) -> Example:
    """Input, methods in study order, reference; PSNR as the score files have it."""
    tiles: list[Tile] = []
    for method in study.methods:
        seed = method.seeds[0]
        value = psnr.get((method.name, seed, item.name))
        lines = [study.label(method)] + ([] if value is None else [f"{value:.2f} dB"])
        if method.name == INPUT:
            tiles.insert(0, Tile(lines, Path(item.low)))
            continue
        images = folder / "images" / method.name / f"seed{seed}" / dataset.name
        tiles.append(Tile(lines, images / f"{item.name}.png"))
    if all(method.name != INPUT for method in study.methods):
        tiles.insert(0, Tile(["Input"], Path(item.low)))
    if item.high is None:
        guide = brighten(read_image(item.low))
    else:
        guide = read_image(item.high)
        tiles.append(Tile(["Reference"], Path(item.high)))
    return Example(tiles, guide.shape[:2], busiest_corner(guide))


def draw(study: StudyResults, items: list[Item], show: Callable[[Item], Example]) -> Figure:
    """Lay out as many examples as a page holds, input first and reference last.

    Args:
        study: The study.
        items: The dataset's images, in its order.
        show: Makes the example of an item.
    """
    sentences = [_rule(), budget_note(study)]
    for count in range(min(EXAMPLES, len(items)), 0, -1):
        examples = [show(item) for item in pick(items, count)]
        layouts = [_layout(examples, n) for n in even_columns(len(examples[0].tiles))]
        fitting = [layout for layout in layouts if layout.height <= TALLEST]
        if fitting:
            break
    layout = fitting[0] if fitting else layouts[-1]  # fewer columns first: larger tiles
    note = wrap_note(sentences, layout.width)
    foot = len(note) * NOTE_LINE + 0.04
    figure = Figure(figsize=(layout.width, layout.height + foot))
    for tile, example, left, top in layout.places:
        _draw_tile(figure, tile, example, layout, left, top)
    write_note(figure, note)
    return figure


def even_columns(tiles: int) -> list[int]:
    """Return the numbers of columns that leave the fewest empty places in the last row."""
    even = [n for n in COLUMNS if n == math.ceil(tiles / math.ceil(tiles / n))]
    return even or [COLUMNS[0]]


@dataclass(frozen=True)
class Layout:
    """Where the tiles of a grid go; all in inches, ``top`` measured from the figure's top."""

    width: float
    height: float
    tile: float
    places: list[tuple[Tile, Example, float, float]]


def _layout(examples: list[Example], columns: int) -> Layout:
    """Places the tiles of each example in rows of ``columns``."""
    tile = (PAGE - 2 * MARGIN - (columns - 1) * GAP) / columns
    places = []
    top = MARGIN
    for example in examples:
        ratio = example.shape[0] / example.shape[1]
        for start in range(0, len(example.tiles), columns):
            row = example.tiles[start : start + columns]
            places += [(t, example, MARGIN + i * (tile + GAP), top) for i, t in enumerate(row)]
            lines = max(len(_wrapped(t, tile)) for t in row)
            top += 2 * tile * ratio + CROP_GAP + lines * TEXT_LINE + ROW_GAP
        top += BLOCK_GAP
    widest = min(columns, len(examples[0].tiles))
    return Layout(2 * MARGIN + widest * (tile + GAP) - GAP, top - BLOCK_GAP, tile, places)


def _wrapped(tile: Tile, width: float) -> list[str]:
    letters = int(width * TEXT_LETTERS)
    return [part for line in tile.lines for part in textwrap.wrap(line, letters)]


def _draw_tile(
    figure: Figure, tile: Tile, example: Example, layout: Layout, left: float, top: float
) -> None:
    """Draw a whole image, its crop under it, and its text under both."""
    height, width = example.shape
    image = _framed(read_image(tile.path), height, width)
    y, x = example.corner
    h, w = height // ZOOM, width // ZOOM
    tall = layout.tile * example.shape[0] / example.shape[1]
    whole = _axes(figure, left, top, layout.tile, tall)
    whole.imshow(_shrunk(image, layout.tile), extent=(0, width, height, 0), aspect="auto")
    whole.add_patch(Rectangle((x, y), w, h, fill=False, edgecolor=FRAME, linewidth=0.8))
    whole.axis("off")
    crop = _axes(figure, left, top + tall + CROP_GAP, layout.tile, tall)
    crop.imshow(image[y : y + h, x : x + w], interpolation="nearest", aspect="auto")
    crop.set(xticks=[], yticks=[])
    for spine in crop.spines.values():
        spine.set(visible=True, color=FRAME, linewidth=0.8)
    crop.text(
        0.5,
        -0.03 / tall,
        "\n".join(_wrapped(tile, layout.tile)),
        size=TEXT_SIZE,
        ha="center",
        va="top",
        linespacing=1.15,
        transform=crop.transAxes,
    )


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches from the figure's top left corner."""
    across, down = figure.get_size_inches()
    return figure.add_axes(
        (left / across, 1 - (top + height) / down, width / across, height / down)
    )


def _framed(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image at its place in the example's frame: white where its method crops it."""
    short = ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0))
    return np.pad(image, short, constant_values=255)


def _shrunk(image: np.ndarray, width: float) -> np.ndarray:
    """Return the image at no more dots than the figure shows."""
    dots = round(width * SHARP)
    if image.shape[1] <= dots:
        return image
    rows = round(image.shape[0] * dots / image.shape[1])
    return np.array(Image.fromarray(image).resize((dots, rows), Image.Resampling.LANCZOS))


def _rule() -> str:
    return (
        "Examples at equal distances in the dataset's order; first seed of each method; the crop "
        f"(1/{ZOOM} of each side) is where the blurred reference, or the brightened input where "
        "there is none, has the most gradient energy. Inputs as they are."
    )
