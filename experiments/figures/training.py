"""Training curves: every loss of every network, thin lines for seeds, bold for their mean."""

import math
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from experiments.analysis.model import StudyResults
from experiments.analysis.results import read_study
from experiments.figures.style import (
    PAGE,
    SMALL,
    Look,
    add_foot,
    budget_note,
    looks,
    paper_style,
    save,
)
from zero_leinr.errors import InputError

SMOOTHING = 0.05  # of a run's steps: the width of the running mean
POINTS = 300  # a line shows at most: more than a panel's dots, and the PDF stays small


def write_training_curves(study_folder: Path) -> list[Path]:
    """Write ``figures/training_curves.{pdf,png}``.

    Args:
        study_folder: ``results/<study>``; its ``runs`` hold the ``losses.csv`` files.

    Returns:
        The files written.

    Raises:
        InputError: The study trains nothing, or a ``losses.csv`` is missing or cannot be used.
    """
    study = read_study(study_folder)
    if not study.trained:
        raise InputError(f"study {study.name!r} trains no method: there are no training curves")
    losses = read_losses(study_folder, study)
    with paper_style():
        figure = draw(study, losses)
        return save(figure, study_folder / "figures" / "training_curves")


def read_losses(study_folder: Path, study: StudyResults) -> pd.DataFrame:
    """Return the smoothed losses of all runs.

    Returns:
        One row each of method, seed, loss and step, with its ``value``.

    Raises:
        InputError: A ``losses.csv`` is missing or cannot be used.
    """
    frames = []
    for method in study.trained:
        for seed in method.all_seeds:
            path = study_folder / "runs" / method.name / f"seed{seed}" / "losses.csv"
            frame = smooth(_read_run(path)).melt("step", var_name="loss").dropna()
            frames.append(frame.assign(method=method.name, seed=seed))
    return pd.concat(frames, ignore_index=True)


def _read_run(path: Path) -> pd.DataFrame:
    """One run's losses: a row a step, a column a loss and ``step``."""
    try:
        frame = pd.read_csv(path).drop(columns="epoch").astype(float)
    except FileNotFoundError as error:
        raise InputError(f"{path}: missing; run the training stage") from error
    except (ValueError, KeyError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a table of losses ({reason}); train again") from error
    if "step" not in frame or frame.empty:
        raise InputError(f"{path}: not a table of losses (no steps); train again")
    return frame


def smooth(run: pd.DataFrame) -> pd.DataFrame:
    """Centered running mean over ``SMOOTHING`` of the steps, thinned to ``POINTS`` of them.

    Args:
        run: Columns ``step`` and one a loss, rows in the order of the steps.

    Returns:
        The same columns; the window narrows at both ends.
    """
    window = max(1, round(len(run) * SMOOTHING))
    rolled = run.drop(columns="step").rolling(window, center=True, min_periods=1).mean()
    thin = math.ceil(len(run) / POINTS)
    return rolled.assign(step=run["step"]).iloc[::thin]


def draw(study: StudyResults, losses: pd.DataFrame) -> Figure:
    """Draw a row of panels for each network (light, color, denoiser), a panel for each loss."""
    panels = arrange(list(losses["loss"].unique()))
    across = max(len(names) for names in panels.values())
    figure = Figure(figsize=(PAGE, 1.45 * len(panels) + 0.2), layout="constrained")
    axes = figure.subplots(len(panels), across, squeeze=False)
    look = looks(study)
    parts = list(panels.items())
    for i, (row, (part, names)) in enumerate(zip(axes, parts, strict=True)):
        below = len(parts[i + 1][1]) if i + 1 < len(parts) else 0
        for axis, name in zip(row, names, strict=False):
            loss = f"{part}/{name}" if part else name
            _panel(axis, losses[losses["loss"] == loss], look)
            axis.set_title(f"{part}: {name}" if part else name, pad=3, size=SMALL)
        for axis in row[below : len(names)]:
            axis.set_xlabel("training step", size=SMALL, labelpad=1.5)
        for axis in row[len(names) :]:
            axis.axis("off")
    handles = [
        Line2D([], [], color=look[m.name].color, linestyle=look[m.name].dash, label=study.label(m))
        for m in study.trained
    ]
    seeds = max(len(method.all_seeds) for method in study.trained)
    lines = "thin lines: seeds, bold: their mean" if seeds > 1 else "one seed"
    note = f"Running mean over {SMOOTHING:.0%} of a run's steps; {lines}."
    add_foot(figure, [note, budget_note(study)], handles, columns=3)
    return figure


def arrange(losses: list[str]) -> dict[str, list[str]]:
    """Sort ``part/name`` columns into parts, each with its losses, the total last."""
    panels: dict[str, list[str]] = {}
    for loss in losses:
        part, _, name = loss.rpartition("/")
        panels.setdefault(part, []).append(name)
    return {part: sorted(names, key=lambda name: name == "total") for part, names in panels.items()}


def _panel(axis: Axes, losses: pd.DataFrame, look: dict[str, Look]) -> None:
    """One loss: logarithmic where it is positive and spans more than a factor of 10."""
    for name, runs in losses.groupby("method", sort=False):
        color, dash = look[str(name)].color, look[str(name)].dash
        if runs["seed"].nunique() > 1:
            for _, run in runs.groupby("seed"):
                axis.plot(run["step"], run["value"], color=color, linewidth=0.4, alpha=0.45)
        mean = runs.groupby("step")["value"].mean()
        axis.plot(mean.index, mean, color=color, linestyle=dash, linewidth=1.1)
    low, high = losses["value"].min(), losses["value"].max()
    if low > 0 and high / low > 10:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axis.yaxis.set_minor_formatter(NullFormatter())
    else:
        axis.locator_params(axis="y", nbins=4)
    axis.yaxis.set_major_formatter("{x:g}")
    axis.locator_params(axis="x", nbins=3)
    axis.tick_params(labelsize=6, pad=1.5)
    axis.set_xmargin(0.02)
