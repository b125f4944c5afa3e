"""The table of protocols: the same images scored in all of them."""

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.protocols import compared, rank
from experiments.publish.latex import Column, PaperTable, escape_latex, number
from experiments.publish.names import method_cell
from experiments.sheets.metrics import load_metrics
from experiments.sheets.paper import load_paper


def protocol_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out the first data set that has several protocols, and the rankings' agreement."""
    dataset = next(d for d in study.datasets if compared(study, d))
    ranks = rank(study, scores)
    ranks = ranks[ranks["dataset"] == dataset.name]
    columns = list(dict.fromkeys(zip(ranks["metric"], ranks["protocol"], strict=True)))
    means = ranks.set_index(["method", "metric", "protocol"])["mean"].to_dict()
    tau = ranks.drop_duplicates(["metric", "protocol"]).set_index(["metric", "protocol"])["tau"]
    groups: dict[str, list[list[str]]] = {}
    for method in study.ranked:
        cells = [
            number(
                means.get((method.name, *column), float("nan")), study.metric(column[0]).decimals
            )
            for column in columns
        ]
        groups.setdefault(method.group, []).append(
            [method_cell(study, method, cited=False), *cells]
        )
    meanings = {
        protocol: how["summary"]
        for name in dict.fromkeys(metric for metric, _ in reversed(columns))
        for protocol, how in load_metrics([name])[name]["protocols"].items()
    }
    agreement = [number(tau[column], 2) for column in columns]
    names = load_paper()["protocols"]
    heads = [
        Column(
            escape_latex(names.get(protocol, protocol)), over=escape_latex(study.metric(m).label)
        )
        for m, protocol in columns
    ]
    return PaperTable(
        "protocols",
        f"The same images of {escape_latex(dataset.label)} under every protocol. Only std compares "
        "with other tables.",
        [Column("Method", "l"), *heads],
        [*groups.values(), [[r"Kendall's $\tau$ with std", *agreement]]],
        [f"{names[p]}: {escape_latex(meanings[p])}" for p in dict.fromkeys(p for _, p in columns)],
        width="page",
        size="scriptsize",
        gap=2.2,
    )
