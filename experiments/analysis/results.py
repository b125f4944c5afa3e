"""A finished study: `study.json` and the records of its runs. Tables and figures start here."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.analysis.model import Budget, Dataset, MethodRow, Metric, Remark, StudyResults
from experiments.analysis.remarks import read_trainings
from experiments.analysis.score_files import read_scores
from experiments.results_folder import ResultsFolder
from experiments.sheets.reading import read_json
from experiments.sheets.weights import WeightsOrigin
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def open_study(folder: Path) -> "tuple[StudyResults, pd.DataFrame]":
    """Read a study and all of its scores.

    Args:
        folder: ``results/<study>``.

    Returns:
        What ``read_study`` and ``read_scores`` return.

    Raises:
        InputError: ``study.json`` or a score file is missing or cannot be used.
    """
    study = read_study(folder)
    return study, read_scores(folder, study)


def read_study(folder: Path) -> StudyResults:
    """Read ``study.json`` of a study's results folder.

    Args:
        folder: ``results/<study>``.

    Raises:
        InputError: The file is missing, is not JSON, or lacks a key.
    """
    path = ResultsFolder(folder).study
    if not path.exists():
        raise InputError(f"{path}: missing; the workflow writes it, run the study first")
    content = read_json(path, "study_json.schema.yaml", "delete it and run again")
    study = StudyResults(
        name=content["name"],
        title=content["title"],
        budget=Budget(**content["budget"]),
        methods=[
            MethodRow(**(entry | {"weights": WeightsOrigin(entry["weights"])}))
            for entry in content["methods"]
        ],
        datasets=[Dataset(**entry) for entry in content["datasets"]],
        metrics=[Metric(**entry) for entry in content["metrics"]],
        missing=content["missing"],
        remarks=[Remark(**entry) for entry in content["remarks"]],
        grids=content.get("grids", {}),
    )
    said, failed = read_trainings(folder, study.methods, content.get("training_sha256"))
    return _without_failed_runs(replace(study, remarks=[*study.remarks, *said]), failed)


def _without_failed_runs(study: StudyResults, failed: Collection[tuple[str, int]]) -> StudyResults:
    """Leave failed trainings out of the seeds of methods that have others.

    A denoiser that explodes makes an image black: its scores would say nothing of the method, and
    the mean over seeds nothing at all. What is left out is said under each table.
    """
    methods, lost, said = [], set(), []
    for method in study.methods:
        out = [seed for seed in method.seeds if (method.name, seed) in failed]
        if len(out) == len(method.seeds):
            lost.add(method.name)
        elif out:
            sound = [seed for seed in method.seeds if seed not in out]
            counts = f"{len(out)} of {len(method.seeds)}"
            said.append(f"{method.label}: {counts} trainings failed and are left out")
            method = replace(method, seeds=sound, left_out=out)
        methods.append(method)
    remarks = [*study.remarks, *(Remark("seeds", text) for text in said)]
    return replace(study, methods=methods, remarks=remarks, failed=frozenset(lost))
