"""Published figures: `config/published.csv`. Each is a fact with a source."""

from pathlib import Path

import pandas as pd

from experiments.sheets.metrics import load_metrics
from experiments.sheets.reading import CONFIG
from zero_leinr.errors import InputError

FIGURES = CONFIG / "published.csv"


COLUMNS = [
    "dataset",
    "method",
    "metric",
    "protocol",
    "value",
    "source",
    "grade",
    "reason",
    "note",
]


GRADES = {
    "paper": "printed in a paper or its repository",
    "re-run": "measured by others with released weights or code",
    "outputs": "images that others published, scored by this suite",
    "second-hand": "quoted from a source that was not seen",
}


def load_published(path: Path = FIGURES) -> pd.DataFrame:
    """Read the published figures.

    Returns:
        All columns as text; ``value`` keeps the digits of its source.

    Raises:
        InputError: The file cannot be read, or a row has no number, no source, an unknown grade or
            an unknown metric.
    """
    try:
        figures = pd.read_csv(path, dtype=str, na_filter=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    if list(figures.columns) != COLUMNS:
        raise InputError(f"{path}: columns must be {', '.join(COLUMNS)}")
    try:
        load_metrics(dict.fromkeys(figures["metric"]))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    checks = {
        "value is not a number": pd.to_numeric(figures["value"], errors="coerce").isna(),
        "a figure needs a source": figures["source"] == "",
        f"grade must be one of {', '.join(GRADES)}": ~figures["grade"].isin(list(GRADES)),
    }
    for problem, wrong in checks.items():
        if wrong.any():
            # The first line holds the names of the columns.
            raise InputError(f"{path}: line {int(wrong.to_numpy().argmax()) + 2}: {problem}")
    return figures
