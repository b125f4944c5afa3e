"""The own method against its best rival, a dot an image: better on all, or on some by much?"""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.model import MethodRow, Metric, StudyResults
from experiments.analysis.results import open_study
from experiments.figures.pictures import own_methods, rivals
from experiments.figures.style import (
    PLAIN,
    SMALL,
    Page,
    Request,
    budget_note,
    describe,
    looks,
    name_of,
    paper_style,
    save,
)
from zero_leinr.errors import InputError

PROTOCOL = "standard"
MOST = 3  # metrics


def write_paired(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/paired_<dataset>.{pdf,png}``.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How and where it is wanted; of two ``methods``, the second is the rival.

    Returns:
        The files written.

    Raises:
        InputError: There are no two methods to compare, or a file cannot be used.
    """
    study, scores = open_study(study_folder)
    dataset = study.dataset(dataset_name)
    chosen = scores[(scores["dataset"] == dataset_name) & (scores["protocol"] == PROTOCOL)]
    metrics = [m for m in study.columns(dataset, PROTOCOL) if m.name in set(chosen["metric"])]
    if not metrics:
        raise InputError(f"{study_folder}: no score on {dataset_name} in protocol {PROTOCOL}")
    first, second = opponents(study, chosen, metrics[0], request)
    images = chosen.groupby(["metric", "method", "image"])["value"].mean()
    with paper_style():
        figure, won = draw(study, first, second, metrics[:MOST], images, request.page)
        describe(
            figure,
            [
                f"{name_of(study, first)} against {name_of(study, second)} on {dataset.label}, a "
                f"dot an image; on the gray side {name_of(study, first)} is better: {won}.",
                budget_note(study),
            ],
        )
        return save(figure, request.path(study_folder, f"paired_{dataset_name}"))


def opponents(
    study: StudyResults, scores: pd.DataFrame, metric: Metric, request: Request
) -> tuple[MethodRow, MethodRow]:
    """Return the own method and the rival with the best mean of a metric, or what is asked for.

    Raises:
        InputError: The study has no own method, or no other.
    """
    if request.methods:
        wanted = request.chosen(study).methods
        if len(wanted) != 2:
            raise InputError(f"paired: name two methods, not {len(wanted)}")
        return wanted[0], wanted[1]
    means = scores[scores["metric"] == metric.name].groupby("method")["value"].mean()
    own, others = own_methods(study), rivals(study, means, up=metric.direction == "up")
    if not own or not others:
        raise InputError(f"study {study.name}: needs the own method and another one to compare")
    return own[0], others[0]


def draw(
    study: StudyResults,
    first: MethodRow,
    second: MethodRow,
    metrics: list[Metric],
    images: pd.Series,
    page: Page = PLAIN.page,
) -> tuple[Figure, str]:
    """Draw a square panel a metric.

    Args:
        study: The study.
        first: The method on the vertical axis.
        second: The one on the horizontal axis.
        metrics: A panel each.
        images: (metric, method, image) -> score, mean over seeds.
        page: What it may measure.

    Returns:
        The figure, and on how many images the first is better, in words.
    """
    width = page.column if len(metrics) == 1 else min(page.width, 2.2 * len(metrics))
    figure = Figure(figsize=(width, width / len(metrics) + 0.15), layout="constrained")
    won = []
    for axis, metric in zip(
        figure.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True
    ):
        x, y = (images[metric.name].get(method.name) for method in (second, first))
        if x is None or y is None:
            axis.axis("off")
            continue
        _panel(axis, metric, x, y, looks(study)[first.name].color)
        axis.set_xlabel(name_of(study, second), size=SMALL, labelpad=1.5)
        axis.set_ylabel(name_of(study, first), size=SMALL, labelpad=1.5)
        better = (y > x) if metric.direction == "up" else (y < x)
        won.append(f"{metric.label} {int(better.sum())} of {len(x)}")
    return figure, ", ".join(won)


def _panel(axis: Axes, metric: Metric, x: pd.Series, y: pd.Series, color: object) -> None:
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    room = 0.06 * (high - low) or 1.0
    ends = (low - room, high + room)
    edge = ends[1] if metric.direction == "up" else ends[0]
    axis.fill_between(ends, ends, [edge] * 2, color="0.94", linewidth=0, zorder=0)
    axis.plot(ends, ends, color="0.5", linewidth=0.7, zorder=1)
    axis.plot(x, y.reindex(x.index), "o", color=color, markersize=3.2, mec="white", mew=0.3)
    axis.set(xlim=ends, ylim=ends, aspect="equal")
    unit = f" ({metric.unit})" if metric.unit else ""
    axis.set_title(f"{metric.label}{unit} {metric.arrow}", pad=3)
    axis.locator_params(nbins=4)
    axis.tick_params(labelsize=SMALL)
