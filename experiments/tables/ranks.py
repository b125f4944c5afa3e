"""Mean ranks over images, with the critical difference of each column; the figure has the same."""

from pathlib import Path

import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.ranks import ALL, Ranks, every_rank
from experiments.analysis.results import open_study
from experiments.tables.table import Cell, Column, Table, cells, remarks
from experiments.tables.write import write_table


def write_ranks(study_folder: Path) -> list[Path]:
    """Write ``tables/ranks.{csv,md}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study, scores = open_study(study_folder)
    return write_table(layout(study, scores), study_folder / "tables" / "ranks")


def layout(study: StudyResults, scores: pd.DataFrame) -> Table:
    """Lay out a column for each data set and metric, one for all sets, and the last row."""
    ranks = every_rank(study, scores)
    heads = [Column("Method", "l")]
    for dataset, metric in ranks:
        if dataset == ALL:
            heads.append(Column("All sets"))
        else:
            over = study.dataset(dataset).label
            heads.append(Column(study.metric(metric).label, over=over))
    groups: dict[str, list[list[Cell]]] = {}
    for method in study.ranked:
        row = [Cell(_number(found.mean.get(method.name))) for found in ranks.values()]
        groups.setdefault(method.group, []).append([Cell(study.label(method)), *row])
    critical = [f"{found.critical:.1f}" for found in ranks.values()]
    groups["From which two differ"] = [cells(["Critical difference", *critical])]
    caption = (
        f"{study.title}: mean ranks over images, 1 is best. Nemenyi's test at 5 % sets two methods "
        "apart whose ranks in a column differ by more than its critical difference. Paired sets "
        "are ranked by metrics with references, the others by those without. All sets: by each "
        "image's mean rank over its metrics, every data set with the same weight."
    )
    notes = [] if ranks else ["Nothing to rank: it takes three methods and two images"]
    return Table(f"{study.name}-ranks", caption, heads, groups, remarks(notes), _tidy(ranks))


def _number(rank: float | None) -> str:
    return "–" if rank is None else f"{rank:.1f}"


def _tidy(ranks: dict[tuple[str, str], Ranks]) -> pd.DataFrame:
    names = ["dataset", "metric", "method", "mean_rank", "critical_difference", "p", "n_images"]
    rows = [
        (*key, method, rank, found.critical, found.p, found.images)
        for key, found in ranks.items()
        for method, rank in found.mean.items()
    ]
    return pd.DataFrame(rows, columns=names)
