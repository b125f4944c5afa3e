"""Quality control: what in a finished study looks wrong, or says little, and deserves a look.

Three kinds of flags, each a remark under the tables and in the report. None removes a number:

- scores outside what the controls allow (``baselines/controls.py``): as good as the reference
  itself, or worse than random brightness; and metrics that put the controls in the wrong order;
- trainings whose last losses lie outside the band of sound trainings by the same recipe
  (``config/loss_bands.csv``);
- runs whose images have the same scores in every metric, so that they are the same images.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.losses import read_losses
from experiments.analysis.model import Dataset, MethodRow, Metric, Remark, StudyResults
from experiments.analysis.remarks import read_record
from experiments.sheets.reading import CONFIG
from zero_leinr.errors import InputError

REFERENCE = "reference"
"""The control that is the reference itself: no image can score better against the reference."""

BANDS = CONFIG / "loss_bands.csv"
BAND_COLUMNS = ["recipe", "method", "loss", "low", "high", "seeds"]
LEAST_SEEDS = 3  # of a band
WIDEST = 2  # a loss that differs more between seeds, high over low, has no band
SLACK = 0.05  # of the mean: the least by which a band reaches beyond the seeds that it is made of

DIGITS = 6
"""In so many significant digits the scores of two images agree that are said to be the same."""

LEAST_EQUAL = 2  # images: a single pair of equal scores may be chance


def with_quality(folder: Path, study: StudyResults, scores: pd.DataFrame) -> StudyResults:
    """Return the study with the remarks of quality control among its remarks.

    Args:
        folder: ``results/<study>``.
        study: What ``open_study`` returned for it.
        scores: Likewise.

    Raises:
        InputError: The bands or the record of a run cannot be read.
    """
    found = [*beyond_controls(study, scores), *misled_metrics(study, scores)]
    found += [*equal_images(study, scores), *unusual_losses(folder, study)]
    return replace(study, remarks=[*study.remarks, *found])


def beyond_controls(study: StudyResults, scores: pd.DataFrame) -> Iterator[Remark]:
    """Flag methods that are as good as the reference on some image, or worse than chance."""
    worst = [method for method in study.methods if method.control == "negative"]
    for dataset, metric, column in _columns(study, scores):
        by_image = column.groupby(["method", "image"])["value"].mean().unstack()
        if metric.direction == "down":
            by_image = -by_image
        ranked = [method for method in study.ranked if method.name in by_image.index]
        if metric.needs_reference and REFERENCE in by_image.index:
            bound = by_image.loc[REFERENCE]
            reached = by_image.ge(bound, axis=1).sum(axis=1)
            perfect = {method.label: reached[method.name] for method in ranked}
            if any(perfect.values()):
                said = ", ".join(f"{label} ({n} images)" for label, n in perfect.items() if n)
                text = f"as good as the reference itself by {metric.label}, which no method can be"
                yield Remark("quality", f"{text}: {said}", dataset.name)
        means = by_image.mean(axis=1)
        for control in (control for control in worst if control.name in means.index):
            below = [m.label for m in ranked if means[m.name] < means[control.name]]
            if below:
                text = f"worse than {control.label} by {metric.label}: {', '.join(below)}"
                yield Remark("quality", text, dataset.name)


def misled_metrics(study: StudyResults, scores: pd.DataFrame) -> Iterator[Remark]:
    """Flag metrics that prefer another control to the reference itself."""
    for dataset, metric, column in _columns(study, scores):
        means = column.groupby("method")["value"].mean()
        if REFERENCE not in means.index:
            continue
        sign = 1 if metric.direction == "up" else -1
        for control in (m for m in study.methods if m.control and m.name in means.index):
            if sign * means[control.name] > sign * means[REFERENCE]:
                mean, best = (f"{means[n]:.{metric.decimals}f}" for n in (control.name, REFERENCE))
                text = f"{metric.label} prefers {control.label} ({mean}) to the reference ({best})"
                yield Remark("quality", f"{text}: its ranking says little here", dataset.name)


def equal_images(study: StudyResults, scores: pd.DataFrame) -> Iterator[Remark]:
    """Flag runs that have the same scores in every metric and protocol on several images."""
    runs = {
        (method.name, seed): method.label + f", seed {seed}" * (len(method.seeds) > 1)
        for method in study.methods
        for seed in method.seeds
        if method.name not in study.failed
    }
    for dataset in study.datasets:
        own = scores[scores["dataset"] == dataset.name]
        rounded = own.assign(value=[f"{value:.{DIGITS}g}" for value in own["value"]])
        lines = rounded.groupby(["image", "method", "seed"])["value"].agg(" ".join)
        same: Counter[tuple[Any, Any]] = Counter()
        for _, group in lines.reset_index().groupby(["image", "value"]):
            there = [run for run in zip(group["method"], group["seed"], strict=True) if run in runs]
            same.update(combinations(there, 2))
        images = own["image"].nunique()
        for (one, other), count in same.items():
            if count >= LEAST_EQUAL:
                text = f"{runs[one]} and {runs[other]} have the same scores, so the same images"
                yield Remark("quality", f"{text}, {count} times of {images}", dataset.name)


def _columns(
    study: StudyResults, scores: pd.DataFrame
) -> Iterator[tuple[Dataset, Metric, pd.DataFrame]]:
    """Yield the scores of each data set and metric, in the metric's first protocol."""
    known = dict(list(scores.groupby(["dataset", "metric", "protocol"])))
    for dataset in study.datasets:
        for metric in study.metrics:
            key = (dataset.name, metric.name, metric.protocols[0])
            if key in known:
                yield dataset, metric, known[key]


# ----------------------------------------------------------------------------- trainings


def unusual_losses(folder: Path, study: StudyResults) -> Iterator[Remark]:
    """Flag trainings whose last losses lie outside their band; failed ones are named elsewhere."""
    trained = [method for method in study.trained if method.name not in study.failed]
    bands = {
        (row["recipe"], row["loss"]): (float(row["low"]), float(row["high"]))
        for row in read_bands().to_dict("records")
    }
    recipes = {recipe for recipe, _ in bands}
    known = [method for method in trained if recipe_id(method.recipe or {}) in recipes]
    if not known:
        return
    try:
        last = last_losses(read_losses(folder, study))
    except InputError:  # of copies of old studies, where nobody needs them to draw a table
        return
    for method in known:
        recipe = recipe_id(method.recipe or {})
        for seed in method.seeds:
            for loss, value in last.get((method.name, seed), {}).items():
                low, high = bands.get((recipe, loss), (-math.inf, math.inf))
                if not low <= value <= high:
                    text = f"{method.label}, seed {seed}: the last {loss} is {value:.4g}, outside "
                    text += f"of {low:.4g} to {high:.4g}, where sound trainings by this recipe end"
                    yield Remark("quality", text)


def read_bands(path: Path = BANDS) -> pd.DataFrame:
    """Return the bands: recipe (``recipe_id``), method, loss, low, high, seeds.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        return pd.read_csv(path)[BAND_COLUMNS]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not a table of bands ({error})") from error


def recipe_id(recipe: Mapping[str, Any]) -> str:
    """Return a name for all settings of a training."""
    text = json.dumps(recipe, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def last_losses(losses: pd.DataFrame) -> dict[tuple[str, int], dict[str, float]]:
    """Return (method, seed) -> total loss of each network -> its last value, smoothed.

    Args:
        losses: What ``read_losses`` returned.
    """
    totals = losses[losses["loss"].str.endswith("total")]
    found: dict[tuple[str, int], dict[str, float]] = {}
    last = totals.sort_values("step").groupby(["method", "seed", "loss"])["value"].last()
    for row in last.reset_index().to_dict("records"):
        found.setdefault((row["method"], row["seed"]), {})[row["loss"]] = row["value"]
    return found


def make_bands(folder: Path, study: StudyResults) -> pd.DataFrame:
    """Make the bands of a study's trainings: how ``config/loss_bands.csv`` was made.

    A band reaches from the least to the greatest last loss of the sound seeds, and beyond both by
    their distance, or by ``SLACK`` of their mean if that is more.

    Args:
        folder: ``results/<study>``, in either form.
        study: What ``read_study`` returned for it.

    Raises:
        InputError: The losses or the record of a run cannot be read.
    """
    last = last_losses(read_losses(folder, study))
    rows = []
    for method in study.trained:
        sound = [seed for seed in method.seeds if _is_sound(folder, method, seed)]
        values = pd.DataFrame([last[method.name, seed] for seed in sound])
        for loss in values.columns if len(sound) >= LEAST_SEEDS else ():
            low, high = values[loss].min(), values[loss].max()
            if high > WIDEST * low:
                continue
            beyond = max(high - low, SLACK * abs(values[loss].mean()))
            ends = (float(f"{end:.4g}") for end in (low - beyond, high + beyond))
            rows.append((recipe_id(method.recipe or {}), method.name, loss, *ends, len(sound)))
    return pd.DataFrame(rows, columns=BAND_COLUMNS)


def _is_sound(folder: Path, method: MethodRow, seed: int) -> bool:
    record = read_record(folder, method.name, seed)
    return not (record.get("failed_parts") or record.get("diverged_at"))
