"""How a data set's ranking moves with the protocol: a line a method, from protocol to protocol."""

import textwrap
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.model import Metric, StudyResults
from experiments.analysis.protocols import compared, correlations, rank
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.style import PAGE, SMALL, add_foot, budget_note, looks, paper_style, save
from zero_leinr.errors import InputError

LINE, TWO_LINES = 0.17, 0.24  # inches a rank takes, and where some name takes two lines
LETTERS = 26  # of a name in one line: two panels and their names share a page
MOVED = 2  # ranks from which a method's line is colored
NUMBER = 5.5  # points
NAME = 6  # points, of a protocol: five stand side by side in half a page
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # keeps lines off the numbers


def write_protocol_figure(study_folder: Path, dataset_name: str) -> list[Path]:
    """Write ``figures/protocols_<dataset>.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study that has references.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used, or the data set has
            no metric with several protocols.
    """
    study = read_study(study_folder)
    dataset = study.dataset(dataset_name)
    if not compared(study, dataset):
        raise InputError(f"{dataset_name}: has no metric with several protocols in {study.name}")
    ranks = rank(study, read_scores(study_folder, study))
    with paper_style():
        figure = draw(study, dataset_name, ranks[ranks["dataset"] == dataset_name])
        return save(figure, study_folder / "figures" / f"protocols_{dataset_name}")


def draw(study: StudyResults, dataset_name: str, ranks: pd.DataFrame) -> Figure:
    """Draw one data set's figure from its rows of ``rank``."""
    dataset = study.dataset(dataset_name)
    metrics = [m for m in compared(study, dataset) if m.name in set(ranks["metric"])]
    wrapped = any("\n" in name for name in _names(study).values())
    height = len(study.methods) * (TWO_LINES if wrapped else LINE) + 0.75
    figure = Figure(figsize=(PAGE, height), layout="constrained")
    axes = figure.subplots(1, max(1, len(metrics)), squeeze=False)[0]
    for axis, metric in zip(axes, metrics, strict=False):
        _panel(axis, study, metric, ranks[ranks["metric"] == metric.name])
    if not metrics:
        axes[0].axis("off")
        axes[0].text(0.5, 0.5, "no protocol has every method", ha="center", va="center")
    figure.suptitle(f"{dataset.label} ({dataset.count} images)", size=9, weight="bold")
    notes = [f"{sentence}." for sentence in correlations(study, ranks)]
    notes.append(
        "Numbers are mean scores, best at the top. Thick: methods that move by "
        f"{MOVED} ranks or more between two protocols."
    )
    add_foot(figure, [budget_note(study), *notes], [], 1)
    return figure


def _names(study: StudyResults) -> dict[str, str]:
    """Return the methods' labels, long ones in several lines."""
    return {method.name: textwrap.fill(study.label(method), LETTERS) for method in study.methods}


def _panel(axis: Axes, study: StudyResults, metric: Metric, ranks: pd.DataFrame) -> None:
    """One metric: protocols from left to right, ranks from top to bottom."""
    # Equal ranks would lie on each other: rows are places, in the order of rank, then of the table.
    places = ranks.assign(place=ranks.groupby("protocol")["rank"].rank(method="first"))
    protocols = list(dict.fromkeys(ranks["protocol"]))
    wide = places.pivot(index="method", columns="protocol", values="place")[protocols]
    means = ranks.pivot(index="method", columns="protocol", values="mean")
    standing = ranks.pivot(index="method", columns="protocol", values="rank")
    look, decimals = looks(study), metric.decimals
    across = range(len(protocols))
    for method in study.methods:
        row = wide.loc[method.name]
        moves = standing.loc[method.name].max() - standing.loc[method.name].min() >= MOVED
        color = look[method.name].color if moves else "0.75"
        axis.plot(across, row, color=color, linewidth=1.6 if moves else 0.8, zorder=1 + moves)
        numbers = [f"{mean:.{decimals}f}" for mean in means.loc[method.name, protocols]]
        for x, place, number in zip(across, row, numbers, strict=True):
            axis.text(x, place, number, ha="center", va="center", size=NUMBER, bbox=BOX, zorder=5)
    first = wide[protocols[0]].sort_values()
    labels = _names(study)
    axis.set_yticks(list(first), [labels[name] for name in first.index], size=SMALL)
    axis.set_xticks(list(across), [name.replace("_", "\n") for name in protocols], size=NAME)
    axis.tick_params(axis="both", length=0)
    axis.xaxis.tick_top()
    axis.set_xlim(-0.35, len(protocols) - 0.65)
    axis.set_ylim(len(first) + 0.6, 0.4)
    axis.set_title(f"{metric.label} {metric.arrow}", pad=4)
    for spine in axis.spines.values():
        spine.set_visible(False)
