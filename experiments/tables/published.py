"""Published figures beside measured ones: ``experiments/config/published.csv`` against a study.

A published figure is a fact with a source; why it differs from the measured one is said only where
that is known (docs/published.md).
"""

from pathlib import Path

import pandas as pd

from experiments.analysis.model import Dataset, StudyResults
from experiments.analysis.published import beside_measured
from experiments.analysis.results import open_study
from experiments.sheets.datasets import load_registry
from experiments.sheets.published import FIGURES, GRADES, load_published
from experiments.tables.table import Cell, Column, Table, cells, remarks
from experiments.tables.write import write_table


def write_published(study_folder: Path, figures: Path = FIGURES) -> list[Path]:
    """Write ``tables/published.{csv,md,tex}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        figures: The published figures.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json``, a score file or the figures cannot be used.
    """
    known = load_published(figures)
    study, scores = open_study(study_folder)
    table = layout(study, beside_measured(study, scores, known))
    return write_table(table, study_folder / "tables" / "published")


def layout(study: StudyResults, compared: pd.DataFrame) -> Table:
    """Lay out the table: a group a data set, the sources as numbered notes."""
    numbers = {source: i for i, source in enumerate(dict.fromkeys(compared["source"]), start=1)}
    labels = {method.name: study.label(method) for method in study.methods}
    metrics = {metric.name: metric.label for metric in study.metrics}
    measured = compared.groupby("dataset")["n_images"].max()
    headings = {name: _heading(study.dataset(str(name)), count) for name, count in measured.items()}
    groups: dict[str, list[list[Cell]]] = {}
    for row in compared.to_dict("records"):
        digits = len(row["published"].partition(".")[2])
        texts = [labels[row["method"]], metrics[row["metric"]], row["published"]]
        texts += [row["protocol"] or "not stated", _number(row["standard"], digits)]
        texts += [_number(row["same_protocol"], digits), _number(row["difference"], digits, "+")]
        texts += [row["reason"], f"[{numbers[row['source']]}] {row['grade']}"]
        groups.setdefault(headings[row["dataset"]], []).append(cells(texts))
    heads = ["Method", "Metric", "Published", "its protocol", "Measured (standard)"]
    heads += ["Measured (its protocol)", "Difference", "Likely reason", "Source"]
    align = ["l", "l", "r", "l", "r", "r", "r", "l", "l"]
    caption = (
        f"{study.title}: published figures beside measured ones. Difference: measured minus "
        "published, in the protocol of the source, or in the standard one where the source does "
        "not state any. A reason stands only where one is known."
    )
    notes = [f"[{number}] {source}" for source, number in numbers.items()]
    used = dict.fromkeys(compared["grade"])
    notes += [f"{grade}: {GRADES[grade]}" for grade in used]
    if not numbers:
        notes = ["No published figure is known for what this study measures"]
    columns = [Column(*each) for each in zip(heads, align, strict=True)]
    return Table(f"{study.name}-published", caption, columns, groups, remarks(notes), compared)


def _heading(dataset: Dataset, measured: int) -> str:
    """Return a data set and how much of it the measured means stand on: a copy may lack images."""
    entry = load_registry().get(dataset.name)
    whole = (entry and entry.count) or dataset.count
    return f"{dataset.label} ({measured} of {whole} images measured)"


def _number(value: float, digits: int, sign: str = "-") -> str:
    """Return a number in as many digits as its source prints; a dash where there is none."""
    return "–" if pd.isna(value) else f"{value:{sign}.{digits}f}".replace("-", "−")
