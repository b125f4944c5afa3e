"""What all figures of a study share: sizes, style, the look of each method, and saving.

The figures themselves: ``figures_*.py``, one file a kind.
"""

import io
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # no screen on a cluster node

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from experiments.analysis.model import DAGGER, StudyResults
from zero_leinr.atomic_write import replacing

COLUMN = 3.5  # inches: one column of a two-column page
PAGE = 7.16  # inches: both columns
TALLEST = 8.8  # inches: what a page holds beside a caption
SMALL = 7  # points
NOTE_LINE = 0.105  # inches a line of a note takes, in 6 points
NOTE_LETTERS = 22  # letters of it in an inch
LEGEND_LINE = 0.165  # inches
DOTS = 300  # per inch, of the PNG
CUT = "An arrow: the interval goes on beyond the panel."
OUTLIER = 30  # times the median: beyond it an axis is logarithmic

# seaborn's colour-blind palette without its two faintest colours. With more methods than colours
# the line style tells them apart.
COLORS = [sns.color_palette("colorblind")[i] for i in (0, 1, 2, 3, 4, 5, 9, 7)]
DASHES: list[tuple[int, tuple[float, ...]]] = [
    (0, ()),
    (0, (4, 1.5)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1)),
]


@dataclass(frozen=True)
class Look:
    """How a method is drawn, the same in every figure of a study."""

    color: tuple[float, float, float]
    dash: tuple[int, tuple[float, ...]]


def looks(study: StudyResults) -> dict[str, Look]:
    """Return the look of each method; trained ones first, as only they share an axis."""
    methods = sorted(study.methods, key=lambda method: method not in study.trained)
    return {
        method.name: Look(COLORS[i % len(COLORS)], DASHES[i // len(COLORS) % len(DASHES)])
        for i, method in enumerate(methods)
    }


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
    """Return the sentence that a figure with reduced-budget results must carry; empty otherwise."""
    reduced = study.budget.reduced and study.trained
    return f"{DAGGER}\N{NO-BREAK SPACE}{study.budget}." if reduced else ""


def wrap_note(sentences: list[str], width: float) -> list[str]:
    """Break a figure's note into lines: a sentence starts a line; ``width`` is in inches."""
    letters = int(width * NOTE_LETTERS)
    return [line for text in sentences for line in textwrap.wrap(text, letters)]


def add_foot(figure: Figure, sentences: list[str], handles: list[Line2D], columns: int) -> None:
    """Make a figure taller by a legend and a note under its axes.

    Args:
        figure: A figure in constrained layout, with the height that its axes need.
        sentences: The note; empty ones are left out.
        handles: The legend's entries.
        columns: How many of them stand side by side.
    """
    width, height = figure.get_size_inches()
    lines = wrap_note(sentences, width)
    note = len(lines) * NOTE_LINE + 0.06
    foot = note + math.ceil(len(handles) / columns) * LEGEND_LINE + 0.06
    total = height + foot
    figure.set_size_inches(width, total)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, foot / total, 1, height / total))
    figure.legend(
        handles=handles,
        loc="lower center",
        bbox_to_anchor=(0.5, note / total),
        ncols=columns,
        frameon=False,
        borderaxespad=0,
        borderpad=0.2,
        labelspacing=0.3,
        handletextpad=0.5,
        columnspacing=1.2,
    )
    write_note(figure, lines)


def write_note(figure: Figure, lines: list[str]) -> None:
    """Write the lines of a note along a figure's bottom edge."""
    width, height = figure.get_size_inches()
    figure.text(
        0.04 / width, 0.04 / height, "\n".join(lines), size=6, color="0.35", linespacing=1.2
    )


def save(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as PDF and PNG, each whole or not at all; makes their folder.

    Args:
        figure: The figure.
        path: Where to, without a suffix.

    Returns:
        The two files.
    """
    written = []
    # Without dates the same scores make the same bytes.
    for suffix, metadata in [("pdf", {"CreationDate": None}), ("png", {"Software": None})]:
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
