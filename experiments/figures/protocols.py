"""How a data set's ranking moves with the protocol: a line a method, those that move in color."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.model import Metric, StudyResults
from experiments.analysis.protocols import compared, correlations, rank
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.style import (
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
)
from experiments.sheets.paper import load_paper
from zero_leinr.errors import InputError

LINE = 0.135  # inches a rank takes
NARROWEST = 2.6  # inches of a panel with its names
SHARE = 0.25  # of all places: a method that moves so far has a colored line


def write_protocol_figure(
    study_folder: Path, dataset_name: str, request: Request = PLAIN
) -> list[Path]:
    """Write ``figures/protocols_<dataset>.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study that has references.
        request: How and where it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used, or the data set has
            no metric with several protocols.
    """
    study = request.chosen(read_study(study_folder))
    dataset = study.dataset(dataset_name)
    if not compared(study, dataset):
        raise InputError(f"{dataset_name}: has no metric with several protocols in {study.name}")
    ranks = rank(study, read_scores(study_folder, study))
    with paper_style():
        figure = draw(study, dataset_name, ranks[ranks["dataset"] == dataset_name], request.page)
        return save(figure, request.path(study_folder, f"protocols_{dataset_name}"))


def draw(
    study: StudyResults, dataset_name: str, ranks: pd.DataFrame, page: Page = PLAIN.page
) -> Figure:
    """Draw one data set's figure from its rows of ``rank``; a page too narrow has one panel."""
    dataset = study.dataset(dataset_name)
    metrics = [m for m in compared(study, dataset) if m.name in set(ranks["metric"])]
    metrics = metrics[: max(1, int(page.width / NARROWEST))]
    height = len(study.ranked) * LINE + 0.5
    figure = Figure(figsize=(page.width, height), layout="constrained")
    axes = figure.subplots(1, max(1, len(metrics)), squeeze=False)[0]
    for axis, metric in zip(axes, metrics, strict=False):
        _panel(axis, study, metric, ranks[ranks["metric"] == metric.name])
    if not metrics:
        axes[0].axis("off")
        axes[0].text(0.5, 0.5, "no protocol has every method", ha="center", va="center")
    title = f"Rankings on {dataset.label} ({dataset.count} images) by protocol, best on top."
    moved = f"Colored and named at both ends: those that move by {_far(study)} ranks or more."
    notes = [f"{sentence}." for sentence in correlations(study, ranks, load_paper()["protocols"])]
    add_foot(figure, [title, moved, budget_note(study), *notes], [], 1)
    return figure


def _far(study: StudyResults) -> int:
    """Return by how many ranks a method must move to be shown as one that does."""
    return max(2, round(SHARE * len(study.ranked)))


def _panel(axis: Axes, study: StudyResults, metric: Metric, ranks: pd.DataFrame) -> None:
    """One metric: protocols from left to right, ranks from top to bottom."""
    # Equal ranks would lie on each other: rows are places, in the order of rank, then of the table.
    places = ranks.assign(place=ranks.groupby("protocol")["rank"].rank(method="first"))
    protocols = list(dict.fromkeys(ranks["protocol"]))
    wide = places.pivot(index="method", columns="protocol", values="place")[protocols]
    standing = ranks.pivot(index="method", columns="protocol", values="rank")
    look, across = looks(study), range(len(protocols))
    labels = {method.name: name_of(study, method) for method in study.methods}
    for method in study.ranked:
        row = wide.loc[method.name].to_numpy()
        moves = standing.loc[method.name].max() - standing.loc[method.name].min() >= _far(study)
        color = look[method.name].color if moves else "0.85"
        width, size = (1.3, 3) if moves else (0.7, 2)
        axis.plot(
            across, row, "-o", color=color, linewidth=width, markersize=size, zorder=1 + moves
        )
        if moves:
            axis.annotate(
                labels[method.name],
                (across[-1], row[-1]),
                (5, 0),
                textcoords="offset points",
                va="center",
                size=SMALL,
                annotation_clip=False,
            )
    first = wide[protocols[0]].sort_values()
    axis.set_yticks(list(first), [labels[name] for name in first.index], size=SMALL)
    names = load_paper()["protocols"]
    axis.set_xticks(list(across), [names.get(name, name) for name in protocols], size=SMALL)
    axis.tick_params(axis="both", length=0)
    axis.xaxis.tick_top()
    axis.set_xlim(-0.2, len(protocols) - 0.8)
    axis.set_ylim(len(first) + 0.6, 0.4)
    axis.set_title(f"{metric.label} {metric.arrow}", pad=4)
    for spine in axis.spines.values():
        spine.set_visible(False)
