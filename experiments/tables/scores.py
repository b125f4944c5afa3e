"""The score tables of a study: one a protocol, as tidy CSV, Markdown and LaTeX.

Every method is ranked, the raw input too, in every column. A metric with a caveat (NIQE, which can
prefer the raw input to its enhancements) is ranked like the others and carries its caveat as a
footnote at the column's head: leaving the marks out would hide what the caveat is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.comparisons import like_best, too_few_images
from experiments.analysis.results import (
    DAGGER,
    Dataset,
    Method,
    Metric,
    Study,
    describe_gaps,
    read_scores,
    read_study,
)
from experiments.analysis.statistics import summarize
from experiments.score.run import load_metrics
from experiments.tables.markup import escape_latex, escape_markdown, latex_float, write_texts
from zero_leinr.errors import InputError

# Digits after the point; a metric that is not named gets 2.
DECIMALS = {"ssim": 3, "lpips": 3, "gradient_correlation": 3}
TIE = "="


def write_tables(study_folder: Path, only: str | None = None) -> list[Path]:
    """Writes ``tables/scores_<protocol>.{csv,md,tex}`` for every protocol of a study.

    Args:
        study_folder: ``results/<study>``.
        only: Write this protocol's table alone.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used, or the study has
            no such protocol.
    """
    study = read_study(study_folder)
    if only is not None and only not in study.protocols:
        raise InputError(
            f"study {study.name!r} has no protocol {only!r}; it has {', '.join(study.protocols)}"
        )
    summary = summarize_with_ties(study, read_scores(study_folder, study))
    written = []
    for protocol in [only] if only else study.protocols:
        table = layout(study, summary, protocol)
        texts = {
            "csv": tidy(study, summary, protocol).to_csv(index=False, float_format="%.6g"),
            "md": to_markdown(table),
            "tex": to_latex(table),
        }
        written += write_texts(texts, study_folder / "tables" / f"scores_{protocol}")
    return written


def summarize_with_ties(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """``summarize``, and in a column ``like_best`` what cannot be told from its column's best."""
    ties = like_best(scores, {metric.name: metric.direction for metric in study.metrics})
    return summarize(scores).merge(ties, on=["method", "dataset", "metric", "protocol"])


def tidy(study: Study, summary: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """The numbers of one protocol for other programs: one row a method, dataset and metric.

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


@dataclass(frozen=True)
class Cell:
    """A mean as it is printed, its spread (empty with one seed), its rank: 1 best, 2 second.

    A method without this score has a dash and rank 0. ``tied`` says that it is not the best and
    cannot be told from it.
    """

    mean: str
    spread: str
    rank: int
    tied: bool


@dataclass(frozen=True)
class Row:
    """A method's line: label and footnote mark, origin of weights, number of seeds, its cells."""

    label: str
    mark: str
    group: str
    weights: str
    seeds: str
    cells: list[Cell]


@dataclass(frozen=True)
class Table:
    """A table before it is written as Markdown or LaTeX; text is plain, without any markup.

    ``columns`` are (dataset, metric) pairs; ``marks`` gives the footnote mark of a text, be it a
    metric's caveat or a method's note; ``notes`` are (mark, text) pairs, the mark empty for a note
    on the whole table.
    """

    name: str
    caption: str
    columns: list[tuple[Dataset, Metric]]
    rows: list[Row]
    marks: dict[str, str]
    notes: list[tuple[str, str]]


def layout(study: Study, summary: pd.DataFrame, protocol: str) -> Table:
    """Lays out the table of one protocol: its columns, ranked cells, caption and footnotes."""
    chosen = summary[summary["protocol"] == protocol]
    by_name = dict(list(chosen.groupby(["dataset", "metric"])))
    columns = [
        (dataset, metric)
        for dataset in study.datasets
        for metric in study.columns(dataset, protocol)
        if (dataset.name, metric.name) in by_name
    ]
    by_column = [_cells(study, by_name[d.name, m.name], m) for d, m in columns]
    texts = [m.caveat for _, m in columns] + [method.note for method in study.methods]
    marks = {text: _letters(i) for i, text in enumerate(dict.fromkeys(filter(None, texts)))}
    rows = [
        Row(
            study.label(method),
            marks.get(method.note or "", ""),
            method.group,
            method.weights,
            _seeds(method),
            list(cells),
        )
        for method, *cells in zip(study.methods, *by_column, strict=True)
    ]
    notes = [(mark, text) for text, mark in marks.items()]
    if study.budget.reduced and study.trained:
        notes.insert(0, (DAGGER, "trained with a reduced budget, not the paper's: see the caption"))
    if any(cell.tied for row in rows for cell in row.cells):
        notes.append((TIE, "cannot be told from the best of its column (docs/statistics.md)"))
    if study.one_seed:
        notes.append(("", "trained with one seed: other seeds may score and rank otherwise"))
    few = ", ".join(_untested(study, columns, by_name))
    if few:
        notes.append(("", f"{few}: too few images to test so many methods, so no ties are marked"))
    notes += [("", remark) for remark in study.remarks]
    notes += [("", text) for text in describe_gaps(study, summary, study.datasets, protocol)]
    caption = _caption(study, columns, protocol)
    return Table(f"{study.name}-{protocol}", caption, columns, rows, marks, notes)


def _cells(study: Study, column: pd.DataFrame, metric: Metric) -> list[Cell]:
    """One column's cells, in study order.

    Ranks follow the printed means, so that equal numbers carry the same mark: all equal best are
    best, and the next lower number is second.
    """
    decimals = DECIMALS.get(metric.name, 2)
    rows = {row["method"]: row for row in column.to_dict("records")}
    printed = {name: f"{row['mean']:.{decimals}f}" for name, row in rows.items()}
    ranking = sorted(set(map(float, printed.values())), reverse=metric.direction == "up")
    cells = []
    for method in study.methods:
        if method.name not in rows:
            cells.append(Cell(mean="–", spread="", rank=0, tied=False))
            continue
        row, text = rows[method.name], printed[method.name]
        rank = ranking.index(float(text)) + 1
        spread = "" if pd.isna(row["spread"]) else f"{row['spread']:.{decimals}f}"
        cells.append(Cell(text, spread, rank, tied=bool(row["like_best"]) and rank > 1))
    return cells


def _untested(
    study: Study,
    columns: list[tuple[Dataset, Metric]],
    by_name: Mapping[Any, pd.DataFrame],
) -> list[str]:
    """The data sets, or else their single columns, with too few images for ``like_best`` to test.

    A column has its own images and methods, since some may lack its score.
    """
    names = []
    for dataset in study.datasets:
        own = {m.label: by_name[d.name, m.name] for d, m in columns if d == dataset}
        few = [
            label
            for label, rows in own.items()
            if too_few_images(int(rows["n_images"].iloc[0]), len(rows) - 1)
        ]
        if own:
            whole = len(few) == len(own)
        else:  # no column in this table: what the study's other tables say of the set
            whole = too_few_images(dataset.count, len(study.methods) - 1)
        names += [dataset.label] if whole else [f"{dataset.label} {label}" for label in few]
    return names


def _letters(number: int) -> str:
    """Footnote marks: a to z, then aa, ab and so on."""
    rest, letter = divmod(number, 26)
    return (_letters(rest - 1) if rest else "") + chr(ord("a") + letter)


def _seeds(method: Method) -> str:
    """How many seeds; a dash where a seed changes nothing."""
    seeds = len(method.seeds)
    return str(seeds) if seeds > 1 or method.weights in ("released", "trained here") else "–"


def _caption(study: Study, columns: list[tuple[Dataset, Metric]], protocol: str) -> str:
    sets = dict.fromkeys(f"{dataset.label} ({dataset.count} images)" for dataset, _ in columns)
    sheet = load_metrics(dict.fromkeys(metric.name for _, metric in columns))
    meanings = [f"{m['label']} ({m['protocols'][protocol]['summary']})" for m in sheet.values()]
    sentences = [
        f"{study.title}: mean scores on {', '.join(sets)}" if sets else f"{study.title}: no scores",
        f"Protocol {protocol}: {', '.join(meanings)}",
        "Arrows point to better; best in bold, second underlined, equal numbers share the mark",
    ]
    if any(len(method.seeds) > 1 for method in study.methods):
        sentences.append("±: standard deviation over seeds")
    if study.trained:
        sentences.append(str(study.budget))
    return ". ".join(sentences) + "."


def to_markdown(table: Table) -> str:
    """The table as GitHub-flavored Markdown, group names in rows of their own."""
    heads = ["Method", "Weights", "Seeds"]
    for dataset, metric in table.columns:
        head = escape_markdown(f"{dataset.label} {metric.label}")
        heads.append(f"{head}{_sup(table.marks.get(metric.caveat or ''))} {metric.arrow}")
    lines = [heads, ["---"] * 3 + ["---:"] * len(table.columns)]
    group = ""
    for row in table.rows:
        if row.group != group:
            group = row.group
            lines.append([f"*{escape_markdown(group)}*"] + [""] * (len(heads) - 1))
        cells = [_markdown_cell(cell) for cell in row.cells]
        label = escape_markdown(row.label) + _sup(row.mark)
        lines.append([label, row.weights, row.seeds, *cells])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = [f"{_sup(mark)} {escape_markdown(text)}".lstrip() for mark, text in table.notes]
    return "\n\n".join([escape_markdown(table.caption), body, *notes]) + "\n"


def _sup(mark: str | None) -> str:
    return f"<sup>{mark}</sup>" if mark else ""


def _markdown_cell(cell: Cell) -> str:
    mean = {1: f"**{cell.mean}**", 2: f"<u>{cell.mean}</u>"}.get(cell.rank, cell.mean)
    mean += _sup(TIE if cell.tied else "")
    return f"{mean} ± {cell.spread}" if cell.spread else mean


def to_latex(table: Table) -> str:
    r"""The table as a LaTeX float over both columns, for ``\input``; packages in its first line."""
    width = 3 + len(table.columns)
    group_heads, rules, heads = ["", "", ""], [], ["Method", "Weights", "Seeds"]
    for first, dataset, metrics in _spans(table.columns):
        label = escape_latex(dataset.label)
        group_heads.append(rf"\multicolumn{{{len(metrics)}}}{{c}}{{{label}}}")
        rules.append(rf"\cmidrule(lr){{{first}-{first + len(metrics) - 1}}}")
        heads += [_latex_head(metric, table.marks) for metric in metrics]
    lines = [
        " & ".join(group_heads) + r" \\",
        *rules,
        " & ".join(heads) + r" \\",
    ]
    by_column = zip(*(row.cells for row in table.rows), strict=True)
    widest = [
        (max((cell.spread for cell in column), key=len), any(cell.tied for cell in column))
        for column in by_column
    ]
    group = ""
    for row in table.rows:
        if row.group != group:
            group = row.group
            head = rf"\multicolumn{{{width}}}{{l}}{{\emph{{{escape_latex(group)}}}}} \\"
            lines += [r"\midrule", head]
        cells = [_latex_cell(cell, *w) for cell, w in zip(row.cells, widest, strict=True)]
        label = escape_latex(row.label) + _power(row.mark)
        lines.append(" & ".join([label, row.weights, escape_latex(row.seeds), *cells]) + r" \\")
    notes = [_latex_note(mark, text) for mark, text in table.notes]
    align = "llr" + "r" * len(table.columns)
    return latex_float(table.name, table.caption, align, lines, notes)


def _spans(
    columns: list[tuple[Dataset, Metric]],
) -> list[tuple[int, Dataset, list[Metric]]]:
    """Each dataset with its metrics and the number (from 1) of its first table column."""
    spans: list[tuple[int, Dataset, list[Metric]]] = []
    for number, (dataset, metric) in enumerate(columns, start=4):
        if not spans or spans[-1][1] != dataset:
            spans.append((number, dataset, []))
        spans[-1][2].append(metric)
    return spans


def _latex_head(metric: Metric, marks: dict[str, str]) -> str:
    arrow = {"up": r"$\uparrow$", "down": r"$\downarrow$"}[metric.direction]
    return f"{escape_latex(metric.label)}{_power(marks.get(metric.caveat or ''))} {arrow}"


def _power(mark: str | None) -> str:
    return f"$^{{{mark}}}$" if mark else ""


def _latex_cell(cell: Cell, widest_spread: str, ties: bool) -> str:
    """A mean, its tie and its spread; what is not there leaves its room: the points align."""
    marks = {1: rf"\textbf{{{cell.mean}}}", 2: rf"\underline{{{cell.mean}}}"}
    mean = marks.get(cell.rank, cell.mean)
    if ties:
        mean += _power(TIE) if cell.tied else rf"\hphantom{{{_power(TIE)}}}"
    if cell.spread:
        return rf"{mean}{{\tiny$\pm${cell.spread}}}"
    return rf"{mean}\hphantom{{\tiny$\pm${widest_spread}}}" if widest_spread else mean


def _latex_note(mark: str, text: str) -> str:
    sign = {"": "", DAGGER: r"$^\dagger$ "}.get(mark, f"{_power(mark)} ")
    return sign + escape_latex(text)
