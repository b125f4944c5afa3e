"""How methods, metrics and data sets are named in the tables of a paper."""

from experiments.analysis.model import Dataset, MethodRow, Metric, StudyResults
from experiments.publish.latex import arrow, cite, escape_latex
from experiments.sheets.metrics import load_metrics
from experiments.sheets.paper import cite_of, load_names
from experiments.sheets.weights import WeightsOrigin


def short(method: MethodRow) -> str:
    """Return a method's short name; of one that the config does not have, its label."""
    names = load_names()
    return names[method.name].short if method.name in names else method.label


def method_cell(study: StudyResults, method: MethodRow, *, cited: bool = True) -> str:
    """Return a method's name with its citation and its marks."""
    marks = r"\zlreduced{}" * (study.budget.reduced and method.weights == WeightsOrigin.TRAINED)
    marks += r"\zlfailed{}" * failed(study, method)
    return escape_latex(short(method)) + marks + (cite(cite_of("method", method.name)) * cited)


def failed(study: StudyResults, method: MethodRow) -> bool:
    """Tell whether a training of a method failed."""
    return method.name in study.failed or bool(method.left_out)


def mark_notes(study: StudyResults, methods: list[MethodRow]) -> list[str]:
    """Say what the marks of ``method_cell`` mean, as far as they stand in a table."""
    notes = []
    if study.budget.reduced and any(m.weights == WeightsOrigin.TRAINED for m in methods):
        notes.append(r"\zlreduced: trained with a reduced budget")
    if any(failed(study, method) for method in methods):
        notes.append(r"\zlfailed: a training failed, and is left out where others did not")
    return notes


def metric_head(metric: Metric) -> str:
    """Return a metric's short name with the arrow that points to better."""
    known = load_metrics()
    entry = known.get(metric.name, {})
    return escape_latex(entry.get("short", metric.label)) + arrow(metric.direction)


def listed(names: list[str]) -> str:
    """Join names: ``A``, ``A and B``, ``A, B and C``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def dataset_names(datasets: list[Dataset]) -> str:
    """Return the data sets of a caption."""
    return escape_latex(listed([dataset.label for dataset in datasets]))
