"""Score over training budget: a line a method, a point a number of steps, small dots its seeds."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from experiments.analysis.budgets import budgets, steps_of
from experiments.analysis.model import Dataset, MethodRow, Metric, StudyResults
from experiments.analysis.results import open_study
from experiments.figures.style import (
    DASHES,
    PLAIN,
    SMALL,
    Page,
    Request,
    add_foot,
    budget_note,
    looks,
    name_of,
    paper_style,
    save,
    side_by_side,
)
from zero_leinr.errors import InputError

PROTOCOL = "standard"


def write_budget(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/budget_<dataset>.{pdf,png}``.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How, where and of which methods it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: No two methods differ in their budget alone, or a file cannot be used.
    """
    study, scores = open_study(study_folder)
    study, dataset = request.chosen(study), study.dataset(dataset_name)
    lines = [
        sorted(((steps_of(study_folder, m), m) for m in group), key=lambda point: point[0])
        for group in budgets(study)
    ]
    if not lines:
        raise InputError(f"study {study.name}: no two methods differ in their budget alone")
    chosen = scores[(scores["dataset"] == dataset_name) & (scores["protocol"] == PROTOCOL)]
    with paper_style():
        figure = draw(study, dataset, lines, chosen, request.page)
        return save(figure, request.path(study_folder, f"budget_{dataset_name}"))


def draw(
    study: StudyResults,
    dataset: Dataset,
    lines: list[list[tuple[int, MethodRow]]],
    scores: pd.DataFrame,
    page: Page = PLAIN.page,
) -> Figure:
    """Draw a panel a metric, as many as stand side by side.

    Args:
        study: The study.
        dataset: The data set that the scores are of.
        lines: Of each line the methods with their steps, in the order of steps.
        scores: What ``read_scores`` returned, of this data set and the standard protocol.
        page: What it may measure.
    """
    means = scores.groupby(["metric", "method", "seed"])["value"].mean()
    there = set(means.index.get_level_values("metric"))
    metrics = [m for m in study.columns(dataset, PROTOCOL) if m.name in there]
    metrics = metrics[: side_by_side(page, len(metrics))]
    width = page.column if len(metrics) < 3 else page.width
    figure = Figure(figsize=(width, 1.75), layout="constrained")
    (axes,) = figure.subplots(1, len(metrics), squeeze=False)
    for axis, metric in zip(axes, metrics, strict=True):
        _panel(axis, study, metric, lines, means[metric.name])
    seeds = max(len(method.seeds) for line in lines for _, method in line)
    said = f"Scores on {dataset.label} ({dataset.count} images) over the steps of a training"
    over = ", means over images and seeds; small dots are seeds." if seeds > 1 else ", one seed."
    handles = figure.axes[0].get_lines() if len(lines) > 1 else []
    named = [line for line in handles if not str(line.get_label()).startswith("_")]
    last = name_of(study, lines[0][-1][1])
    one = "" if named else f"All trainings are as that of {last} but for their length."
    add_foot(figure, [said + over, one, budget_note(study)], named, columns=4)
    return figure


def _panel(
    axis: Axes,
    study: StudyResults,
    metric: Metric,
    lines: list[list[tuple[int, MethodRow]]],
    means: pd.Series,
) -> None:
    """Draw one metric; the steps are logarithmic, with a tick at each of them."""
    look, ticks = looks(replace(study, methods=[line[-1][1] for line in lines])), set()
    known = set(means.index.get_level_values("method"))
    for k, line in enumerate(lines):
        points = [(steps, means[method.name]) for steps, method in line if method.name in known]
        color = look[line[-1][1].name].color
        for steps, values in points:
            axis.plot([steps] * len(values), values, ".", color=color, markersize=2.5, alpha=0.6)
        axis.plot(
            [steps for steps, _ in points],
            [values.mean() for _, values in points],
            color=color,
            linestyle=DASHES[k % len(DASHES)],
            marker="o",
            markersize=3.5,
            label=name_of(study, line[-1][1]),
        )
        ticks |= {steps for steps, _ in points}
    axis.set_xscale("log")
    axis.set_xticks(sorted(ticks), [f"{steps:,}" for steps in sorted(ticks)], rotation=30)
    axis.xaxis.set_minor_locator(NullLocator())
    unit = f" ({metric.unit})" if metric.unit else ""
    axis.set_title(f"{metric.label}{unit} {metric.arrow}", pad=3)
    axis.set_xlabel("training steps", size=SMALL, labelpad=1.5)
    axis.tick_params(labelsize=SMALL, pad=1.5)
    axis.locator_params(axis="y", nbins=5)
