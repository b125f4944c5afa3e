"""A finished study: `study.json` and the records of its runs. Tables and figures start here."""

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
    )
    said, failed = read_trainings(folder, study.methods, content.get("training_sha256"))
    return replace(study, remarks=[*study.remarks, *said], failed=failed)
