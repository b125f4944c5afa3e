"""The score tables of a study: one a protocol, as tidy CSV and Markdown.

Every method but the controls is ranked, the raw input too, in every column. A metric with a caveat
(NIQE, which can prefer the raw input to its enhancements) is ranked like the others and carries its
caveat as a footnote at the column's head: without marks nobody would see what the caveat is about.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.comparisons import summarize_with_ties, too_few_images
from experiments.analysis.model import DAGGER, Dataset, MethodRow, Metric, StudyResults
from experiments.analysis.quality import with_quality
from experiments.analysis.remarks import describe_gaps
from experiments.analysis.results import open_study
from experiments.sheets.metrics import load_metrics
from experiments.sheets.weights import WeightsOrigin
from experiments.tables.markdown import TIE
from experiments.tables.table import Cell, Column, Table
from experiments.tables.write import write_table
from zero_leinr.errors import InputError


def write_tables(study_folder: Path, only: str | None = None) -> list[Path]:
    """Write ``tables/scores_<protocol>.{csv,md}`` for every protocol of a study.

    Args:
        study_folder: ``results/<study>``.
        only: Write this protocol's table alone.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used, or the study has
            no such protocol.
    """
    study, scores = open_study(study_folder)
    study = with_quality(study_folder, study, scores)
    if only is not None and only not in study.protocols:
        raise InputError(
            f"study {study.name!r} has no protocol {only!r}; it has {', '.join(study.protocols)}"
        )
    summary = summarize_with_ties(study, scores)
    written = []
    for protocol in [only] if only else study.protocols:
        table = layout(study, summary, protocol)
        written += write_table(table, study_folder / "tables" / f"scores_{protocol}")
    return written


def tidy(study: StudyResults, summary: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Return the numbers of one protocol for other programs: one row a method, dataset and metric.

    Columns: those of ``summarize``, then ``weights`` and ``budget`` (of what was trained here).
    """
    frame = summary[summary["protocol"] == protocol]
    weights = {method.name: method.weights for method in study.methods}
    budgets = {method.name: study.budget.label for method in study.trained}
    frame = frame.assign(
        weights=frame["method"].map(weights), budget=frame["method"].map(budgets).fillna("")
    )
    rows = pd.MultiIndex.from_product(
        [[m.name for m in study.methods], [d.name for d in study.datasets]]
    )
    order = {key: i for i, key in enumerate(rows)}
    position = [order[key] for key in zip(frame["method"], frame["dataset"], strict=True)]
    return frame.iloc[pd.Series(position).argsort(kind="stable")]


def layout(study: StudyResults, summary: pd.DataFrame, protocol: str) -> Table:
    """Lay out the table of one protocol: its columns, ranked cells, caption and footnotes."""
    chosen = summary[summary["protocol"] == protocol]
    by_name = dict(list(chosen.groupby(["dataset", "metric"])))
    columns = [
        (dataset, metric)
        for dataset in study.datasets
        for metric in study.columns(dataset, protocol)
        if (dataset.name, metric.name) in by_name
    ]
    by_column = [ranked_cells(study, by_name[d.name, m.name], m) for d, m in columns]
    texts = [m.caveat for _, m in columns] + [method.note for method in study.methods]
    marks = {text: _letters(i) for i, text in enumerate(dict.fromkeys(filter(None, texts)))}
    groups: dict[str, list[list[Cell]]] = {}
    for method, *scored in zip(study.methods, *by_column, strict=True):
        first = Cell(study.label(method), mark=marks.get(method.note or "", ""))
        row = [first, Cell(str(method.weights)), Cell(_seeds(method, study.failed)), *scored]
        groups.setdefault(method.group, []).append(row)
    notes = [(mark, text) for text, mark in marks.items()]
    if study.budget.reduced and study.trained:
        notes.insert(0, (DAGGER, "trained with a reduced budget, not the paper's: see the caption"))
    if any(cell.tied for column in by_column for cell in column):
        notes.append((TIE, "not separable from the best of its column (docs/statistics.md)"))
    if study.one_seed:
        notes.append(("", "trained with one seed: other seeds may score and rank otherwise"))
    few = ", ".join(_untested(study, columns, by_name))
    if few:
        notes.append(("", f"{few}: too few images to test so many methods, so no ties are marked"))
    notes += [("", remark) for remark in study.remarks_in_words()]
    notes += [("", text) for text in describe_gaps(study, summary, study.datasets, protocol)]
    heads = [Column("Method", "l"), Column("Weights", "l"), Column("Seeds")]
    for dataset, metric in columns:
        mark = marks.get(metric.caveat or "", "")
        heads.append(Column(f"{metric.label} {metric.arrow}", "r", dataset.label, mark))
    name, caption = f"{study.name}-{protocol}", _caption(study, columns, protocol)
    return Table(name, caption, heads, groups, notes, tidy(study, summary, protocol))


def ranked_cells(study: StudyResults, column: pd.DataFrame, metric: Metric) -> list[Cell]:
    """Return one column's cells, in study order.

    Ranks follow the printed means, so that equal numbers carry the same mark: all equal best are
    best, and the next lower number is second. Controls have no rank.
    """
    decimals = metric.decimals
    rows = {row["method"]: row for row in column.to_dict("records")}
    printed = {name: f"{row['mean']:.{decimals}f}" for name, row in rows.items()}
    ranked = {float(printed[method.name]) for method in study.ranked if method.name in rows}
    ranking = sorted(ranked, reverse=metric.direction == "up")
    cells = []
    for method in study.methods:
        if method.name not in rows:
            cells.append(Cell("–"))
            continue
        row, text = rows[method.name], printed[method.name]
        rank = ranking.index(float(text)) + 1 if method.control is None else 0
        spread = "" if pd.isna(row["spread"]) else f"{row['spread']:.{decimals}f}"
        cells.append(
            Cell(text, spread, rank, tied=bool(row["not_separable_from_best"]) and rank > 1)
        )
    return cells


def _untested(
    study: StudyResults,
    columns: list[tuple[Dataset, Metric]],
    by_name: Mapping[Any, pd.DataFrame],
) -> list[str]:
    """Return the data sets, or else single columns, with too few images to test.

    A column has its own images and methods, since some may lack its score.
    """
    found, names = [], [method.name for method in study.ranked]
    for dataset in study.datasets:
        own = {m.label: by_name[d.name, m.name] for d, m in columns if d == dataset}
        few = [
            label
            for label, rows in own.items()
            if too_few_images(int(rows["n_images"].iloc[0]), rows["method"].isin(names).sum() - 1)
        ]
        # No column in this table: what the study's other tables say of the set.
        whole = len(few) == len(own) if own else too_few_images(dataset.count, len(names) - 1)
        found += [dataset.label] if whole else [f"{dataset.label} {label}" for label in few]
    return found


def _letters(number: int) -> str:
    """Footnote marks: a to z, then aa, ab and so on."""
    rest, letter = divmod(number, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("a") + letter)


def _seeds(method: MethodRow, failed: Collection[str]) -> str:
    """How many seeds, and of how many if trainings failed; a dash where a seed changes nothing."""
    seeds, seeded = len(method.seeds), (WeightsOrigin.RELEASED, WeightsOrigin.TRAINED)
    if method.left_out or method.name in failed:
        return f"{seeds * (method.name not in failed)} of {len(method.all_seeds)}"
    return str(seeds) if seeds > 1 or method.weights in seeded else "–"


def _caption(study: StudyResults, columns: list[tuple[Dataset, Metric]], protocol: str) -> str:
    sets = dict.fromkeys(f"{dataset.label} ({dataset.count} images)" for dataset, _ in columns)
    sheet = load_metrics(dict.fromkeys(metric.name for _, metric in columns))
    meanings = [f"{m['label']} ({m['protocols'][protocol]['summary']})" for m in sheet.values()]
    sentences = [
        f"{study.title}: mean scores on {', '.join(sets)}" if sets else f"{study.title}: no scores",
        f"Protocol {protocol}: {', '.join(meanings)}",
        "Arrows point to better; best in bold, second underlined, equal numbers share the mark",
    ]
    if len(study.ranked) < len(study.methods):
        sentences.append("Controls are not ranked")
    if any(len(method.seeds) > 1 for method in study.methods):
        sentences.append("±: standard deviation over seeds")
    if study.trained:
        sentences.append(str(study.budget))
    return ". ".join(sentences) + "."
