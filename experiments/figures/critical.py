"""Critical-difference diagram: mean ranks over images, and which methods they do not set apart.

Source: J. Demsar, Statistical comparisons of classifiers over multiple data sets, JMLR 7, 2006: the
test of Friedman, then that of Nemenyi at 5 %. It holds images for the only source of chance, so
seeds are averaged first.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from experiments.analysis.comparisons import ALPHA
from experiments.analysis.model import Metric, StudyResults
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

PROTOCOL = "standard"
LINE = 0.14  # inches a method takes
BAR = 0.07  # inches a group of methods takes


@dataclass(frozen=True)
class Ranks:
    """Mean ranks of methods over images.

    Attributes:
        mean: Method -> mean rank, the best (1) first.
        critical: Difference of mean ranks from which two methods differ.
        p: Of Friedman's test that all are alike.
        images: How many there are.
    """

    mean: pd.Series
    critical: float
    p: float
    images: int

    def groups(self) -> list[tuple[float, float]]:
        """Return the longest stretches of mean ranks that are no critical difference wide."""
        found: list[tuple[float, float]] = []
        values = self.mean.to_numpy()
        for start in values:
            end = float(values[values <= start + self.critical].max())
            if end > start and (not found or end > found[-1][1]):
                found.append((float(start), end))
        return found


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
    metric = there[0]
    ranks = rank_images(study, chosen[chosen["metric"] == metric.name], metric)
    with paper_style():
        figure = draw(study, ranks, request.page)
        describe(
            figure,
            [
                f"Mean ranks by {metric.label} over {ranks.images} images of {dataset.label}, 1 is "
                "best; bars join methods that Nemenyi's test at 5 % does not set apart "
                f"(critical difference {ranks.critical:.1f}).",
                f"Friedman's test: p {'< 0.001' if ranks.p < 0.001 else f'= {ranks.p:.3f}'}.",
                budget_note(study),
            ],
        )
        return save(figure, request.path(study_folder, f"critical_{dataset_name}"))


def rank_images(study: StudyResults, scores: pd.DataFrame, metric: Metric) -> Ranks:
    """Rank the methods on each image.

    Args:
        study: Whose methods are ranked.
        scores: Of one data set, metric and protocol.
        metric: The metric.

    Raises:
        InputError: There are fewer than three methods or two images.
    """
    table = scores.groupby(["image", "method"])["value"].mean().unstack()
    table = table[[m.name for m in study.methods if m.name in table.columns]].dropna(axis=1)
    images, methods = table.shape
    if methods < 3 or images < 2:
        raise InputError(f"study {study.name}: ranks need three methods and two images at least")
    ranks = table.rank(axis=1, ascending=metric.direction == "down")
    reach = stats.studentized_range.ppf(1 - ALPHA, methods, np.inf) / np.sqrt(2)
    critical = float(reach * np.sqrt(methods * (methods + 1) / (6 * images)))
    p = float(stats.friedmanchisquare(*table.to_numpy().T).pvalue)
    return Ranks(ranks.mean().sort_values(), critical, p, images)


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
