"""What each variant changes on a data set: differences to the full method with their intervals."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from experiments.analysis.comparisons import ALPHA
from experiments.analysis.differences import columns, differences, variants
from experiments.analysis.model import Metric, StudyResults
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.style import (
    BETTER,
    CUT,
    OUTLIER,
    PLAIN,
    SMALL,
    UNDECIDED,
    WORSE,
    Page,
    Request,
    add_foot,
    budget_note,
    cut_long_lines,
    name_of,
    paper_style,
    power_ticks,
    save,
    side_by_side,
)

LINE = 0.15  # inches a variant takes
# Color, marker and filling: without color, shape and filling still say it.
MARKS = {
    "better": (BETTER, "^", BETTER),
    "worse": (WORSE, "v", WORSE),
    "open": (UNDECIDED, "o", "w"),
}


def write_difference_figure(
    study_folder: Path, dataset_name: str, request: Request = PLAIN
) -> list[Path]:
    """Write ``figures/differences_<dataset>.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How and where it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used, or the study has
            no such data set.
    """
    study = read_study(study_folder)
    study.dataset(dataset_name)
    found = differences(study, read_scores(study_folder, study))
    with paper_style():
        chosen = found[found["dataset"] == dataset_name]
        figure = draw(request.chosen(study), dataset_name, chosen, request.page)
        return save(figure, request.path(study_folder, f"differences_{dataset_name}"))


def draw(
    study: StudyResults, dataset_name: str, found: pd.DataFrame, page: Page = PLAIN.page
) -> Figure:
    """Draw one data set's figure from its rows of ``differences``."""
    dataset = study.dataset(dataset_name)
    present = set(found["metric"])
    metrics = [metric for metric, _ in columns(study, dataset) if metric.name in present]
    across = side_by_side(page, len(metrics))
    panel = len(variants(study)) * LINE + 0.6
    shown = metrics[: across * max(1, int((page.tallest - 0.4) / panel))]
    left_out = [metric.label for metric in metrics[len(shown) :]]
    metrics = shown
    down = max(1, math.ceil(len(metrics) / across))
    height = down * panel
    figure = Figure(figsize=(page.width, height), layout="constrained")
    places = {variant.name: place for place, variant in enumerate(variants(study))}
    axes = figure.subplots(down, across, sharey=True, squeeze=False)
    cut = [
        _panel(axis, metric, places, found[found["metric"] == metric.name])
        for axis, metric in zip(axes.flat, metrics, strict=False)
    ]
    for axis in axes.flat[len(metrics) :]:
        axis.axis("off")
    if not metrics:
        axis = axes.flat[0]
        place = {"ha": "center", "va": "center", "transform": axis.transAxes}
        axis.text(0.5, 0.5, "nothing can be compared", **place)
    labels = [name_of(study, variant) for variant in variants(study)]
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(labels)), labels, size=SMALL)
        axis.set_ylim(len(labels) - 0.4, -0.6)
    title = f"Each variant minus the full method on {dataset.label} ({dataset.count} images)."
    words = {"better": "better than full", "worse": "worse than full", "open": "not set apart"}
    handles = [
        Line2D([], [], color=color, marker=marker, mfc=fill, ms=4, linewidth=1.2, label=words[kind])
        for kind, (color, marker, fill) in MARKS.items()
    ]
    note = (
        "Better is to the right in every panel (axes of metrics that should be low are turned). "
        f"Lines are 95 % intervals {study.intervals_over}; filled where p < {ALPHA:.2g} "
        "after Holm's correction for all variants in the panel."
    )
    said = [f"{remark}." for remark in study.remarks_in_words("seeds")]
    notes = [title, budget_note(study), note, *[CUT] * any(cut), *said]
    if left_out:
        notes.append(f"Not shown for want of room: {', '.join(left_out)}.")
    add_foot(figure, notes, handles, len(handles))
    return figure


def _panel(axis: Axes, metric: Metric, places: dict[str, int], found: pd.DataFrame) -> bool:
    """One metric: a dot at each variant's mean difference, a line over the interval.

    Where one variant differs far more than the others do (its training diverged), the axis is
    logarithmic beyond what most of them reach.

    Returns:
        Whether an interval is cut.
    """
    cut, lines = False, []
    sign = 1 if metric.direction == "up" else -1
    reach = found["difference"].abs()
    linear = 3 * reach.median()
    logarithmic = reach.max() > OUTLIER * reach.median() > 0
    if logarithmic:
        axis.set_xscale("symlog", linthresh=linear, linscale=1.5)
    axis.axvline(0, color="0.3", linewidth=0.6, zorder=1)
    for row in found[found["method"].isin(places)].to_dict("records"):
        place = places[row["method"]]
        kind = "open"
        if row["p_holm"] < ALPHA:
            kind = "better" if sign * row["difference"] > 0 else "worse"
        color, marker, fill = MARKS[kind]
        if np.isfinite(row["ci_low"]):
            ends = [row["ci_low"], row["ci_high"]]
            axis.plot(ends, [place, place], color=color, linewidth=1.4, zorder=2)
            lines.append((*ends, place, color))
        axis.plot(row["difference"], place, marker, color=color, mfc=fill, markersize=4, zorder=3)
    unit = f" ({metric.unit})" if metric.unit else ""
    axis.set_title(f"{metric.label}{unit} {metric.arrow}", pad=4)
    if not logarithmic:
        cut = cut_long_lines(axis, [0, *found["difference"]], lines, turned=sign < 0)
    if sign < 0:
        axis.invert_xaxis()
    if logarithmic:
        axis.set_xticks(*power_ticks(axis.get_xlim(), linear))
        axis.xaxis.set_minor_locator(NullLocator())
    else:
        axis.locator_params(axis="x", nbins=4)
    axis.grid(color="0.93", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    return cut
