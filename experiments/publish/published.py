"""Published scores beside the measured ones, for the supplement."""

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.published import beside_measured
from experiments.publish.latex import Column, PaperTable, escape_latex, number
from experiments.publish.names import method_cell
from experiments.sheets.paper import load_paper
from experiments.sheets.published import load_published


def published_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out a row a published score, its source numbered, the sources below."""
    found = beside_measured(study, scores, load_published())
    sources = {source: i for i, source in enumerate(dict.fromkeys(found["source"]), start=1)}
    methods = {method.name: method for method in study.methods}
    names = load_paper()["protocols"]
    groups: dict[str, list[list[str]]] = {}
    for row in found.to_dict("records"):
        digits = len(row["published"].partition(".")[2])
        same = row["same_protocol"]
        measured = row["standard"] if pd.isna(same) else same
        difference = number(row["difference"], digits, signed=True)
        groups.setdefault(row["dataset"], []).append(
            [
                method_cell(study, methods[row["method"]], cited=False),
                escape_latex(study.dataset(row["dataset"]).label),
                escape_latex(study.metric(row["metric"]).label),
                escape_latex(names.get(row["protocol"], "not stated")),
                row["published"],
                number(measured, digits),
                difference.replace("-", "$-$") if difference != "--" else difference,
                str(sources[row["source"]]),
            ]
        )
    heads = ["Method", "Data", "Metric", "Protocol", "Published", "Measured", "Diff.", "Source"]
    return PaperTable(
        "published",
        "Published scores beside measured ones; the difference is measured minus published.",
        [Column(*each) for each in zip(heads, "llllrrrr", strict=True)],
        list(groups.values()),
        [f"{number}: {escape_latex(source)}." for source, number in sources.items()],
        width="long",
        size="scriptsize",
    )


def has_published(study: StudyResults) -> bool:
    """Tell whether any published score is known for what the study measures."""
    known = load_published()
    methods = {method.name for method in study.methods}
    datasets = {dataset.name for dataset in study.datasets}
    return bool((known["method"].isin(methods) & known["dataset"].isin(datasets)).any())
