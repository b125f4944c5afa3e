"""How a ranking moves with the protocol: every method's PSNR and SSIM in all of them, side by side.

Some protocols flatter (``gt_mean`` adds several dB to any image, the official scripts 7 % on 15
images), so they are shown here, beside the standard one, and have no table of their own.
"""

from pathlib import Path

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.protocols import COLUMNS, compared, correlations, rank
from experiments.analysis.results import open_study
from experiments.sheets.metrics import load_metrics
from experiments.tables.table import Cell, Column, Table, cells, remarks
from experiments.tables.write import write_table


def write_protocols(study_folder: Path) -> list[Path]:
    """Write ``tables/protocols.{csv,md}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study, scores = open_study(study_folder)
    return write_table(layout(study, rank(study, scores)), study_folder / "tables" / "protocols")


def layout(study: StudyResults, ranks: pd.DataFrame) -> Table:
    """Lay out the table: a column each of metric and protocol, cells as ``mean (rank)``."""
    columns = list(dict.fromkeys(zip(ranks["metric"], ranks["protocol"], strict=True)))
    labels = {metric.name: f"{metric.label} {metric.arrow}" for metric in study.metrics}
    known = {
        (dataset, method, metric, protocol): f"{mean:.{study.metric(metric).decimals}f} ({place})"
        for dataset, metric, protocol, method, mean, place, _ in ranks[COLUMNS].itertuples(
            index=False
        )
    }
    groups: dict[str, list[list[Cell]]] = {}
    for dataset in study.datasets:
        for method in study.methods:
            row = [known.get((dataset.name, method.name, *column), "–") for column in columns]
            if any(cell != "–" for cell in row):
                heading = f"{dataset.label}: {method.group}"
                groups.setdefault(heading, []).append(cells([study.label(method), *row]))
    caption = (
        f"{study.title}: the same images under every protocol; in brackets the rank among the "
        f"{len(study.ranked)} methods. Only standard numbers compare with the other tables"
    )
    caption += f". {study.budget}." if study.trained else "."
    notes = [*meanings(ranks), *correlations(study, ranks), *gaps(study, ranks)]
    heads = [Column("Method", "l")]
    heads += [Column(f"{labels[metric]} {protocol}") for metric, protocol in columns]
    return Table(f"{study.name}-protocols", caption, heads, groups, remarks(notes), ranks)


def meanings(ranks: pd.DataFrame) -> list[str]:
    """Return what each protocol does to each metric, in a sentence a protocol."""
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


def gaps(study: StudyResults, ranks: pd.DataFrame) -> list[str]:
    """Which protocols of a metric are left out on which data set."""
    there = set(zip(ranks["dataset"], ranks["metric"], ranks["protocol"], strict=True))
    return [
        f"{metric.label} {protocol} on {dataset.label} is not shown: not every method has it"
        for dataset in study.datasets
        for metric in compared(study, dataset)
        for protocol in metric.protocols
        if (dataset.name, metric.name, protocol) not in there
    ]
