"""The table of ranks: mean ranks over images, and from which difference two methods differ."""

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.ranks import ALL, every_rank
from experiments.publish.latex import Column, PaperTable, escape_latex, number
from experiments.publish.names import method_cell


def rank_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out a column for each data set and metric, and one for all sets."""
    ranks = every_rank(study, scores)
    heads = [
        Column("All")
        if dataset == ALL
        else Column(
            escape_latex(study.metric(metric).label),
            over=escape_latex(study.dataset(dataset).label),
        )
        for dataset, metric in ranks
    ]
    groups: dict[str, list[list[str]]] = {}
    for method in study.ranked:
        row = [number(found.mean.get(method.name, float("nan")), 1) for found in ranks.values()]
        cells = [method_cell(study, method, cited=False), *row]
        groups.setdefault(method.group, []).append(cells)
    critical = [number(found.critical, 1) for found in ranks.values()]
    return PaperTable(
        "ranks",
        "Mean ranks over images, 1 is best. Two methods differ where their ranks in a column do by "
        "the critical difference.",
        [Column("Method", "l"), *heads],
        [*groups.values(), [["Critical difference", *critical]]],
        ["Nemenyi's test at 5\\,\\%. All: every data set has the same weight"],
    )
