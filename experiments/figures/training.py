"""Training curves: the total loss of each network, thin lines for seeds, bold for their mean."""

import math
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from experiments.analysis.losses import SMOOTHING, read_losses
from experiments.analysis.model import StudyResults
from experiments.analysis.results import read_study
from experiments.figures.style import (
    PLAIN,
    SMALL,
    Look,
    Page,
    Request,
    add_foot,
    budget_note,
    looks,
    name_of,
    paper_style,
    save,
)
from zero_leinr.errors import InputError

TOTAL = "total"
EXPLODED = 30  # medians above which a loss has exploded, and leaves its panel


def write_training_curves(study_folder: Path, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/training_curves.{pdf,png}``.

    Args:
        study_folder: ``results/<study>``; its ``runs`` hold the ``losses.csv`` files.
        request: How and where it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: The study trains nothing, or a ``losses.csv`` is missing or cannot be used.
    """
    study = request.chosen(read_study(study_folder))
    if not study.trained:
        raise InputError(f"study {study.name!r} trains no method: there are no training curves")
    losses = read_losses(study_folder, study)
    with paper_style():
        figure = draw(study, losses, request.page)
        return save(figure, request.path(study_folder, "training_curves"))


def draw(study: StudyResults, losses: pd.DataFrame, page: Page = PLAIN.page) -> Figure:
    """Draw a panel for the total loss of each network (light, color, denoiser)."""
    totals = losses[losses["loss"].str.endswith(TOTAL)]
    parts = list(dict.fromkeys(totals["loss"]))
    across = max(1, min(len(parts), round(page.width / 2.3)))
    down = math.ceil(len(parts) / across)
    figure = Figure(figsize=(page.width, 1.7 * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False)
    look = looks(study)
    for axis, part in zip(axes.flat, parts, strict=False):
        _panel(axis, totals[totals["loss"] == part], look)
        axis.set_title(part.removesuffix(TOTAL).rstrip("/"), pad=3)
    for axis in axes.flat[len(parts) :]:
        axis.axis("off")
    handles = [
        Line2D(
            *([], []),
            color=look[m.name].shade,
            linestyle=look[m.name].dash,
            label=name_of(study, m),
        )
        for m in study.trained
    ]
    seeds = max(len(method.all_seeds) for method in study.trained)
    lines = "thin lines: seeds, bold: their mean" if seeds > 1 else "one seed"
    notes = [
        f"Total losses in training, running means over {SMOOTHING:.0%} of a run's steps; {lines}.",
        "Networks trained alike hide each other; a loss that explodes leaves its panel.",
        budget_note(study),
    ]
    add_foot(figure, notes, handles, columns=6)
    return figure


def _panel(axis: Axes, losses: pd.DataFrame, look: dict[str, Look]) -> None:
    """One loss: logarithmic where it is positive and spans more than a factor of 10."""
    for name, runs in losses.groupby("method", sort=False):
        color, dash = look[str(name)].shade, look[str(name)].dash
        if runs["seed"].nunique() > 1:
            for _, run in runs.groupby("seed"):
                axis.plot(run["step"], run["value"], color=color, linewidth=0.4, alpha=0.45)
        mean = runs.groupby("step")["value"].mean()
        axis.plot(mean.index, mean, color=color, linestyle=dash, linewidth=1.1)
    values = losses["value"][losses["value"].map(math.isfinite)]
    low, high = values.min(), min(values.max(), EXPLODED * values.median())
    if low > 0 and high / low > 10:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 3) if high / low < 300 else (1,)))
        axis.yaxis.set_minor_formatter(NullFormatter())
    else:
        axis.locator_params(axis="y", nbins=4)
    if high < values.max():
        axis.set_ylim(top=high)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.locator_params(axis="x", nbins=3)
    axis.set_xlabel("training step", size=SMALL, labelpad=1.5)
    axis.set_ylabel("total loss", size=SMALL, labelpad=1.5)
    axis.tick_params(labelsize=SMALL, pad=1.5)
    axis.set_xmargin(0.02)
