"""Critical-difference diagram: mean ranks over images, and which methods they do not set apart.

The numbers are those of the table of ranks (``analysis/ranks.py``).
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.model import StudyResults
from experiments.analysis.ranks import PROTOCOL, Ranks, rank_all, rank_images, ranked_columns
from experiments.analysis.results import open_study
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

LINE = 0.14  # inches a method takes
BAR = 0.07  # inches a group of methods takes


def write_critical(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/critical_<dataset>.{pdf,png}``, of the data set's first metric.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How, where and of which methods it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: There are fewer than three methods or two images, or a file cannot be used.
    """
    study, scores = open_study(study_folder)
    study, dataset = request.chosen(study), study.dataset(dataset_name)
    chosen = scores[(scores["dataset"] == dataset_name) & (scores["protocol"] == PROTOCOL)]
    there = [m for m in study.columns(dataset, PROTOCOL) if m.name in set(chosen["metric"])]
    if not there:
        raise InputError(f"{study_folder}: no score on {dataset_name} in protocol {PROTOCOL}")
    ranks = rank_images(study, scores, dataset, there[0])
    what = f"by {there[0].label} over {ranks.images} images of {dataset.label}"
    return _write(
        study, ranks, what, request, request.path(study_folder, f"critical_{dataset_name}")
    )


def write_critical_all(study_folder: Path, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/critical_all.{pdf,png}``: over all data sets, each with the same weight.

    Args:
        study_folder: ``results/<study>``.
        request: How, where and of which methods it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: There are fewer than three methods or two images, or a file cannot be used.
    """
    study, scores = open_study(study_folder)
    study = request.chosen(study)
    ranks = rank_all(study, scores, ranked_columns(study, scores))
    labels = ", ".join(dataset.label for dataset in study.datasets)
    what = f"over {ranks.images} images of {labels}, every data set with the same weight"
    return _write(study, ranks, what, request, request.path(study_folder, "critical_all"))


def _write(
    study: StudyResults, ranks: Ranks, what: str, request: Request, path: Path
) -> list[Path]:
    with paper_style():
        figure = draw(study, ranks, request.page)
        describe(
            figure,
            [
                f"Mean ranks {what}, 1 is best; bars join methods that Nemenyi's test at 5 % does "
                f"not set apart (critical difference {ranks.critical:.1f}).",
                f"Friedman's test: p {'< 0.001' if ranks.p < 0.001 else f'= {ranks.p:.3f}'}.",
                budget_note(study),
            ],
        )
        return save(figure, path)


def draw(study: StudyResults, ranks: Ranks, page: Page = PLAIN.page) -> Figure:
    """Draw an axis of ranks, names on both sides of it, and a bar a group."""
    count, groups = len(ranks.mean), ranks.groups()
    half = -(-count // 2)
    bars = BAR * (len(groups) + 1)
    height = 0.32 + bars + half * LINE
    figure = Figure(figsize=(page.width, height))
    side = 1.15 / page.width
    axis = figure.add_axes((side, 0.02, 1 - 2 * side, 1 - 0.26 / height))
    axis.set(xlim=(1, count), ylim=(-(bars + half * LINE), 0))
    labels, look = {m.name: name_of(study, m) for m in study.methods}, looks(study)
    for k, (name, rank) in enumerate(ranks.mean.items()):
        left = k < half
        place = -(bars + (k if left else count - 1 - k) * LINE + LINE / 2)
        edge = 1 if left else count
        color = look[str(name)].color
        axis.plot([rank, rank, edge], [0, place, place], color=color, linewidth=0.8, clip_on=False)
        axis.annotate(
            f"{labels[str(name)]}  {rank:.1f}" if left else f"{rank:.1f}  {labels[str(name)]}",
            (edge, place),
            (-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            size=SMALL,
            annotation_clip=False,
        )
    for k, (start, end) in enumerate(groups):
        low, high = start - 0.004 * count, end + 0.004 * count
        axis.plot([low, high], [-BAR * (k + 1)] * 2, color="0.1", linewidth=2.2)
    axis.xaxis.tick_top()
    axis.set_xticks(np.unique(np.linspace(1, count, min(count, 9)).round()))
    axis.tick_params(labelsize=SMALL)
    axis.set_yticks([])
    for side_name in ("left", "bottom", "right"):
        axis.spines[side_name].set_visible(False)
    axis.spines["top"].set_visible(True)
    return figure
