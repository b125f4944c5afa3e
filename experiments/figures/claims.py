"""The paper's claims at a glance: every tested difference in multiples of its margin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from experiments.analysis.claims import CONTRADICTED, NOT_DECIDABLE, NOT_SUPPORTED, SUPPORTED, judge
from experiments.analysis.model import StudyResults
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.style import (
    BETTER,
    PLAIN,
    SMALL,
    UNDECIDED,
    WORSE,
    Page,
    Request,
    add_foot,
    budget_note,
    name_of,
    paper_style,
    power_ticks,
    save,
)
from experiments.sheets.claims import load_claims
from experiments.sheets.metrics import load_metrics
from experiments.sheets.study import FULL

LINE = 0.16  # inches a test takes
LINEAR = 2  # margins up to which the axis is linear
LOOKS = {
    SUPPORTED: (BETTER, "^", BETTER),
    CONTRADICTED: (WORSE, "v", WORSE),
    NOT_SUPPORTED: (UNDECIDED, "s", UNDECIDED),
    NOT_DECIDABLE: (UNDECIDED, "o", "w"),
}


def write_claim_figure(study_folder: Path, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/claims.{pdf,png}`` of a study.

    Args:
        study_folder: ``results/<study>``.
        request: How and where it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json``, a score file or the claims cannot be used.
    """
    study, sheet = read_study(study_folder), load_claims()
    judged = judge(study, read_scores(study_folder, study), sheet)
    with paper_style():
        figure = draw(study, judged, _labels(sheet), request.page)
        return save(figure, request.path(study_folder, "claims"))


def _labels(sheet: Mapping[str, Any]) -> dict[str, str]:
    return {name: claim["label"] for name, claim in sheet["claims"].items()}


def draw(
    study: StudyResults, judged: pd.DataFrame, labels: dict[str, str], page: Page = PLAIN.page
) -> Figure:
    """Draw the tests that could be made, right of 0 where they speak for their claim.

    Args:
        study: The study.
        judged: What ``judge`` returned.
        labels: Claim -> its name.
        page: What it may measure.
    """
    tested = judged[judged["ci_low"].notna()]
    rows = len(tested) + tested["claim"].nunique()
    figure = Figure(figsize=(page.width, rows * LINE + 0.7), layout="constrained")
    axis = figure.subplots()
    axis.axvspan(-1, 1, color="0.93", zorder=0, linewidth=0)
    axis.axvline(0, color="0.3", linewidth=0.6, zorder=1)
    names: list[tuple[str, bool]] = []
    for claim, tests in tested.groupby("claim", sort=False):
        names.append((labels[str(claim)], True))
        for row in tests.to_dict("records"):
            sign = (-1 if row["expect"] == "lower" else 1) / row["margin"]
            color, marker, fill = LOOKS[row["verdict"]]
            ends = np.array([row["ci_low"], row["ci_high"]]) * sign
            place = [len(names)] * 2
            axis.plot(ends, place, color=color, linewidth=1.4, zorder=2)
            where = (row["difference"] * sign, place[0])
            axis.plot(*where, marker, color=color, mfc=fill, ms=4, zorder=3)
            names.append((_name(study, row), False))
    axis.set_xscale("symlog", linthresh=LINEAR, linscale=1.5)
    axis.set_xticks(*power_ticks(axis.get_xlim(), 1))
    axis.set_yticks(range(len(names)), [name for name, _ in names], size=SMALL)
    for (_, heading), text in zip(names, axis.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if heading else "normal")
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_xlabel("difference in margins; right of 0 speaks for the claim")
    axis.tick_params(axis="y", length=0)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.spines["left"].set_visible(False)
    handles = [
        Line2D([], [], color=color, marker=marker, mfc=fill, ms=4, linewidth=1.2, label=verdict)
        for verdict, (color, marker, fill) in LOOKS.items()
    ]
    note = (
        "The tests of the claims that could be made. "
        f"Lines are 95 % intervals {study.intervals_over}; the gray band is one margin, the "
        "smallest effect of interest. Where one method is named, the other is the full "
        "one. Tests that could not be made stand in the table."
    )
    add_foot(figure, [budget_note(study), note], handles, len(handles))
    return figure


def _name(study: StudyResults, row: Mapping[Any, Any]) -> str:
    labels = {method.name: name_of(study, method) for method in study.methods}
    metric = load_metrics([row["metric"]])[row["metric"]]["label"]
    dataset = study.dataset(row["dataset"]).label
    first = "" if row["method"] == FULL else labels[row["method"]]
    compared = f"{first} against {labels[row['against']]}".strip()
    return f"{compared}, {dataset}: {metric} {row['expect']}"
