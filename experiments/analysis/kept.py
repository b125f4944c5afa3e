"""The kept form of a study: all scores, run records and costs in one file each."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.results_folder import ResultsFolder
from experiments.sheets.metrics import SCORE_COLUMNS
from zero_leinr.errors import InputError
from zero_leinr.text_files import parse_json, read_text

if TYPE_CHECKING:
    import pandas as pd

KEPT_COLUMNS = ["method", "seed", "dataset", *SCORE_COLUMNS]
KEPT_LOSSES = ["method", "seed", "loss", "step", "value"]
AGAIN = "keep the study again with `zero-leinr collect`"


def read_kept_scores(folder: Path) -> "pd.DataFrame":
    """Read ``scores.csv``.

    Args:
        folder: A study in the kept form.

    Returns:
        One row a score; the columns are ``KEPT_COLUMNS``.

    Raises:
        InputError: It cannot be read, or a value is not a number.
    """
    import pandas as pd

    path = ResultsFolder(folder).kept_scores
    try:
        frame = pd.read_csv(path, dtype=str, na_filter=False)
        if list(frame.columns) != KEPT_COLUMNS:
            raise ValueError(f"columns must be {', '.join(KEPT_COLUMNS)}")
        return frame.astype({"seed": int, "value": float})
    except (OSError, ValueError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not the scores of a study ({reason}); {AGAIN}") from error


def read_kept_records(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Read ``runs.jsonl``: (method, seed) -> the content of that run's ``run.json``.

    Raises:
        InputError: It cannot be read.
    """
    path = ResultsFolder(folder).kept_runs
    if not path.exists():  # of a study that trains nothing
        return {}
    try:
        lines = read_text(path, "JSON").splitlines()
        records = [dict(parse_json(line, path, AGAIN)) for line in lines]
        return {(record["method"], record["seed"]): record for record in records}
    except InputError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the records of runs ({error}); {AGAIN}") from error


def read_kept_losses(folder: Path) -> "pd.DataFrame":
    """Read ``losses.csv``: method, seed, loss, step and value of the total losses, thinned.

    Raises:
        InputError: It cannot be read.
    """
    import pandas as pd

    path = ResultsFolder(folder).kept_losses
    try:
        return pd.read_csv(path)[KEPT_LOSSES]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: not the losses of a study ({error}); {AGAIN}") from error


def read_kept_costs(folder: Path) -> "pd.DataFrame":
    """Read ``costs.csv``: a row a method, the keys of ``costs/<method>.json`` as columns.

    Raises:
        InputError: It cannot be read.
    """
    import pandas as pd

    path = ResultsFolder(folder).kept_costs
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not the costs of a study ({error}); {AGAIN}") from error
