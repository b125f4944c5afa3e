"""What all figures share: sizes, style, the look of each method, captions and saving."""

import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # no screen on a cluster node

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import NullFormatter

from experiments.analysis.model import DAGGER, MethodRow, Metric, StudyResults
from experiments.sheets.metrics import load_metrics
from experiments.sheets.paper import load_names, load_paper
from experiments.sheets.study import FULL, VARIANTS_GROUP
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

INPUT = "input"  # the method that leaves an image as it is

SMALL = 7  # points, the smallest text
LEGEND_LINE = 0.165  # inches
DOTS = 300  # per inch, of the PNG
CUT = "An arrow: the interval goes on beyond the panel."
OUTLIER = 30  # times the median: beyond it an axis is logarithmic
DASHES: list[tuple[int, tuple[float, ...]]] = [
    (0, ()),
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1)),
]
SHADES = 7  # of a color, before dashes and shades repeat
BETTER, WORSE, UNDECIDED = "#1b6e3c", "#c1121f", "#7a7a7a"

Color = tuple[float, float, float]
Box = tuple[int, int, int, int]  # left, top, width, height in pixels


@dataclass(frozen=True)
class Page:
    """What a figure may measure, in inches; by default on a page of IEEE."""

    column: float = 3.5
    width: float = 7.16
    tallest: float = 8.3


@dataclass(frozen=True)
class Request:
    """How and where a figure is wanted.

    Attributes:
        folder: Where it is written; None for ``figures/`` of the study.
        page: What it may measure.
        images: Names of the images that are shown, where a figure shows some; empty for a rule.
        crops: What is enlarged: an image's name, empty for all, and left, top, width and height in
            pixels; empty for a rule.
        methods: Names of the methods that are shown; empty for a rule.
        labels: Other labels of methods, by name.
    """

    folder: Path | None = None
    page: Page = Page()
    images: tuple[str, ...] = ()
    crops: tuple[tuple[str, Box], ...] = ()
    methods: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def path(self, study_folder: Path, name: str) -> Path:
        """Return the figure's path without a suffix."""
        return (self.folder or study_folder / "figures") / name

    def completed(self, study: StudyResults, dataset: str) -> "Request":
        """Return it with what the study's config chooses of a data set where it chooses nothing."""
        grid = study.grids.get(dataset, {})
        by_config = {
            "images": tuple(grid.get("images", ())),
            "crops": tuple(parse_crop(crop) for crop in grid.get("crops", ())),
            "methods": tuple(grid.get("methods", ())),
            "labels": grid.get("labels", {}),
        }
        return replace(self, **{k: v for k, v in by_config.items() if not getattr(self, k)})

    def label(self, study: StudyResults, method: MethodRow) -> str:
        """Return a method's label: its own, or its short name; with the dagger of its budget."""
        if method.name not in self.labels:
            return name_of(study, method)
        return self.labels[method.name] + study.label(method).removeprefix(method.label)

    def chosen(self, study: StudyResults) -> StudyResults:
        """Return the study with the wanted methods alone, in their order.

        Raises:
            InputError: It has no such method.
        """
        known = {method.name: method for method in study.methods}
        for name in self.methods:
            if name not in known:
                there = ", ".join(known)
                raise InputError(f"study {study.name}: no method {name!r}; it has {there}")
        wanted = [known[name] for name in self.methods]
        return replace(study, methods=wanted) if wanted else study


PLAIN = Request()


def parse_crop(text: str) -> tuple[str, Box]:
    """Turn ``120,80,150,100``, or ``179:120,80,150,100`` of image 179, into image and box.

    Raises:
        InputError: These are no four whole numbers, or the crop is empty.
    """
    image, _, numbers = text.rpartition(":")
    if re.fullmatch(r"(\d{1,6},){3}\d{1,6}", numbers, re.ASCII):
        left, top, width, height = (int(part) for part in numbers.split(","))
        if width and height:
            return image, (left, top, width, height)
    raise InputError(
        f"crop {text}: write left,top,width,height in pixels, such as 120,80,150,100, or "
        "179:120,80,150,100 of image 179 alone"
    )


@dataclass(frozen=True)
class Look:
    """How a method is drawn, the same in every figure of a study.

    Attributes:
        color: That of its group; the own method and its variants have their own.
        shade: The same or lighter, where methods of a group are lines in one panel.
        dash: Of such a line.
    """

    color: Color
    shade: Color
    dash: tuple[int, tuple[float, ...]]


def looks(study: StudyResults) -> dict[str, Look]:
    """Return the look of each method, by the colors of ``config/paper.yaml``."""
    colors, counts = {m.name: _color(m) for m in study.methods}, Counter[Color]()
    found = {}
    for method in sorted(study.methods, key=lambda method: method not in study.trained):
        color = colors[method.name]
        number = counts[color]
        counts[color] += 1
        shade = lighter(color, 0.6 * (number // len(DASHES) % SHADES) / SHADES)
        found[method.name] = Look(color, shade, DASHES[number % len(DASHES)])
    return found


def _color(method: MethodRow) -> Color:
    """Return a method's color: its own, that of the own method, a tint of it, or its group's."""
    colors, names = load_paper()["colors"], load_names()
    name = names.get(method.name)
    if name and name.color:
        return to_rgb(name.color)
    if method.name == INPUT:
        return to_rgb(colors["input"])
    ours = names.get(FULL)
    if method.name == FULL or (name and ours and name.cite == ours.cite):
        return to_rgb(colors["own"])
    if method.group == VARIANTS_GROUP:
        return lighter(to_rgb(colors["own"]), 0.35)
    return to_rgb(colors["groups"].get(method.group, colors["others"]))


def lighter(color: Color, share: float) -> Color:
    """Return a tint of a color: mixed with a share of white."""
    red, green, blue = (part + (1 - part) * share for part in color)
    return (red, green, blue)


def name_of(study: StudyResults, method: MethodRow) -> str:
    """Return a method's short name, with a dagger where its training budget was reduced."""
    dagger = study.label(method).removeprefix(method.label)
    known = load_names().get(method.name)
    return (known.short if known else method.label) + dagger


@contextmanager
def paper_style() -> Iterator[None]:
    """Text of 8 points, fonts embedded as TrueType (journals ask for it), thin lines.

    No text is math, so that a label may have dollar signs.
    """
    style = sns.axes_style("ticks") | {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": 8,
        "legend.fontsize": SMALL,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "lines.linewidth": 1.0,
        "pdf.fonttype": 42,
        "ps.fonttype": 42,
        "text.parse_math": False,
    }
    with mpl.rc_context(style):
        yield


def budget_note(study: StudyResults) -> str:
    """Return the sentence that a figure with reduced-budget results must carry; empty otherwise.

    The settings themselves stand in the tables and in a paper's ``setup.tex``.
    """
    reduced = study.budget.reduced and study.trained
    return f"{DAGGER}\N{NO-BREAK SPACE}Trained with a reduced budget." if reduced else ""


def add_foot(figure: Figure, sentences: list[str], handles: list[Any], columns: int) -> None:
    """Make a figure taller by a legend under its axes, and give it its caption.

    Args:
        figure: A figure in constrained layout, with the height that its axes need.
        sentences: The caption's; empty ones are left out.
        handles: The legend's entries; as many stand side by side as fit, ``columns`` at most.
        columns: See there.
    """
    describe(figure, sentences)
    if not handles:
        return
    width, height = figure.get_size_inches()
    lengths = [0.06 * len(str(handle.get_label())) + 0.4 for handle in handles]
    fitting = len(handles) if sum(lengths) < width else int(width / max(lengths))
    columns = max(1, min(columns, len(handles), fitting))
    foot = math.ceil(len(handles) / columns) * LEGEND_LINE + 0.08
    total = height + foot
    figure.set_size_inches(width, total)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, foot / total, 1, height / total))
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, 0.02 / total),
        ncols=columns,
        frameon=False,
        borderaxespad=0,
        borderpad=0.2,
        labelspacing=0.3,
        handletextpad=0.5,
        columnspacing=1.2,
    )


def set_gaps(figure: Figure, inches: float) -> None:
    """Set the space between the images of a figure in constrained layout."""
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(w_pad=inches, h_pad=inches, wspace=0, hspace=0)


def bare(axis: Axes) -> None:
    """Leave an image without ticks and lines around it."""
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def describe(figure: Figure, sentences: list[str]) -> None:
    """Give a figure its caption, which stands beside it and is no part of the picture."""
    figure.set_label(" ".join(sentence for sentence in sentences if sentence))


def caption_of(png: Path) -> str:
    """Return the caption of a figure that ``save`` wrote; empty where it has none."""
    from PIL import Image

    with Image.open(png) as drawn:
        return str(drawn.info.get("Description", ""))


def side_by_side(page: Page, panels: int) -> int:
    """Return how many panels stand side by side on a page."""
    return max(1, min(panels, round(page.width / 1.75)))


def clip(low: float, high: float, metric: Metric) -> tuple[float, float]:
    """Return an interval without values that the metric cannot have."""
    least, most = load_metrics().get(metric.name, {}).get("range", [None, None])
    return (
        low if least is None else max(low, least),
        high if most is None else min(high, most),
    )


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as PDF and PNG, each whole or not at all; both hold its caption.

    Args:
        figure: The figure.
        path: Where to, without a suffix.

    Returns:
        The two files.
    """
    written = []
    # Without dates the same scores make the same bytes.
    caption = str(figure.get_label())
    kinds: list[tuple[str, dict[str, str | None]]] = [
        ("pdf", {"CreationDate": None, "Subject": caption}),
        ("png", {"Software": None, "Description": caption}),
    ]
    for suffix, metadata in kinds:
        target = path.with_name(f"{path.name}.{suffix}")
        drawn = io.BytesIO()  # on a full disk, Matplotlib stumbles over its own file
        figure.savefig(drawn, format=suffix, dpi=DOTS, metadata=metadata)
        with replacing(target) as draft:
            draft.write_bytes(drawn.getbuffer())
        written.append(target)
    return written


def label_plainly(axis: Axis) -> None:
    """Write 0.1, 1 and 10 along a logarithmic axis, whose own labels are math."""
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def cut_long_lines(
    axis: Axes, points: Iterable[float], lines: Sequence[tuple[Any, ...]], turned: bool
) -> bool:
    """Keep a panel to its points where a line, an interval, is several times as long as they span.

    Else two seeds that disagree would squeeze all other rows into one place. A line that is cut
    ends in an arrow; ``CUT`` says so.

    Args:
        axis: The panel; values run along its linear x-axis.
        points: All that has to be seen: means, and those of single seeds.
        lines: First and last value of each line, its place on the other axis, and its color.
        turned: Whether larger values are to the left.

    Returns:
        Whether a line was cut.
    """
    seen = [float(point) for point in points if math.isfinite(point)]
    if not seen:  # every PSNR is infinite
        return False
    span = max(seen) - min(seen)
    first = min([*seen, *(line[0] for line in lines)])
    last = max([*seen, *(line[1] for line in lines)])
    left, right = max(first, min(seen) - span), min(last, max(seen) + span)
    if not span or (left, right) == (first, last):
        return False
    room = 0.05 * (right - left)
    for low, high, place, color in lines:
        for cut, x, arrow in (
            (low < left, left - room, "<>"[turned]),
            (high > right, right + room, "><"[turned]),
        ):
            if cut:
                axis.plot(x, place, arrow, color=color, markersize=3, clip_on=False)
    axis.set_xlim(left - room, right + room)
    return True


def power_ticks(limits: tuple[float, float], linear: float) -> tuple[list[float], list[str]]:
    """Places and labels for a symlog axis: 0, and powers of ten from ``linear`` on, both ways."""
    first = math.ceil(math.log10(linear))
    steps = [10.0**power for power in range(first, first + 6)]
    places = [*(-step for step in reversed(steps)), 0.0, *steps]
    inside = [place for place in places if min(limits) <= place <= max(limits)]
    return inside, [f"{place:g}".replace("-", "−") for place in inside]
