"""Qualitative grids: images of a data set as the methods show them, with enlarged crops."""

import math
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from experiments.analysis.model import Dataset, MethodRow, StudyResults
from experiments.analysis.results import open_study
from experiments.data.listing import Item
from experiments.figures.pictures import (
    CROPS_RULE,
    IMAGES_RULE,
    Tile,
    find_crops,
    framed,
    image_file,
    rule_of_methods,
    wanted_items,
    wanted_methods,
)
from experiments.figures.style import (
    INPUT,
    PLAIN,
    SMALL,
    Box,
    Page,
    Request,
    budget_note,
    describe,
    paper_style,
    save,
)
from zero_leinr.images import read_image

EXAMPLES = 3  # images, where a page holds them
NARROWEST = 0.95  # inches of a tile: how many methods are shown by default
GAP = 0.05  # inches between tiles
MARGIN = 0.01  # inches around the grid, for half the width of a frame
CROP_GAP = 0.03  # inches between an image and its crops
ROW_GAP = 0.08  # inches under a row
TEXT_LINE = 0.12  # inches a line of text takes
TEXT_LETTERS = 17.5  # letters of it in an inch
SHARP = 400  # dots an inch of the images in the figure
FRAMES = ("#ffd400", "#00b7eb")  # of the crops: seen on dark and on bright images
SHOWN = ("psnr", "lpips")  # scores of a tile


@dataclass(frozen=True)
class Example:
    """An example image: all its tiles, their shape (H, W), and its crops."""

    tiles: list[Tile]
    shape: tuple[int, int]
    crops: list[Box]


def write_qualitative(
    study_folder: Path, dataset_name: str, request: Request = PLAIN
) -> list[Path]:
    """Write ``figures/qualitative_<dataset>.{pdf,png}``, from each method's first seed.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: One of the study's datasets.
        request: How, where, and of which images, crops and methods it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: No such dataset, image or method, or a listing, a score file or an image is
            missing or cannot be used.
    """
    study, scores = open_study(study_folder)
    dataset, request = study.dataset(dataset_name), request.completed(study, dataset_name)
    items = wanted_items(study_folder, dataset, request, EXAMPLES)
    most = int(request.page.width / NARROWEST) - 1 - dataset.paired
    methods = wanted_methods(study, scores, dataset, request, most)
    rows = scores.query("protocol == 'standard' and dataset == @dataset_name")
    values = rows.set_index(["metric", "method", "seed", "image"])["value"]
    examples = [
        Example(
            tiles_of(study_folder, study, dataset, methods, item, values, request),
            read_image(item.low).shape[:2],
            find_crops(item, request),
        )
        for item in items
    ]
    with paper_style():
        figure = draw(examples, request.page)
        describe(figure, _caption(study, dataset, items, methods, request))
        return save(figure, request.path(study_folder, f"qualitative_{dataset.name}"))


def _caption(
    study: StudyResults,
    dataset: Dataset,
    items: list[Item],
    methods: list[MethodRow],
    request: Request,
) -> list[str]:
    shown = f"{dataset.label}, from top to bottom: {', '.join(item.name for item in items)}."
    scores = "Numbers: PSNR (dB) and LPIPS." if dataset.paired else ""
    rules = [IMAGES_RULE * (not request.images), CROPS_RULE * (not request.crops)]
    rules.append(rule_of_methods(study, dataset, methods, request))
    return [shown, scores, *rules, budget_note(study)]


def tiles_of(
    folder: Path,
    study: StudyResults,
    dataset: Dataset,
    methods: list[MethodRow],
    item: Item,
    values: pd.Series,
    request: Request,
) -> list[Tile]:
    """Return input, methods and reference; scores as the score files have them."""

    def numbers(name: str, seed: int) -> list[str]:
        found = [(m, values.get((m, name, seed, item.name))) for m in SHOWN]
        texts = [f"{v:.{study.metric(m).decimals}f}" for m, v in found if v is not None]
        return [" / ".join(texts)] if texts else []

    tiles = [Tile(["Input", *numbers(INPUT, 0)], Path(item.low))]
    for method in methods:
        lines = [request.label(study, method), *numbers(method.name, method.seeds[0])]
        tiles.append(Tile(lines, image_file(folder, method, dataset, item)))
    if item.high is not None:
        tiles.append(Tile(["Reference"], Path(item.high)))
    return tiles


def draw(examples: list[Example], page: Page = PLAIN.page) -> Figure:
    """Lay out the examples, as many of them as the page is high, and draw their tiles."""
    for count in range(len(examples), 0, -1):
        layout = _layout(examples[:count], page)
        if layout.height <= page.tallest:
            break
    figure = Figure(figsize=(layout.width, layout.height))
    for tile, example, left, top in layout.places:
        _draw_tile(figure, tile, example, layout, left, top)
    return figure


def even_columns(tiles: int, most: int) -> int:
    """Return how many tiles stand side by side, so that rows are as even as they can be."""
    return math.ceil(tiles / math.ceil(tiles / max(1, most)))


@dataclass(frozen=True)
class Layout:
    """Where the tiles of a grid go; all in inches, ``top`` measured from the figure's top."""

    width: float
    height: float
    tile: float
    places: list[tuple[Tile, Example, float, float]]


def _layout(examples: list[Example], page: Page) -> Layout:
    """Places the tiles of each example in rows."""
    tiles = len(examples[0].tiles)
    columns = even_columns(tiles, int(page.width / NARROWEST))
    tile = (page.width - 2 * MARGIN - (columns - 1) * GAP) / columns
    places = []
    top = MARGIN
    for example in examples:
        ratio = example.shape[0] / example.shape[1]
        crop = max(_crop_height(box, example, tile) for box in example.crops)
        for start in range(0, len(example.tiles), columns):
            row = example.tiles[start : start + columns]
            places += [(t, example, MARGIN + i * (tile + GAP), top) for i, t in enumerate(row)]
            lines = max(len(_wrapped(t, tile)) for t in row)
            top += tile * ratio + CROP_GAP + crop + lines * TEXT_LINE + ROW_GAP
    return Layout(page.width, top, tile, places)


def _crop_width(example: Example, tile: float) -> float:
    """Inches of a crop: all of them share the width of a tile."""
    number = len(example.crops)
    return (tile - (number - 1) * CROP_GAP) / number


def _crop_height(box: Box, example: Example, tile: float) -> float:
    return _crop_width(example, tile) * box[3] / box[2]


def _wrapped(tile: Tile, width: float) -> list[str]:
    letters = int(width * TEXT_LETTERS)
    return [part for line in tile.lines for part in textwrap.wrap(line, letters)]


def _draw_tile(
    figure: Figure, tile: Tile, example: Example, layout: Layout, left: float, top: float
) -> None:
    """Draw a whole image, its crops under it, and its text under all."""
    height, width = example.shape
    image = framed(read_image(tile.path), height, width)
    tall = layout.tile * height / width
    whole = _axes(figure, left, top, layout.tile, tall)
    whole.imshow(_shrunk(image, layout.tile), extent=(0, width, height, 0), aspect="auto")
    whole.axis("off")
    across = _crop_width(example, layout.tile)
    lowest = 0.0
    for k, ((x, y, w, h), color) in enumerate(zip(example.crops, FRAMES * 9, strict=False)):
        whole.add_patch(Rectangle((x, y), w, h, fill=False, edgecolor=color, linewidth=0.8))
        high = _crop_height((x, y, w, h), example, layout.tile)
        crop = _axes(figure, left + k * (across + CROP_GAP), top + tall + CROP_GAP, across, high)
        crop.imshow(image[y : y + h, x : x + w], interpolation="nearest", aspect="auto")
        crop.set(xticks=[], yticks=[])
        for spine in crop.spines.values():
            spine.set(visible=True, color=color, linewidth=0.8)
        lowest = max(lowest, high)
    down = figure.get_size_inches()[1]
    figure.text(
        (left + layout.tile / 2) / figure.get_size_inches()[0],
        1 - (top + tall + CROP_GAP + lowest + 0.03) / down,
        "\n".join(_wrapped(tile, layout.tile)),
        size=SMALL,
        ha="center",
        va="top",
        linespacing=1.15,
    )


def _axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Add axes at a place in inches from the figure's top left corner."""
    across, down = figure.get_size_inches()
    return figure.add_axes(
        (left / across, 1 - (top + height) / down, width / across, height / down)
    )


def _shrunk(image: np.ndarray, width: float) -> np.ndarray:
    """Return the image at no more dots than the figure shows."""
    dots = round(width * SHARP)
    if image.shape[1] <= dots:
        return image
    rows = round(image.shape[0] * dots / image.shape[1])
    return np.array(Image.fromarray(image).resize((dots, rows), Image.Resampling.LANCZOS))
