"""The way back from a table's cell: its images' scores, weights, settings, machine and command."""

from pathlib import Path

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.results import open_study
from experiments.analysis.statistics import summarize
from experiments.report.origins import origins
from zero_leinr.errors import InputError


def explain(folder: Path, method: str, dataset: str, metric: str, protocol: str) -> list[str]:
    """Trace one number of a study's tables.

    Args:
        folder: ``results/<study>``, in either form.
        method: The row, by its name.
        dataset: The data set of the column, by its name.
        metric: Its metric, by its name.
        protocol: The table.

    Returns:
        Lines to print.

    Raises:
        InputError: The study has no such number, or cannot be read.
    """
    study, scores = open_study(folder)
    cell = scores.query(
        "method == @method and dataset == @dataset and metric == @metric and protocol == @protocol"
    )
    if cell.empty:
        raise InputError(f"{folder}: {_lacking(study, method, dataset, metric, protocol)}")
    (row,) = summarize(cell).to_dict("records")
    shown = study.metric(metric)
    digits = shown.decimals
    position = [one.name for one in study.methods].index(method)
    origin = origins(folder, study)[position]
    head = f"{origin.label}, {study.dataset(dataset).label}, {shown.label} ({protocol})"
    spread = "" if pd.isna(row["spread"]) else f" ± {row['spread']:.{digits}f} over seeds"
    said = [
        f"{head}: {row['mean']:.{digits}f}{spread}",
        f"95 % interval {row['ci_low']:.{digits}f} to {row['ci_high']:.{digits}f}; "
        f"{row['n_images']} images, {row['n_seeds']} seed{'s' * (row['n_seeds'] > 1)}",
        f"weights: {origin.weights}",
    ]
    said += [origin.note] if origin.note else []
    if study.methods[position].recipe is not None:
        said.append(str(study.budget))
    for run in origin.runs:
        said += ["", *(f"{name}: {value}" for name, value in run)]
    images = cell.pivot(index="image", columns="seed", values="value").loc[cell["image"].unique()]
    images = images.rename_axis(None)
    images.columns = [f"seed {seed}" for seed in images.columns]
    said += ["", images.to_string(float_format=f"%.{digits + 1}f"), "", "Make it again:"]
    return [*said, f"  {origin.command}"]


def _lacking(study: StudyResults, method: str, dataset: str, metric: str, protocol: str) -> str:
    """Say which of the names is not there, and which are."""
    known = {
        "method": (method, [one.name for one in study.methods]),
        "data set": (dataset, [one.name for one in study.datasets]),
        "metric": (metric, [one.name for one in study.metrics]),
        "protocol": (protocol, study.protocols),
    }
    for kind, (name, names) in known.items():
        if name not in names:
            return f"no {kind} {name!r}; it has {', '.join(names)}"
    return f"no {metric} ({protocol}) of {method} on {dataset}"
