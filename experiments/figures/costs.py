"""Quality against cost: PSNR over seconds an image, one point a method, named beside it."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox

from experiments.analysis.costs import describe_machine, image_size, measured, read_costs
from experiments.analysis.model import Dataset, StudyResults
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.scores import MARKERS, MEANINGS, PROTOCOL
from experiments.figures.style import (
    INPUT,
    PLAIN,
    SMALL,
    Page,
    Request,
    add_foot,
    budget_note,
    label_plainly,
    looks,
    name_of,
    paper_style,
    save,
)
from zero_leinr.errors import InputError

TALL = 3.6  # inches, without legend and notes
METRIC = "psnr"
LABEL = SMALL
# Where a name may stand: at the right of its mark first, then around it, then further away.
SIDES = [(1, 0), (0, 1), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)]
DISTANCES = (1.5, 6, 11, 17, 24, 32, 42)  # points between the mark and its name
PULLED = 6  # points from which a thin line leads from the name to the mark


def write_quality_cost(
    study_folder: Path, dataset_name: str, request: Request = PLAIN
) -> list[Path]:
    """Write ``figures/quality_cost_<dataset>.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study that has references.
        request: How and where it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: The data set has no PSNR, or ``study.json``, a score file or a cost file is
            missing or cannot be used.
    """
    study = read_study(study_folder)
    dataset = study.dataset(dataset_name)
    if METRIC not in [metric.name for metric in study.columns(dataset, PROTOCOL)]:
        raise InputError(f"{study_folder}: there is no PSNR on {dataset_name}, nothing to draw")
    scores = read_scores(study_folder, study)
    chosen = scores.query(
        "dataset == @dataset_name and metric == @METRIC and protocol == @PROTOCOL"
    )
    quality = chosen.groupby("method")["value"].mean()
    with paper_style():
        costs = read_costs(study_folder, study)
        figure = draw(request.chosen(study), dataset, quality, costs, request.page)
        return save(figure, request.path(study_folder, f"quality_cost_{dataset_name}"))


def draw(
    study: StudyResults,
    dataset: Dataset,
    quality: pd.Series,
    costs: pd.DataFrame,
    page: Page = PLAIN.page,
) -> Figure:
    """Draw the figure of one data set.

    Args:
        study: The study.
        dataset: The data set.
        quality: Method -> mean PSNR in dB.
        costs: What ``read_costs`` returned.
        page: What it may measure.
    """
    figure = Figure(figsize=(page.width, TALL), layout="constrained")
    canvas = FigureCanvasAgg(figure)  # measures text
    axis = figure.subplots()
    look, by_method = looks(study), {row["method"]: row for row in costs.to_dict("records")}
    marks: dict[str, tuple[float, float, float]] = {}  # label -> seconds, PSNR, size
    drawn = [m for m in measured(study) if m.name != INPUT and m.name in quality.index]
    for method in drawn:
        cost = by_method[method.name]
        x, y, size = cost["seconds"], float(quality[method.name]), mark_size(cost["parameters"])
        axis.plot(
            x, y, MARKERS[method.weights], color=look[method.name].color, markersize=size,
            markeredgecolor="white", markeredgewidth=0.4, alpha=0.9,
        )  # fmt: skip
        marks[name_of(study, method)] = (x, y, size)
    front = pareto([(x, y) for x, y, _ in marks.values()])
    axis.step(*zip(*front, strict=True), where="post", color="0.75", linewidth=0.8, zorder=0)
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    label_plainly(axis.xaxis)
    axis.margins(0.05, 0.1)
    fastest, slowest = axis.get_xlim()
    axis.set_xlim(right=slowest * (slowest / fastest) ** 0.15)  # room for the names at the right
    axis.set_xlabel(f"seconds for one image of {image_size(costs)} pixels")
    axis.set_ylabel("PSNR (dB)")
    axis.grid(color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)
    notes = [
        f"Quality on {dataset.label} ({dataset.count} images) over the time for one image.",
        "The line is the front: no method on it is both slower and worse than another.",
        f"{describe_machine(costs)}.",
        budget_note(study),
    ]
    handles = _legend(study, costs)
    add_foot(figure, notes, handles, len(handles))
    canvas.draw()
    # The names must not move the axes that they were placed in.
    place_names(axis, marks)
    return figure


def pareto(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points that no other one beats: (cost, quality), from the cheapest on."""
    front: list[tuple[float, float]] = []
    for cost, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or quality > front[-1][1]:
            front.append((cost, quality))
    return front


def mark_size(parameters: float) -> float:
    """Diameter of a mark in points: grows with each power of ten; small without a network."""
    return 3.5 if pd.isna(parameters) else 2.5 + 1.1 * float(np.log10(max(parameters, 1)))


def _legend(study: StudyResults, costs: pd.DataFrame) -> list[Line2D]:
    """Shapes: where the weights come from. Sizes: how many parameters."""
    kinds = dict.fromkeys(method.weights for method in measured(study))
    entries = [(MARKERS[kind], 4.0, MEANINGS[kind]) for kind in kinds]
    if costs["parameters"].notna().any():
        sizes = [(1e3, "thousand parameters"), (1e6, "million")]
        entries += [("s", mark_size(number), text) for number, text in sizes]
    return [
        Line2D([], [], color="0.3", ls="none", marker=marker, markersize=size, label=text)
        for marker, size, text in entries
    ]


def place_names(axis: Axes, marks: dict[str, tuple[float, float, float]]) -> list[Annotation]:
    """Write a name beside each mark so that no name covers a mark or another name.

    Greedy: the most crowded marks choose first; each takes the nearest free place. Where all are
    taken, the one that covers least.

    Args:
        axis: The axis, drawn once, so that its limits and size stand.
        marks: Name -> x, y (in data), diameter of the mark in points.

    Returns:
        The names, as they stand.
    """
    figure = axis.get_figure()
    assert isinstance(figure, Figure)
    points = figure.dpi / 72  # pixels in a point
    centers = {name: axis.transData.transform((x, y)) for name, (x, y, _) in marks.items()}
    taken = [
        Bbox.from_bounds(x - r, y - r, 2 * r, 2 * r)
        for (x, y), r in ((centers[name], marks[name][2] / 2 * points) for name in marks)
    ]
    inside = axis.get_window_extent()

    def crowd(name: str) -> float:
        return sum(1 / (np.hypot(*(centers[name] - other)) + points) for other in centers.values())

    names = []
    for name in sorted(marks, key=crowd, reverse=True):
        text = axis.annotate(
            name,
            marks[name][:2],
            (0, 0),
            textcoords="offset points",
            ha="left",
            va="bottom",
            size=LABEL,
            color="0.15",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.8},
        )
        text.set_in_layout(False)
        extent = text.get_window_extent()
        width, height = extent.width / points, extent.height / points
        best = None
        for distance, (right, up) in product(DISTANCES, SIDES):
            gap = marks[name][2] / 2 + distance
            # From the mark's center to the text's lower left corner, in points.
            offset = np.array(
                [
                    right * gap - width * (1 - right) / 2,
                    up * gap - height * (1 - up) / 2,
                ]
            )
            left, bottom = centers[name] + offset * points
            box = Bbox.from_bounds(left, bottom, extent.width, extent.height)
            cover = sum(_shared(box, other) for other in taken)
            cover += box.width * box.height - _shared(box, inside)
            if best is None or cover < best[0]:
                best = (cover, distance, offset, box)
            if cover == 0:
                break
        assert best is not None
        _, distance, offset, box = best
        text.set_position(tuple(offset))
        if distance >= PULLED:
            _lead(axis, marks[name][:2], box)
        taken.append(box.padded(1.5 * points))
        names.append(text)
    return names


def _shared(one: Bbox, other: Bbox) -> float:
    """Area that two boxes share, in square pixels."""
    both = Bbox.intersection(one, other)
    return 0.0 if both is None else both.width * both.height


def _lead(axis: Axes, mark: tuple[float, float], box: Bbox) -> None:
    """Return a thin line from a mark to the nearest point of its name."""
    x, y = axis.transData.transform(mark)
    end = (np.clip(x, box.x0, box.x1), np.clip(y, box.y0, box.y1))
    xs, ys = zip(mark, axis.transData.inverted().transform(end), strict=True)
    line = axis.plot(xs, ys, color="0.6", linewidth=0.4, zorder=1, scalex=False, scaley=False)[0]
    line.set_in_layout(False)
