"""The costs that a study measured: `costs/<method>.json` of each method."""

import math
from pathlib import Path

import pandas as pd

from experiments.analysis.kept import read_kept_costs
from experiments.analysis.model import MethodRow, StudyResults
from experiments.results_folder import ResultsFolder
from experiments.sheets.weights import WeightsOrigin
from zero_leinr.errors import InputError
from zero_leinr.text_files import parse_json, read_text

NUMBERS = ["parameters", "gflops", "seconds", "memory_mib", "processor_share"]
COLUMNS = ["method", "width", "height", *NUMBERS, "device", "device_name", "threads"]
IDLE = 0.8  # CPU's share from which a time counts as undisturbed


def read_costs(study_folder: Path, study: StudyResults) -> pd.DataFrame:
    """Read ``costs/<method>.json`` of every method that runs here.

    Returns:
        One row a method, in table order; the columns are ``COLUMNS``.

    Raises:
        InputError: A file is missing or lacks a key.
    """
    folder, rows = ResultsFolder(study_folder), []
    again = "delete it and measure again"
    if folder.is_kept:
        kept = read_kept_costs(study_folder).set_index("method", drop=False)
        return kept.loc[[method.name for method in measured(study)], COLUMNS].reset_index(drop=True)
    for method in measured(study):
        path = folder.costs(method.name)
        if not path.exists():
            raise InputError(f"{path}: missing; measure it with `zero-leinr costs`")
        content = parse_json(read_text(path, "JSON"), path, again)
        try:
            given = {name: content[name] for name in NUMBERS}
            numbers = {k: math.nan if v is None else float(v) for k, v in given.items()}
            rows.append([numbers.get(column, content[column]) for column in COLUMNS])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: not a cost file; {again}") from error
    return pd.DataFrame(rows, columns=COLUMNS)


def measured(study: StudyResults) -> list[MethodRow]:
    """Return the methods that have costs: no controls, nor those with images made elsewhere."""
    return [method for method in study.ranked if method.weights != WeightsOrigin.ELSEWHERE]


def image_size(costs: pd.DataFrame) -> str:
    """Return the size of the image that was measured, such as ``600x400``."""
    return f"{costs['width'].iloc[0]:.0f}x{costs['height'].iloc[0]:.0f}"


def describe_machine(costs: pd.DataFrame) -> str:
    """Where the costs were measured; says so if that were several machines."""
    places = costs[["device", "device_name", "threads"]].drop_duplicates()
    names = [
        f"{name}" if device.startswith("cuda") else f"{name}, {threads} thread{'s' * (threads > 1)}"
        for device, name, threads in places.itertuples(index=False)
    ]
    if len(names) == 1:
        return f"Measured on {names[0]}"
    return f"Measured on different devices, so times cannot be compared: {'; '.join(names)}"
