"""What a study says of the claims of papers: each put to its tests, with a verdict in words.

A test that this study cannot decide, for its images or its training budget, says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.analysis.comparisons import (
    ALPHA,
    MEASURED,
    compare,
    holm,
    paired_differences,
    score_table,
)
from experiments.analysis.model import Dataset, StudyResults
from experiments.analysis.needed import needed
from experiments.analysis.statistics import Estimate, estimate
from experiments.sheets.metrics import load_metrics
from experiments.sheets.study import FULL

SUPPORTED, CONTRADICTED = "supported", "contradicted"


NOT_SUPPORTED, NOT_DECIDABLE = "not supported", "not decidable"


INCONCLUSIVE = "inconclusive: a wide interval, or p >= 0.05"


VERDICTS = (SUPPORTED, CONTRADICTED, NOT_SUPPORTED, NOT_DECIDABLE)


@dataclass(frozen=True)
class Test:
    """One comparison of a claim; see ``schemas/claims.schema.yaml``."""

    claim: str
    method: str
    against: str
    metric: str
    protocol: str
    sets: str
    expect: str
    margin: float


def judge(study: StudyResults, scores: pd.DataFrame, sheet: Mapping[str, Any]) -> pd.DataFrame:
    """Put every claim to its tests.

    Args:
        study: What ``read_study`` returned.
        scores: What ``read_scores`` returned for it.
        sheet: What ``load_claims`` returned.

    Returns:
        One row a comparison and data set: claim, method, against, dataset, metric, protocol,
        expect, margin; what ``compare`` gives for method minus against
        (NaN where they cannot be compared); ``p_holm``, corrected for all tests of the claim;
        ``verdict``, one of ``VERDICTS``; ``reason``, why it could not be decided; ``needed``, how
        many seeds and images would decide it, in words.
    """
    columns = scores.groupby(["dataset", "metric", "protocol"])
    known = {key: score_table(column) for key, column in columns}
    rows = [
        vars(test)
        | {"dataset": dataset.name if dataset else ""}
        | _measured(study, known, test, dataset)
        for test, dataset in _comparisons(study, sheet)
    ]
    judged = pd.DataFrame(rows)
    judged["p_holm"] = judged.groupby("claim", sort=False)["p"].transform(
        lambda p: holm(p.to_numpy())
    )
    verdicts = [_verdict(row) for row in judged.to_dict("records")]
    judged["verdict"] = [verdict for verdict, _ in verdicts]
    judged["reason"] = [reason for _, reason in verdicts]
    tests = judged.groupby("claim")["p"].transform("count")
    made = zip(judged.to_dict("records"), tests, strict=True)
    judged["needed"] = [_needed(row, count) for row, count in made]
    return judged.drop(columns=["sets", "estimate"])


def _needed(row: Mapping[Any, Any], tests: int) -> str:
    """Say what would decide a test that was made and is not decided; empty for all others."""
    observed = row["estimate"]
    if row["reason"] != INCONCLUSIVE or observed is None:
        return ""

    def decides(estimate: Estimate) -> bool:
        low, high = map(float, estimate.interval())
        # Wilcoxon's test, which must reject, too, cannot go below this.
        p = max(float(estimate.p_value()), 2.0 ** (1 - estimate.n_images))
        guess = {"ci_low": low, "ci_high": high, "p_holm": min(1.0, p * tests), "reason": ""}
        return _verdict({**row, **guess, "n_seeds": estimate.n_seeds})[0] != NOT_DECIDABLE

    return str(needed(observed, decides))


def _comparisons(
    study: StudyResults, sheet: Mapping[str, Any]
) -> Iterator[tuple[Test, Dataset | None]]:
    """Each test with each data set of its kind, or with None where the study has none."""
    for name, claim in _concerned(study, sheet["claims"]).items():
        for entry in claim["tests"]:
            settings = {key: entry[key] for key in ("metric", "protocol", "sets", "expect")}
            margin = sheet["margins"][entry["metric"]]["margin"]
            for against in entry["against"]:
                test = Test(name, entry.get("method", FULL), against, margin=margin, **settings)
                fitting = [d for d in study.datasets if d.paired == (test.sets == "paired")]
                for dataset in fitting:
                    yield test, dataset
                if not fitting:
                    yield test, None


def _concerned(study: StudyResults, claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the claims that the study is about: it has both sides of one of their comparisons.

    All of them where it is about none, so that each test says what is missing.
    """
    names = {method.name for method in study.methods}
    about = {
        name: claim
        for name, claim in claims.items()
        if any(
            test.get("method", FULL) in names and names.intersection(test["against"])
            for test in claim["tests"]
        )
    }
    return about or claims


def _measured(
    study: StudyResults, known: Mapping[Any, pd.DataFrame], test: Test, dataset: Dataset | None
) -> dict[str, Any]:
    """Return what was measured, or why nothing could be."""
    reason = _obstacle(study, test, dataset) or _failure(study, test)
    chosen = known.get((dataset.name if dataset else "", test.metric, test.protocol))
    if not reason and chosen is not None:
        lacking = {test.method, test.against} - set(chosen.index.get_level_values("method"))
        reason = "one of them lacks this score on more than half of the images" * bool(lacking)
    if reason or chosen is None:
        reason = reason or "no image has this score of every method"
        return dict.fromkeys(MEASURED, float("nan")) | {"reason": reason, "estimate": None}
    differences = paired_differences(chosen, test.method, test.against, trained=True)
    if not len(differences):
        reason = "no seed with which both trainings succeeded"
        return dict.fromkeys(MEASURED, float("nan")) | {"reason": reason, "estimate": None}
    found = compare(differences) | {"estimate": estimate(differences)}
    # That a score does not fall by more than the margin is read off the interval alone.
    return found | {"reason": ""} | ({"p": float("nan")} if test.expect == "not lower" else {})


def _failure(study: StudyResults, test: Test) -> str:
    """Say where no training of a method succeeded; empty otherwise."""
    names = study.failed & {test.method, test.against}
    failed = [study.label(method) for method in study.methods if method.name in names]
    return f"every training of {' and of '.join(failed)} failed" if failed else ""


def _obstacle(study: StudyResults, test: Test, dataset: Dataset | None) -> str:
    """Why a test cannot be made; empty where it can."""
    if dataset is None:
        return f"the study has no {test.sets} set"
    for name in (test.method, test.against):
        if name not in [method.name for method in study.methods]:
            return f"the study has no {name}"
        if name not in [method.name for method in study.ranked]:
            return f"{name} is a control"
    (entry,) = load_metrics([test.metric]).values()
    if entry["needs_reference"] and not dataset.paired:
        return "needs references"
    if test.metric not in [metric.name for metric in study.columns(dataset, test.protocol)]:
        return f"{entry['label']} was not scored"
    return ""


def _verdict(row: Mapping[Any, Any]) -> tuple[str, str]:
    """Return the verdict on one comparison, and the reason where it cannot be decided."""
    if row["reason"]:
        return NOT_DECIDABLE, row["reason"]
    if pd.isna(row["ci_low"]):
        return NOT_DECIDABLE, "too few images, or an infinite score"
    if row["n_seeds"] == 1:
        return NOT_DECIDABLE, "one seed: only image variability is known"
    margin = row["margin"]
    if row["expect"] == "not lower":
        if row["ci_low"] > -margin:
            return SUPPORTED, ""
        if row["ci_high"] < -margin:
            return CONTRADICTED, ""
        return NOT_DECIDABLE, INCONCLUSIVE
    bounds = (row["ci_low"], row["ci_high"])
    low, high = bounds if row["expect"] == "higher" else (-bounds[1], -bounds[0])
    significant = row["p_holm"] < ALPHA
    # First, since many images show even effects of no interest.
    if -margin <= low and high <= margin:
        return NOT_SUPPORTED, ""
    if significant and low > 0:
        return SUPPORTED, ""
    if significant and high < 0:
        return CONTRADICTED, ""
    return NOT_DECIDABLE, INCONCLUSIVE


def in_words(study: StudyResults, rows: pd.DataFrame) -> str:
    """Return a claim's verdicts, counted: ``supported in 2 of 3 tests, not decidable in 1``."""
    counts = rows["verdict"].value_counts()
    said = [f"{verdict} in {counts[verdict]}" for verdict in VERDICTS if verdict in counts]
    said[0] += f" of {len(rows)} test{'s' * (len(rows) > 1)}"
    return ", ".join(said) + " at this reduced budget" * study.budget.reduced


def verdict_in_words(study: StudyResults, row: Mapping[Any, Any]) -> str:
    """One verdict with its reason, and the budget where that may be why."""
    budget = " at this reduced budget" * study.budget.reduced
    why = "; ".join(filter(None, (row["reason"], row["needed"])))
    return f"{row['verdict']}{budget}" + (f": {why}" if why else "")
