"""The losses of a study's trainings, smoothed; of a kept study the totals alone."""

import math
from pathlib import Path

import pandas as pd

from experiments.analysis.kept import read_kept_losses
from experiments.analysis.model import StudyResults
from experiments.results_folder import ResultsFolder
from zero_leinr.errors import InputError

SMOOTHING = 0.05
"""The width of the running mean, as a share of a run's steps."""

POINTS = 300
"""Of a line, at most: more than a panel has dots, and a PDF stays small."""

KEPT_POINTS = 60
"""Of a kept line, at most."""


def read_losses(study_folder: Path, study: StudyResults) -> pd.DataFrame:
    """Return the smoothed losses of all runs.

    Args:
        study_folder: ``results/<study>``, in either form.
        study: What ``read_study`` returned for it.

    Returns:
        One row each of method, seed, loss and step, with its ``value``.

    Raises:
        InputError: A ``losses.csv`` is missing or cannot be used.
    """
    if ResultsFolder(study_folder).is_kept:
        kept = read_kept_losses(study_folder)
        runs = {(method.name, seed) for method in study.trained for seed in method.all_seeds}
        return kept[[run in runs for run in zip(kept["method"], kept["seed"], strict=True)]]
    frames = []
    for method in study.trained:
        for seed in method.all_seeds:
            path = ResultsFolder(study_folder).run(method.name, seed) / "losses.csv"
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


def totals_to_keep(losses: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of each network, thinned to ``KEPT_POINTS`` a run, four digits each."""
    totals = losses[losses["loss"].str.endswith("total")]
    place = totals.groupby(["method", "seed", "loss"]).cumcount()
    count = totals.groupby(["method", "seed", "loss"])["step"].transform("size")
    kept = totals[place % (-(-count // KEPT_POINTS)) == 0]
    return kept.assign(value=[float(f"{value:.4g}") for value in kept["value"]])
