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
    COLORS,
    CUT,
    OUTLIER,
    PAGE,
    SMALL,
    add_foot,
    budget_note,
    cut_long_lines,
    paper_style,
    power_ticks,
    save,
)

LINE = 0.15  # inches a variant takes
MOST_PANELS = 4  # side by side
BETTER, WORSE, UNDECIDED = COLORS[2], COLORS[3], (0.55, 0.55, 0.55)


def write_difference_figure(study_folder: Path, dataset_name: str) -> list[Path]:
    """Write ``figures/differences_<dataset>.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.

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
        figure = draw(study, dataset_name, found[found["dataset"] == dataset_name])
        return save(figure, study_folder / "figures" / f"differences_{dataset_name}")


def draw(study: StudyResults, dataset_name: str, found: pd.DataFrame) -> Figure:
    """Draw one data set's figure from its rows of ``differences``."""
    dataset = study.dataset(dataset_name)
    present = set(found["metric"])
    metrics = [metric for metric, _ in columns(study, dataset) if metric.name in present]
    across = max(1, min(len(metrics), MOST_PANELS))
    down = max(1, math.ceil(len(metrics) / across))
    height = down * (len(variants(study)) * LINE + 0.6) + 0.2
    figure = Figure(figsize=(PAGE, height), layout="constrained")
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
    labels = [study.label(variant) for variant in variants(study)]
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(labels)), labels, size=SMALL)
        axis.set_ylim(len(labels) - 0.4, -0.6)
    title = f"{dataset.label} ({dataset.count} images): variant minus full method"
    figure.suptitle(title, size=9, weight="bold")
    kinds = {"better than full": BETTER, "worse than full": WORSE, "not set apart": UNDECIDED}
    handles = [
        Line2D([], [], color=color, marker="o", ms=3, linewidth=1.4, label=kind)
        for kind, color in kinds.items()
    ]
    note = (
        "Better is to the right in every panel (axes of metrics that should be low are turned). "
        f"Lines are 95 % intervals {study.intervals_over}; colored where p < {ALPHA:.2g} "
        "after Holm's correction for all variants in the panel."
    )
    said = [f"{remark}." for remark in study.remarks_in_words("training")]
    notes = [budget_note(study), note, *[CUT] * any(cut), *said]
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
    for row in found.to_dict("records"):
        place = places[row["method"]]
        color = UNDECIDED
        if row["p_holm"] < ALPHA:
            color = BETTER if sign * row["difference"] > 0 else WORSE
        if np.isfinite(row["ci_low"]):
            ends = [row["ci_low"], row["ci_high"]]
            axis.plot(ends, [place, place], color=color, linewidth=1.4, zorder=2)
            lines.append((*ends, place, color))
        axis.plot(row["difference"], place, "o", color=color, markersize=3.2, zorder=3)
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
