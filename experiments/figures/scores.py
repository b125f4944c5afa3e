"""Score plots: for each dataset, every method's mean with its 95 % interval, a panel a metric."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.analysis.model import Dataset, MethodRow, Metric, StudyResults
from experiments.analysis.remarks import describe_gaps
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.analysis.statistics import summarize
from experiments.figures.style import (
    CUT,
    OUTLIER,
    PLAIN,
    SMALL,
    Page,
    Request,
    add_foot,
    budget_note,
    clip,
    cut_long_lines,
    label_plainly,
    looks,
    name_of,
    paper_style,
    save,
    side_by_side,
)
from experiments.sheets.weights import WeightsOrigin

PROTOCOL = "standard"
MARKERS = {
    WeightsOrigin.NONE: "o",
    WeightsOrigin.OFFICIAL: "s",
    WeightsOrigin.RELEASED: "P",
    WeightsOrigin.TRAINED: "D",
    WeightsOrigin.ELSEWHERE: "X",
}
MEANINGS = {
    WeightsOrigin.NONE: "no weights",
    WeightsOrigin.OFFICIAL: "official weights",
    WeightsOrigin.RELEASED: "released here",
    WeightsOrigin.TRAINED: "trained here",
    WeightsOrigin.ELSEWHERE: "images made elsewhere",
}
LINE = 0.165  # inches a method's row takes


def write_score_figure(
    study_folder: Path, dataset_name: str, request: Request = PLAIN
) -> list[Path]:
    """Write ``figures/scores_<dataset>.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A dataset of the study.
        request: How and where it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used, or the study has
            no such dataset.
    """
    study = read_study(study_folder)
    dataset = study.dataset(dataset_name)
    scores = read_scores(study_folder, study)
    chosen = scores[(scores["protocol"] == PROTOCOL) & (scores["dataset"] == dataset_name)]
    study = request.chosen(study)
    with paper_style():
        figure = draw(study, dataset, chosen, request.page)
        return save(figure, request.path(study_folder, f"scores_{dataset_name}"))


def draw(
    study: StudyResults, dataset: Dataset, scores: pd.DataFrame, page: Page = PLAIN.page
) -> Figure:
    """Draw one dataset's figure from its scores in the standard protocol."""
    summary = summarize(scores)
    present = set(summary["metric"])
    metrics = [metric for metric in study.columns(dataset, PROTOCOL) if metric.name in present]
    across = side_by_side(page, len(metrics))
    places, groups = row_positions(study.methods)
    panel = (len(places) + len(groups) + 0.3) * LINE + 0.45
    fitting = across * max(1, int((page.tallest - 0.3) / panel))
    left_out = [f"{metric.label} is not shown for want of room." for metric in metrics[fitting:]]
    metrics = metrics[:fitting]
    down = math.ceil(max(1, len(metrics)) / across)
    figure = Figure(
        figsize=(page.column if len(metrics) <= 1 else page.width, down * panel),
        layout="constrained",
    )
    axes = figure.subplots(down, across, sharey=True, squeeze=False)
    seed_means = scores.groupby(["metric", "method", "seed"], sort=False)["value"].mean()
    values = {name: rows.set_index("method") for name, rows in summary.groupby("metric")}
    cut = [
        _panel(axis, study, metric, places, values[metric.name], seed_means[metric.name])
        for axis, metric in zip(axes.flat, metrics, strict=False)
    ]
    for axis in axes.flat[len(metrics) :]:
        axis.axis("off")
    if not metrics:
        axes.flat[0].text(0.5, 0.5, "no score in this protocol", ha="center", va="center")
    for axis in axes[:, 0]:
        _method_names(axis, study, places, groups)
    title = f"Scores on {dataset.label} ({dataset.count} images): means with their 95 % intervals."
    gaps = [f"{gap}." for gap in describe_gaps(study, summary, [dataset], PROTOCOL)]
    _foot(figure, study, metrics, title, [CUT] * any(cut) + gaps + left_out)
    return figure


def row_positions(methods: list[MethodRow]) -> tuple[dict[str, int], dict[int, str]]:
    """Places from top to bottom: of each method by name, and the group names with theirs.

    A group's name takes the place above its first method.
    """
    places: dict[str, int] = {}
    groups: dict[int, str] = {}
    group = None
    for method in methods:
        if method.group != group:
            group = method.group
            groups[len(places) + len(groups)] = group
        places[method.name] = len(places) + len(groups)
    return places, groups


def _panel(
    axis: Axes,
    study: StudyResults,
    metric: Metric,
    places: dict[str, int],
    summary: pd.DataFrame,
    seed_means: pd.Series,
) -> bool:
    """One metric: a mark at the mean, a line over the interval, a small dot a seed.

    Logarithmic where one method is far from all others (its training diverged).

    Returns:
        Whether an interval is cut.
    """
    look = looks(study)
    lines = []
    for method in study.methods:
        place, color = places[method.name], look[method.name].color
        axis.axhline(place, color="0.92", linewidth=0.6, zorder=0)
        if method.name not in summary.index:
            continue
        mean, low, high = (
            float(summary[key].loc[method.name]) for key in ("mean", "ci_low", "ci_high")
        )
        if np.isfinite(low):
            low, high = clip(low, high, metric)
            axis.plot([low, high], [place, place], color=color, linewidth=1.4, zorder=2)
            lines.append((low, high, place, color))
        if np.isinf(mean):  # of the reference itself
            axis.annotate(
                "∞", (1, place), xycoords=("axes fraction", "data"), ha="right", va="center"
            )
            continue
        axis.plot(mean, place, MARKERS[method.weights], color=color, markersize=4.2, zorder=3)
        if len(method.seeds) > 1:
            dots = seed_means[method.name].to_numpy()
            axis.plot(dots, np.full(len(dots), place + 0.36), ".", color="0.25", markersize=2)
    unit = f" ({metric.unit})" if metric.unit else ""
    caveat = "*" if metric.caveat else ""
    axis.set_title(f"{metric.label}{unit}{caveat} {metric.arrow}", pad=4)
    finite = summary["mean"][np.isfinite(summary["mean"])]
    if finite.max() > OUTLIER * finite.median() > 0:
        axis.set_xscale("log")
        label_plainly(axis.xaxis)
        cut = False
    else:
        cut = cut_long_lines(
            axis, [*finite, *seed_means[np.isfinite(seed_means)]], lines, turned=False
        )
        axis.locator_params(axis="x", nbins=4)
    axis.grid(axis="x", color="0.92", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    return cut


def _method_names(
    axis: Axes, study: StudyResults, places: dict[str, int], groups: dict[int, str]
) -> None:
    """Names on the vertical axis, top to bottom as in the tables, groups in bold."""
    names = groups | {places[method.name]: name_of(study, method) for method in study.methods}
    axis.set_yticks(list(names), list(names.values()))
    axis.set_ylim(max(names) + 0.7, -0.6)
    for place, text in zip(names, axis.get_yticklabels(), strict=True):
        text.set_fontsize(SMALL)
        text.set_fontweight("bold" if place in groups else "normal")


def _foot(
    figure: Figure, study: StudyResults, metrics: list[Metric], title: str, more: list[str]
) -> None:
    """Say what marks, lines and dots mean, and in the caption what the reader must know."""
    used = dict.fromkeys(method.weights for method in study.methods)
    handles = [
        Line2D([], [], color="0.3", ls="none", marker=MARKERS[kind], ms=4, label=MEANINGS[kind])
        for kind in used
    ]
    handles.append(Line2D([], [], color="0.3", linewidth=1.4, label="95 % interval"))
    if any(len(method.seeds) > 1 for method in study.methods):
        dot = Line2D([], [], color="0.3", ls="none", marker=".", ms=3, label="mean of a seed")
        handles.append(dot)
    notes = [title, budget_note(study)]
    caveats = [metric.caveat.rstrip(".") for metric in metrics if metric.caveat]
    notes += [f"*\N{NO-BREAK SPACE}{caveat}." for caveat in caveats]
    if study.one_seed:
        notes.append(f"Intervals are {study.intervals_over}.")
    notes += [*more, *(f"{failure}." for failure in study.remarks_in_words("seeds"))]
    add_foot(figure, notes, handles, len(handles))
