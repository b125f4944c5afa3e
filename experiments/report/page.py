"""What the report of a study shows, gathered as plain data; ``page.html.j2`` lays it out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.analysis.claims import VERDICTS, judge
from experiments.analysis.comparisons import summarize_with_ties
from experiments.analysis.costs import measured, read_costs
from experiments.analysis.differences import differences, variants
from experiments.analysis.model import StudyResults
from experiments.analysis.protocols import compared, rank
from experiments.analysis.published import beside_measured
from experiments.analysis.quality import with_quality
from experiments.analysis.results import open_study, read_study
from experiments.analysis.score_files import read_listed
from experiments.provenance import git_commit
from experiments.report.attachments import Picture, attach_table, figure
from experiments.report.check_marks import check_marks
from experiments.report.origins import finished, leak_rows, origins
from experiments.report.per_image import image_scores
from experiments.report.previews import INPUT, ImageFiles, find_images
from experiments.report.score_tables import ScoreTable, score_tables
from experiments.report.summary import (
    ablation_sentence,
    best_sentence,
    chips,
    claims_sentence,
)
from experiments.results_folder import ResultsFolder
from experiments.sheets.claims import load_claims
from experiments.sheets.metrics import load_metrics
from experiments.sheets.published import load_published
from experiments.sheets.study import FULL
from experiments.sheets.weights import WeightsOrigin
from experiments.tables import claims, costs, protocols, published, ranks, scores
from experiments.tables import differences as difference_table
from experiments.tables.table import Table

STRIP = 4  # methods side by side in the summary, and the reference


def gather(folder: Path) -> dict[str, Any]:
    """Gather all that the page shows, without its previews.

    What a study has nothing for is empty: no claims, costs, variants or figures.

    Args:
        folder: ``results/<study>``.

    Returns:
        The template's variables. ``data`` is what the script reads, as JSON has it.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study, known = open_study(folder)
    study = with_quality(folder, study, known)
    summary = summarize_with_ties(study, known)
    whole = {name: scores.layout(study, summary, name) for name in study.protocols}
    tables = score_tables(study, summary, whole)
    ablation, claimed = _ablation(folder, study, known), _claims(folder, study, known)
    parts = [part for part in (ablation, claimed) if part]
    return {
        "study": study,
        "date": finished(folder, study),
        "commit": git_commit(),
        "sentences": [best_sentence(tables), *(part["sentence"] for part in parts)],
        "chips": chips(study),
        "tables": tables,
        "score_files": {name: attach_table(table) for name, table in whole.items()},
        "score_figures": _of_datasets(folder, study, "scores"),
        "ablation": ablation,
        "claims": claimed,
        "more": _more(folder, study, known),
        "curves": figure(folder, "training_curves"),
        "origins": origins(folder, study),
        "leaks": leak_rows(folder),
        "strip": _strip(study, tables),
        "data": _data(study, known),
    }


def find_all_images(folder: Path) -> list[list[ImageFiles]]:
    """Find the images of each data set that can be shown, each method's of its first seed.

    Raises:
        InputError: A listing cannot be read.
    """
    study = read_study(folder)
    seeds = {method.name: method.seeds[0] for method in study.methods}
    return [
        find_images(folder, dataset.name, read_listed(folder, dataset), seeds)
        for dataset in study.datasets
        if ResultsFolder(folder).listing(dataset.name).exists()
    ]


def examples(folder: Path) -> list[Picture]:
    """Take the drawn examples into the page, for where its images are no longer there."""
    return _of_datasets(folder, read_study(folder), "qualitative")


def _ablation(folder: Path, study: StudyResults, known: pd.DataFrame) -> dict[str, Any] | None:
    """Return what the variants have and change; None without the full method and a variant."""
    full = [study.label(method) for method in study.methods if method.name == FULL]
    if not full or not variants(study):
        return None
    effects = differences(study, known)
    if effects.empty:
        return None
    table = difference_table.layout(study, effects)
    return {
        "sentence": ablation_sentence(study, effects, full[0]),
        "marks": check_marks(study),
        **_part("Effects", table, _of_datasets(folder, study, "differences")),
    }


def _claims(folder: Path, study: StudyResults, known: pd.DataFrame) -> dict[str, Any] | None:
    """Return the claims with their tests; None where the study was not asked for them."""
    if not ResultsFolder(folder).table("claims.md").is_file():
        return None
    sheet = load_claims()
    judged = judge(study, known, sheet)
    table = claims.layout(study, judged, sheet)
    return {
        "sentence": claims_sentence(judged, VERDICTS),
        **_part("Claims", table, figure(folder, "claims")),
    }


def _more(folder: Path, study: StudyResults, known: pd.DataFrame) -> list[dict[str, Any]]:
    """Return protocols, costs and published figures, as far as the study has them."""
    results, found = ResultsFolder(folder), []
    if any(compared(study, dataset) for dataset in study.datasets):
        table = protocols.layout(study, rank(study, known))
        found.append(_part("Protocols", table, _of_datasets(folder, study, "protocols")))
    if results.table("ranks.md").is_file():
        found.append(_part("Ranks", ranks.layout(study, known), []))
    files = [results.costs(method.name) for method in measured(study)]
    if results.kept_costs.is_file() or (files and all(path.is_file() for path in files)):
        table = costs.layout(study, read_costs(folder, study))
        found.append(_part("Costs", table, _of_datasets(folder, study, "quality_cost")))
    if results.table("published.md").is_file():
        table = published.layout(study, beside_measured(study, known, load_published()))
        found.append(_part("Published figures", table, []))
    return found


def _part(title: str, table: Table, figures: Sequence[Picture]) -> dict[str, Any]:
    return {"title": title, "table": table, "files": attach_table(table), "figures": figures}


def _of_datasets(folder: Path, study: StudyResults, kind: str) -> list[Picture]:
    """Return the figures of one kind, as far as they are drawn."""
    return [
        drawn
        for dataset in study.datasets
        for drawn in figure(folder, kind, (dataset.name, dataset.label))
    ]


def _strip(study: StudyResults, tables: Sequence[ScoreTable]) -> list[str]:
    """Choose the methods of the summary's picture: the input, the two best, the full method."""
    names = [INPUT]
    if tables:
        scored = [row for row in tables[0].rows if row.scores[0].cell.rank]
        names += [row.name for row in sorted(scored, key=lambda row: row.scores[0].cell.rank)[:2]]
    own = (method for method in study.methods if method.weights == WeightsOrigin.RELEASED)
    names += [method.name for method in study.methods if method.name == FULL]
    names += [method.name for method in own]
    return list(dict.fromkeys(names))[:STRIP]


def _data(study: StudyResults, known: pd.DataFrame) -> dict[str, Any]:
    """Return what the page's script reads."""
    sheet = load_metrics([metric.name for metric in study.metrics])
    return {
        "methods": [
            {"name": method.name, "label": study.label(method), "group": method.group}
            for method in study.methods
        ],
        "datasets": [{"name": one.name, "label": one.label} for one in study.datasets],
        "protocols": {
            protocol: "; ".join(
                f"{entry['label']}: {entry['protocols'][protocol]['summary']}"
                for entry in sheet.values()
                if protocol in entry["protocols"]
            )
            for protocol in study.protocols
        },
        "metrics": {
            metric.name: {
                "label": metric.label,
                "unit": metric.unit or "",
                "up": metric.direction == "up",
                "digits": metric.decimals,
            }
            for metric in study.metrics
        },
        "scores": image_scores(study, known),
        "full": FULL,
    }
