"""How a ranking moves with the protocol: every method's PSNR and SSIM in all of them, side by side.

Some protocols flatter (``gt_mean`` adds several dB to any image, the official scripts 7 % on 15
images), so they are shown here, beside the standard one, and have no table of their own.
"""

from pathlib import Path

import pandas as pd
from scipy import stats

from experiments.analysis.results import Dataset, Metric, Study, read_scores, read_study
from experiments.analysis.statistics import summarize
from experiments.score.run import load_metrics
from experiments.tables.plain import PlainTable, write_table
from experiments.tables.scores import DECIMALS

STANDARD = "standard"
COLUMNS = ["dataset", "metric", "protocol", "method", "mean", "rank", "tau"]


def write_protocols(study_folder: Path) -> list[Path]:
    """Writes ``tables/protocols.{csv,md,tex}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study = read_study(study_folder)
    ranks = rank(study, read_scores(study_folder, study))
    return write_table(layout(study, ranks), ranks, study_folder / "tables" / "protocols")


def compared(study: Study, dataset: Dataset) -> list[Metric]:
    """The metrics that the data set has in the standard protocol and in another one."""
    return [m for m in study.columns(dataset, STANDARD) if len(m.protocols) > 1]


def rank(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """Ranks the methods in each protocol of each metric that has several.

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
    names = [method.name for method in study.methods]
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
                digits = DECIMALS.get(metric.name, 2)
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


def layout(study: Study, ranks: pd.DataFrame) -> PlainTable:
    """Lays out the table: a column each of metric and protocol, cells as ``mean (rank)``."""
    columns = list(dict.fromkeys(zip(ranks["metric"], ranks["protocol"], strict=True)))
    labels = {metric.name: f"{metric.label} {metric.arrow}" for metric in study.metrics}
    cells = {
        (dataset, method, metric, protocol): f"{mean:.{DECIMALS.get(metric, 2)}f} ({place})"
        for dataset, metric, protocol, method, mean, place, _ in ranks[COLUMNS].itertuples(
            index=False
        )
    }
    groups: dict[str, list[list[str]]] = {}
    for dataset in study.datasets:
        for method in study.methods:
            row = [cells.get((dataset.name, method.name, *column), "–") for column in columns]
            if any(cell != "–" for cell in row):
                heading = f"{dataset.label}: {method.group}"
                groups.setdefault(heading, []).append([study.label(method), *row])
    caption = (
        f"{study.title}: the same images under every protocol; in brackets the rank among the "
        f"{len(study.methods)} methods. Only standard numbers compare with the other tables"
    )
    caption += f". {study.budget}." if study.trained else "."
    notes = [*meanings(ranks), *correlations(study, ranks), *gaps(study, ranks)]
    heads = ["Method", *(f"{labels[metric]} {protocol}" for metric, protocol in columns)]
    align = ["l"] + ["r"] * len(columns)
    return PlainTable(f"{study.name}-protocols", caption, heads, align, groups, notes)


def meanings(ranks: pd.DataFrame) -> list[str]:
    """What each protocol does to each metric, in a sentence a protocol."""
    sheet = load_metrics(dict.fromkeys(ranks["metric"]))
    return [
        f"{protocol}: "
        + "; ".join(
            f"{entry['label']} {entry['protocols'][protocol]['summary']}"
            for entry in sheet.values()
            if protocol in entry["protocols"]
        )
        for protocol in dict.fromkeys(ranks["protocol"])
    ]


def correlations(study: Study, ranks: pd.DataFrame) -> list[str]:
    """Kendall's tau of each protocol's ranking with the standard one, in words."""
    labels = {metric.name: metric.label for metric in study.metrics}
    sentences = []
    for which, rows in ranks.groupby(["dataset", "metric"], sort=False):
        dataset, metric = map(str, which)
        others = rows[rows["protocol"] != STANDARD].drop_duplicates("protocol")
        said = [
            f"{protocol} {'undefined' if pd.isna(tau) else format(tau, '.2f')}"
            for protocol, tau in zip(others["protocol"], others["tau"], strict=True)
        ]
        where = f"{labels[metric]} on {study.dataset(dataset).label}"
        sentences.append(f"Kendall's tau with standard, {where}: {', '.join(said)}")
    return sentences


def gaps(study: Study, ranks: pd.DataFrame) -> list[str]:
    """Which protocols of a metric are left out on which data set."""
    there = set(zip(ranks["dataset"], ranks["metric"], ranks["protocol"], strict=True))
    return [
        f"{metric.label} {protocol} on {dataset.label} is not shown: not every method has it"
        for dataset in study.datasets
        for metric in compared(study, dataset)
        for protocol in metric.protocols
        if (dataset.name, metric.name, protocol) not in there
    ]
