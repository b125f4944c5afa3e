"""The scores of single images, as the page's script reads them."""

import math
from typing import Any

import pandas as pd

from experiments.analysis.model import Metric, StudyResults


def image_scores(study: StudyResults, scores: pd.DataFrame) -> dict[str, Any]:
    """Arrange the scores by data set and column.

    Args:
        study: The study.
        scores: What ``experiments.analysis.score_files.read_scores`` returned for it.

    Returns:
        Data set -> ``images``, their names, and ``columns``: ``<metric>/<protocol>`` -> ``mean``
        and ``first``, each method -> its scores by image: the mean over its seeds, and that of the
        first seed, which is the one shown (only of methods with several). An infinite score is
        ``"inf"``, one that is not there None.
    """
    first = {method.name: method.seeds[0] for method in study.methods if len(method.seeds) > 1}
    shown = scores[scores["seed"] == scores["method"].map(first)]
    found: dict[str, Any] = {}
    for dataset in study.datasets:
        images = list(dict.fromkeys(scores.loc[scores["dataset"] == dataset.name, "image"]))
        columns = {}
        for protocol in study.protocols:
            for metric in study.columns(dataset, protocol):
                own = (dataset.name, metric.name, protocol)
                means = _by_method(_column(scores, *own), images, metric)
                if means:
                    seed = _by_method(_column(shown, *own), images, metric)
                    columns[f"{metric.name}/{protocol}"] = {"mean": means, "first": seed}
        found[dataset.name] = {"images": images, "columns": columns}
    return found


def _column(scores: pd.DataFrame, dataset: str, metric: str, protocol: str) -> pd.DataFrame:
    chosen = (scores["dataset"] == dataset) & (scores["metric"] == metric)
    return scores[chosen & (scores["protocol"] == protocol)]


def _by_method(
    scores: pd.DataFrame, images: list[str], metric: Metric
) -> dict[str, list[float | str | None]]:
    """Return each method's scores, mean over the seeds that are there, in the images' order."""
    digits = metric.decimals + 1
    means = scores.groupby(["method", "image"], sort=False)["value"].mean().unstack()
    return {
        str(method): [_plain(value, digits) for value in row]
        for method, row in means.reindex(columns=images).iterrows()
    }


def _plain(value: float, digits: int) -> float | str | None:
    """Return a number as JSON has it, which knows neither infinity nor what is missing."""
    if math.isnan(value):
        return None
    return "inf" if math.isinf(value) else round(value, digits)
