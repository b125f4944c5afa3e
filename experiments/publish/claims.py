"""The claims: one row a claim for the paper, one row a test for its supplement."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from experiments.analysis.claims import (
    CONTRADICTED,
    NOT_DECIDABLE,
    NOT_SUPPORTED,
    SUPPORTED,
    judge,
)
from experiments.analysis.comparisons import ALPHA
from experiments.analysis.model import StudyResults
from experiments.publish.latex import Column, PaperTable, escape_latex, number
from experiments.publish.names import short
from experiments.sheets.claims import load_claims
from experiments.sheets.metrics import load_metrics

VERDICTS = {SUPPORTED: "yes", CONTRADICTED: "contrary", NOT_SUPPORTED: "no", NOT_DECIDABLE: "open"}


def claim_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out how many tests of each claim came out how."""
    sheet = load_claims()
    judged = judge(study, scores, sheet)
    rows = []
    for name, tests in judged.groupby("claim", sort=False):
        counts = tests["verdict"].value_counts()
        cells = [str(counts.get(verdict, 0)) for verdict in VERDICTS]
        rows.append([escape_latex(sheet["claims"][name]["sentence"]), str(len(tests)), *cells])
    heads = [Column("Claim", r">{\raggedright\arraybackslash}p{34mm}"), Column("tests")]
    notes = [
        rf"yes, contrary: $p<{ALPHA:g}$ (Holm)",
        "no: no effect of interest",
        "open: cannot be decided",
    ]
    if study.budget.reduced:
        notes.append("at a reduced training budget")
    heads += [Column(head) for head in VERDICTS.values()]
    return PaperTable(
        "claims", "Claims of the paper, and how many tests support each.", heads, [rows], notes
    )


def full_claim_table(study: StudyResults, scores: pd.DataFrame) -> PaperTable:
    """Lay out every test of every claim, for the supplement."""
    sheet = load_claims()
    names = {method.name: short(method) for method in study.methods}
    labels = {dataset.name: dataset.label for dataset in study.datasets}
    groups = []
    for name, tests in judge(study, scores, sheet).groupby("claim", sort=False):
        rows = [[escape_latex(sheet["claims"][name]["sentence"])]]
        for row in tests.to_dict("records"):
            metric = load_metrics([row["metric"]])[row["metric"]]
            digits = metric.get("decimals", 2)
            against = names.get(row["against"], row["against"])
            pair = f"{names.get(row['method'], row['method'])} / {against}"
            ends = [_minus(number(row[end], digits)) for end in ("ci_low", "ci_high")]
            interval = "--" if pd.isna(row["ci_low"]) else f"[{ends[0]}, {ends[1]}]"
            rows.append(
                [
                    escape_latex(pair),
                    escape_latex(labels.get(row["dataset"], "–")),
                    escape_latex(f"{metric.get('short', metric['label'])} {row['expect']}"),
                    _minus(number(row["difference"], digits, signed=True)),
                    interval,
                    p_cell(row["p_holm"]),
                    escape_latex(verdict_cell(row)),
                ]
            )
        groups.append(rows)
    ragged = r">{\raggedright\arraybackslash}p"
    heads = ["Pair", "Data", "Claimed", "Diff.", r"95\,\% interval", "$p$ (Holm)", "Verdict"]
    align = [ragged + "{21mm}", "l", ragged + "{13mm}", "r", "r", "r", ragged + "{24mm}"]
    return PaperTable(
        "claims_full",
        "Every test of the claims: first minus second, on the same images and seeds.",
        [Column(*each) for each in zip(heads, align, strict=True)],
        groups,
        width="long",
        size="scriptsize",
    )


def verdict_cell(row: Mapping[Any, Any]) -> str:
    """Return a verdict as the head of ``claim_table`` says it, and why it is open."""
    return VERDICTS[row["verdict"]] + (f": {row['reason']}" if row["reason"] else "")


def p_cell(p: float) -> str:
    """Return a p-value; one too small for three digits as a bound."""
    if pd.isna(p):
        return "--"
    return "$<$0.001" if p < 0.001 else f"{p:.3f}"


def _minus(text: str) -> str:
    return text.replace("-", "$-$") if text[:1] == "-" and text != "--" else text
