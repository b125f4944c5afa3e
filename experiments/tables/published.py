"""Published figures beside measured ones: ``experiments/config/published.csv`` against a study.

A published figure is a fact with a source; why it differs from the measured one is said only where
that is known (docs/published.md).
"""

from pathlib import Path

import pandas as pd

from experiments.analysis.results import Dataset, Study, read_scores, read_study
from experiments.analysis.statistics import summarize
from experiments.score.run import load_metrics
from experiments.sheets.datasets import load_registry
from experiments.sheets.study import CONFIG
from experiments.tables.plain import PlainTable, write_table
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
STANDARD = "standard"


def load_published(path: Path = FIGURES) -> pd.DataFrame:
    """Reads the published figures.

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
    load_metrics(dict.fromkeys(figures["metric"]))
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


def compare(study: Study, scores: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """Puts each published figure that the study has measured too beside the measured one.

    Args:
        study: What ``read_study`` returned.
        scores: What ``read_scores`` returned for it.
        figures: What ``load_published`` returned.

    Returns:
        In table order, the columns of ``figures`` with ``value`` named ``published``, and
        ``standard``: the measured mean in the standard protocol;
        ``same_protocol``: the mean in the source's protocol, NaN where that is not known, is the
        standard one, or is none of this suite's;
        ``difference``: measured minus published, in the source's protocol, or in the standard one
        where the source's is unknown; NaN where it is none of this suite's;
        ``n_images``: images measured.
    """
    keys = ["dataset", "method", "metric", "protocol"]
    means = summarize(scores).set_index(keys)["mean"].to_dict()
    images = scores.groupby(["dataset", "metric"])["image"].nunique()
    order = {
        (dataset.name, method.name): i
        for i, (dataset, method) in enumerate(
            (dataset, method) for dataset in study.datasets for method in study.methods
        )
    }
    rows = []
    for figure in figures.to_dict("records"):
        key = (figure["dataset"], figure["method"], figure["metric"])
        standard = means.get((*key, STANDARD))
        if standard is None:
            continue
        same = means.get((*key, figure["protocol"] or STANDARD), float("nan"))
        is_other = figure["protocol"] not in ("", STANDARD)
        rows.append(
            {
                **{name: figure[name] for name in COLUMNS[:4]},
                "published": figure["value"],
                "standard": standard,
                "same_protocol": same if is_other else float("nan"),
                "difference": same - float(figure["value"]),
                "n_images": images[figure["dataset"], figure["metric"]],
                **{name: figure[name] for name in COLUMNS[5:]},
            }
        )
    rows.sort(key=lambda row: order[row["dataset"], row["method"]])
    names = [*COLUMNS[:4], "published", "standard", "same_protocol", "difference", "n_images"]
    return pd.DataFrame(rows, columns=[*names, *COLUMNS[5:]])


def write_published(study_folder: Path, figures: Path = FIGURES) -> list[Path]:
    """Writes ``tables/published.{csv,md,tex}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        figures: The published figures.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json``, a score file or the figures cannot be used.
    """
    study = read_study(study_folder)
    compared = compare(study, read_scores(study_folder, study), load_published(figures))
    return write_table(layout(study, compared), compared, study_folder / "tables" / "published")


def layout(study: Study, compared: pd.DataFrame) -> PlainTable:
    """Lays out the table: a group a data set, the sources as numbered notes."""
    numbers = {source: i for i, source in enumerate(dict.fromkeys(compared["source"]), start=1)}
    labels = {method.name: study.label(method) for method in study.methods}
    metrics = {metric.name: metric.label for metric in study.metrics}
    measured = compared.groupby("dataset")["n_images"].max()
    headings = {name: _heading(study.dataset(str(name)), count) for name, count in measured.items()}
    groups: dict[str, list[list[str]]] = {}
    for row in compared.to_dict("records"):
        digits = len(row["published"].partition(".")[2])
        cells = [labels[row["method"]], metrics[row["metric"]], row["published"]]
        cells += [row["protocol"] or "not stated", _number(row["standard"], digits)]
        cells += [_number(row["same_protocol"], digits), _number(row["difference"], digits, "+")]
        cells += [row["reason"], f"[{numbers[row['source']]}] {row['grade']}"]
        groups.setdefault(headings[row["dataset"]], []).append(cells)
    heads = ["Method", "Metric", "Published", "its protocol", "Measured (standard)"]
    heads += ["Measured (its protocol)", "Difference", "Likely reason", "Source"]
    align = ["l", "l", "r", "l", "r", "r", "r", "p{60mm}", "l"]
    caption = (
        f"{study.title}: published figures beside measured ones. Difference: measured minus "
        "published, in the protocol of the source, or in the standard one where the source does "
        "not state any. A reason stands only where one is known."
    )
    notes = [f"[{number}] {source}" for source, number in numbers.items()]
    used = dict.fromkeys(compared["grade"])
    notes += [f"{grade}: {GRADES[grade]}" for grade in used]
    if not numbers:
        notes = ["No published figure is known for what this study measures"]
    return PlainTable(f"{study.name}-published", caption, heads, align, groups, notes)


def _heading(dataset: Dataset, measured: int) -> str:
    """A data set and how much of it the measured means stand on: a copy may lack images."""
    entry = load_registry().get(dataset.name)
    whole = (entry and entry.count) or dataset.count
    return f"{dataset.label} ({measured} of {whole} images measured)"


def _number(value: float, digits: int, sign: str = "-") -> str:
    """A number in as many digits as its source prints; a dash where there is none."""
    return "–" if pd.isna(value) else f"{value:{sign}.{digits}f}".replace("-", "−")
