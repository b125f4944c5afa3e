"""`zero-leinr collect`: a finished study in the small form that is kept and can be drawn again."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from experiments.analysis.costs import COLUMNS as COST_COLUMNS
from experiments.analysis.costs import measured, read_costs
from experiments.analysis.kept import KEPT_COLUMNS, KEPT_LOSSES
from experiments.analysis.losses import read_losses, totals_to_keep
from experiments.analysis.model import StudyResults
from experiments.analysis.remarks import read_record
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_all_scores
from experiments.results_folder import ResultsFolder
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

TABLES = "*.md"


def collect(source: Path, target: Path) -> None:
    """Keep ``study.json``, all scores, run records, losses and costs, and the tables of a study.

    Of a run it keeps the record and the total losses, of images and weights nothing. Other files in
    ``target``, such as its README and pictures, stay.

    Args:
        source: ``results/<study>``.
        target: ``results/reference/<study>``.

    Raises:
        InputError: ``source`` is not finished, or is in the kept form already.
    """
    folder, kept = ResultsFolder(source), ResultsFolder(target)
    if folder.is_kept:
        raise InputError(f"{source}: is in the kept form already; copy the folder")
    study = read_study(source)
    scores = read_all_scores(source, study)
    target.mkdir(parents=True, exist_ok=True)
    with replacing(kept.kept_scores) as draft:
        scores[KEPT_COLUMNS].to_csv(draft, index=False, lineterminator="\n")
    _copy(folder.study, kept.study)
    _keep_records(source, study, kept.kept_runs)
    if study.trained and all(_losses(folder, study)):
        with replacing(kept.kept_losses) as draft:
            losses = totals_to_keep(read_losses(source, study))[KEPT_LOSSES]
            losses.to_csv(draft, index=False, lineterminator="\n")
    if all(folder.costs(method.name).exists() for method in measured(study)):
        with replacing(kept.kept_costs) as draft:
            read_costs(source, study)[COST_COLUMNS].to_csv(draft, index=False, lineterminator="\n")
    for table in sorted((source / "tables").glob(TABLES)):
        _copy(table, kept.table(table.name))


def _losses(folder: ResultsFolder, study: StudyResults) -> Iterator[bool]:
    """Tell of each run whether its losses are there; copies of old studies may have none."""
    for method in study.trained:
        for seed in method.all_seeds:
            yield (folder.run(method.name, seed) / "losses.csv").is_file()


def _keep_records(source: Path, study: StudyResults, path: Path) -> None:
    records = [
        {"method": method.name, "seed": seed, **read_record(source, method.name, seed)}
        for method in study.trained
        for seed in method.all_seeds
    ]
    if records:
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        with replacing(path) as draft:
            draft.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as draft:
        shutil.copyfile(source, draft)
