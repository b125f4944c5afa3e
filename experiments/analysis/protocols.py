"""How a ranking moves with the protocol: every method's mean and rank in all of them."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd
from scipy import stats

from experiments.analysis.model import Dataset, Metric, StudyResults
from experiments.analysis.statistics import summarize

STANDARD = "standard"
NO_NAMES: Mapping[str, str] = MappingProxyType({})


COLUMNS = ["dataset", "metric", "protocol", "method", "mean", "rank", "tau"]


def compared(study: StudyResults, dataset: Dataset) -> list[Metric]:
    """Return the metrics that the data set has in the standard protocol and in another one."""
    return [m for m in study.columns(dataset, STANDARD) if len(m.protocols) > 1]


def rank(study: StudyResults, scores: pd.DataFrame) -> pd.DataFrame:
    """Rank the methods, without controls, in each protocol of each metric that has several.

    Args:
        study: What ``read_study`` returned.
        scores: What ``read_scores`` returned for it.

    Returns:
        One row each of dataset, metric, protocol, method, in table order, with ``mean``; ``rank``
        (1 is best; equal printed means share the better rank); and ``tau``, Kendall's rank
        correlation (tau-b) of the protocol with the standard one, NaN where it is undefined. A
        protocol without a mean of every method is left out.
    """
    summary = summarize(scores)
    means = dict(list(summary.groupby(["dataset", "metric", "protocol"])))
    names = [method.name for method in study.ranked]
    frames = []
    for dataset in study.datasets:
        for metric in compared(study, dataset):
            if (dataset.name, metric.name, STANDARD) not in means:
                continue
            columns = {
                protocol: means[dataset.name, metric.name, protocol].set_index("method")["mean"]
                for protocol in metric.protocols
                if (dataset.name, metric.name, protocol) in means
            }
            standard = columns[STANDARD].reindex(names)
            for protocol, values in columns.items():
                column = values.reindex(names)
                if column.isna().any():  # a sum over one image, divided by 0
                    continue
                # As text: rounding in binary parts some means that print alike.
                digits = metric.decimals
                printed = column.map(lambda mean, digits=digits: float(f"{mean:.{digits}f}"))
                ranks = printed.rank(method="min", ascending=metric.direction == "down")
                tau = stats.kendalltau(column, standard).statistic
                frames.append(
                    column.reset_index().assign(
                        dataset=dataset.name,
                        metric=metric.name,
                        protocol=protocol,
                        rank=ranks.to_numpy().astype(int),
                        tau=tau,
                    )
                )
    if not frames:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def ranked(study: StudyResults, scores: pd.DataFrame) -> list[Dataset]:
    """Return the data sets on which methods are ranked in several protocols."""
    if len(study.methods) < 2:
        return []
    there = set(rank(study, scores)["dataset"])
    return [dataset for dataset in study.datasets if dataset.name in there]


def correlations(
    study: StudyResults, ranks: pd.DataFrame, names: Mapping[str, str] = NO_NAMES
) -> list[str]:
    """Kendall's tau of each protocol's ranking with the standard one, in words.

    Args:
        study: What ``read_study`` returned.
        ranks: What ``rank`` returned for it.
        names: Other names of protocols.
    """
    labels = {metric.name: metric.label for metric in study.metrics}
    sentences = []
    for which, rows in ranks.groupby(["dataset", "metric"], sort=False):
        dataset, metric = map(str, which)
        others = rows[rows["protocol"] != STANDARD].drop_duplicates("protocol")
        said = [
            f"{names.get(protocol, protocol)} {'undefined' if pd.isna(tau) else format(tau, '.2f')}"
            for protocol, tau in zip(others["protocol"], others["tau"], strict=True)
        ]
        where = f"{labels[metric]} on {study.dataset(dataset).label}"
        standard = names.get(STANDARD, STANDARD)
        sentences.append(f"Kendall's tau with {standard}, {where}: {', '.join(said)}")
    return sentences
