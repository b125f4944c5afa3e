"""The table of check marks: what each variant is trained with, and what it scores."""

from typing import Any

import pandas as pd

from experiments.analysis.comparisons import ALPHA
from experiments.analysis.differences import differences
from experiments.analysis.model import Dataset, MethodRow, Metric, StudyResults
from experiments.analysis.statistics import summarize
from experiments.publish.latex import Column, PaperTable, escape_latex, number
from experiments.publish.names import failed, mark_notes, metric_head
from experiments.sheets.paper import load_paper
from experiments.sheets.study import FULL, VARIANTS_GROUP
from experiments.sheets.weights import WeightsOrigin

PROTOCOL = "standard"
MOST = 3  # metrics beside the marks


def checks(recipe: dict[str, Any]) -> dict[str, bool]:
    """Return symbol -> whether a training has that part or loss, in the order of ``paper.yaml``.

    A loss counts if any part has it with a weight above 0.
    """
    paper = load_paper()
    marks = {
        symbol: recipe.get(part) not in (None, "none") for part, symbol in paper["parts"].items()
    }
    parts = [value for value in recipe.values() if isinstance(value, dict)]
    for loss, symbol in paper["losses"].items():
        marks[symbol] = any(part.get(loss, 0) > 0 for part in parts)
    return marks


def ablated(study: StudyResults) -> list[MethodRow]:
    """Return the variants that leave a part or a loss out, and the full method last."""
    rows = {m.name: m for m in study.methods if m.group == VARIANTS_GROUP and m.recipe}
    if FULL not in rows:
        return []
    full = rows.pop(FULL)
    without = [m for m in rows.values() if checks(m.recipe or {}) != checks(full.recipe or {})]
    return [*without, full] if without else []


def shown(study: StudyResults) -> tuple[Dataset, list[Metric]]:
    """Return the data set of the table, the first with references if there is one."""
    dataset = next((d for d in study.datasets if d.paired), study.datasets[0])
    metrics = study.columns(dataset, PROTOCOL)
    fitting = [metric for metric in metrics if metric.needs_reference == dataset.paired] or metrics
    return dataset, fitting[:MOST]


def ablation_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out the table; marks that no variant lacks have no column."""
    rows, (dataset, metrics) = ablated(study), shown(study)
    marks = {method.name: checks(method.recipe or {}) for method in rows}
    symbols = [s for s in marks[FULL] if len({mark[s] for mark in marks.values()}) > 1]
    chosen = scores[(scores["dataset"] == dataset.name) & (scores["protocol"] == PROTOCOL)]
    means = summarize(chosen).set_index(["method", "metric"])["mean"].to_dict()
    found = differences(study, chosen).query("p_holm < @ALPHA")
    apart = set(zip(found["method"], found["metric"], strict=True))
    lines = []
    for method in rows:
        bold = r"\bfseries " * (method.name == FULL)
        line = [_marked(study, method), *(r"\zlcheck" * marks[method.name][s] for s in symbols)]
        for metric in metrics:
            text = number(means.get((method.name, metric.name), float("nan")), metric.decimals)
            line.append(bold + text + r"{\zlsig}" * ((method.name, metric.name) in apart))
        lines.append(line)
    losses = set(load_paper()["losses"].values())
    heads = [
        Column(escape_latex(symbol), "c", "Losses" if symbol in losses else "Parts")
        for symbol in symbols
    ]
    heads += [Column(metric_head(metric), over=escape_latex(dataset.label)) for metric in metrics]
    if not any(line[0] for line in lines):
        lines = [line[1:] for line in lines]
    else:
        heads.insert(0, Column("", "l"))
    notes = [rf"*: differs from the full method, last row ($p<{ALPHA:g}$, Holm)"] if apart else []
    notes += [note.replace(r"\zlreduced: ", "all ") for note in mark_notes(study, rows)]
    return PaperTable(
        "ablation",
        f"Ablation on {escape_latex(dataset.label)}: parts and losses of each training, the full "
        "method last.",
        heads,
        [lines[:-1], lines[-1:]],
        notes,
        size="scriptsize",
        gap=1.2,
    )


def _marked(study: StudyResults, method: MethodRow) -> str:
    """Return the mark of a training that failed; the budget's stands in the note."""
    assert method.weights == WeightsOrigin.TRAINED
    return r"\zlfailed" * failed(study, method)
