"""The tables of a paper: which there are, and which a study has."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from experiments.analysis.costs import read_costs
from experiments.analysis.model import StudyResults
from experiments.analysis.protocols import compared
from experiments.analysis.ranks import LEAST_METHODS
from experiments.publish.ablation import ablated, ablation_table
from experiments.publish.claims import claim_table, full_claim_table
from experiments.publish.costs import cost_table
from experiments.publish.latex import PaperTable
from experiments.publish.protocols import protocol_table
from experiments.publish.published import has_published, published_table
from experiments.publish.ranks import rank_table
from experiments.publish.scores import full_table, main_table
from experiments.results_folder import ResultsFolder
from zero_leinr.errors import InputError

# Name -> layout, in the order of a paper; those for the supplement last.
TABLES: dict[str, Callable[[StudyResults, pd.DataFrame], PaperTable]] = {
    "main": main_table,
    "ablation": ablation_table,
    "claims": claim_table,
    "protocols": protocol_table,
    "ranks": rank_table,
    "scores": full_table,
    "claims_full": full_claim_table,
    "published": published_table,
}
NAMES = [*list(TABLES)[:2], "cost", *list(TABLES)[2:]]


def tables_of(folder: Path, study: StudyResults) -> list[str]:
    """Return the tables that a study has something for."""
    costs = ResultsFolder(folder)
    has = {
        "main": True,
        "ablation": bool(ablated(study)),
        "cost": costs.kept_costs.exists() or (folder / "costs").is_dir(),
        "claims": bool(ablated(study)),
        "protocols": any(compared(study, dataset) for dataset in study.datasets),
        "ranks": len(study.ranked) >= LEAST_METHODS,
        "scores": bool(ablated(study)),
        "claims_full": bool(ablated(study)),
        "published": has_published(study),
    }
    return [name for name in NAMES if has[name]]


def check_name(name: str) -> None:
    """Check that there is such a table.

    Raises:
        InputError: There is none.
    """
    if name not in NAMES:
        raise InputError(f"no table {name!r}; there are {', '.join(NAMES)}")


def lay_out(folder: Path, study: StudyResults, scores: pd.DataFrame, name: str) -> PaperTable:
    """Lay out a table.

    Args:
        folder: ``results/<study>``.
        study: What ``read_study`` returned for it.
        scores: What ``read_scores`` returned for it.
        name: One of ``NAMES``.

    Raises:
        InputError: There is no such table, or the study has nothing for it.
    """
    check_name(name)
    has = tables_of(folder, study)
    if name not in has:
        raise InputError(f"{folder}: has nothing for the table {name}; it has {', '.join(has)}")
    if name == "cost":
        return cost_table(study, read_costs(folder, study))
    return TABLES[name](study, scores)
