"""What a study found, in three sentences made from its numbers, and what limits them, as chips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.analysis.comparisons import ALPHA, too_few_images
from experiments.analysis.model import Metric, StudyResults
from experiments.report.score_tables import ScoreTable

HEADLINES = 3  # metrics that the first sentence names
NAMED = 4  # variants that the second one names


@dataclass(frozen=True)
class Chip:
    """A few words on the study; ``warns`` if they limit what its numbers say."""

    text: str
    warns: bool = False


def chips(study: StudyResults) -> list[Chip]:
    """Say how large the study is, and what a reader must know of it."""
    found = [
        Chip(f"{dataset.count} image{'s' * (dataset.count != 1)}: {dataset.label}")
        for dataset in study.datasets
    ]
    found.append(Chip(f"{len(study.methods)} methods"))
    if study.trained:
        seeds = max(len(method.seeds) for method in study.trained)
        found.append(Chip(f"{seeds} seeds" if seeds > 1 else "1 seed", warns=seeds == 1))
        if study.budget.reduced:
            found.append(Chip("† reduced training budget: no verdict on the paper", warns=True))
        else:
            found.append(Chip("official training budget"))
    for texts, one, many in (
        (study.remarks_in_words("leak"), "leak", "leaks"),
        (study.remarks_in_words("training"), "training to note", "trainings to note"),
        (study.remarks_in_words("data"), "note on the data", "notes on the data"),
        (list(study.missing), "metric missing", "metrics missing"),
    ):
        if texts:
            found.append(Chip(f"{len(texts)} {one if len(texts) == 1 else many}", warns=True))
    return found


def headline_metrics(table: ScoreTable) -> list[Metric]:
    """Return the metrics to speak of: those without a caveat, if there are any."""
    plain = [metric for metric in table.metrics if not metric.caveat]
    return (plain or table.metrics)[:HEADLINES]


def best_sentence(tables: Sequence[ScoreTable]) -> str:
    """Say which methods are best on the first data set, and which are not behind significantly."""
    if not tables:
        return "No score is there."
    table = tables[0]
    best: dict[str, list[str]] = {}
    tied: dict[str, list[str]] = {}
    for metric in headline_metrics(table):
        column = table.metrics.index(metric)
        first = [row for row in table.rows if row.scores[column].cell.rank == 1]
        winners = _listed([row.label.text for row in first])
        verb = "has" if len(first) == 1 else "share"
        mean = f"{first[0].scores[column].cell.text} {metric.unit or ''}".strip()
        best.setdefault(f"{winners} {verb}", []).append(f"{metric.label} ({mean})")
        for row in table.rows:
            if row.scores[column].cell.tied:
                tied.setdefault(row.label.text, []).append(metric.label)
    said = [f"{who} the best {_listed(what)}" for who, what in best.items()]
    ranked = sum(any(score.cell.rank for score in row.scores) for row in table.rows)
    where = f"of {ranked} methods on {table.dataset.label}"
    sentence = f"{_listed(said)} {where}, protocol {table.protocol}."
    if tied:
        behind = [f"{name} in {_listed(what)}" for name, what in tied.items()]
        sentence += f" Not significantly different from the best: {', '.join(behind)}."
    return sentence


def ablation_sentence(study: StudyResults, found: pd.DataFrame, full: str) -> str:
    """Say which variants differ significantly from the full method on the first data set.

    Args:
        study: The study.
        found: What ``experiments.analysis.differences.differences`` returned; not empty.
        full: The label of the full method.
    """
    place = found.iloc[0][["dataset", "protocol"]]
    plain = [metric.name for metric in study.metrics if not metric.caveat]
    own = found[(found[["dataset", "protocol"]] == place).all(axis=1)]
    rows = own[own["metric"].isin(plain)] if own["metric"].isin(plain).any() else own
    labels = {method.name: study.label(method) for method in study.methods}
    variants = rows["method"].nunique()
    many = f"{variants} variant{'s' * (variants != 1)}"
    where = f"on {study.dataset(str(place['dataset'])).label}"
    first = rows[rows["metric"] == rows["metric"].iloc[0]]
    most = first.loc[first["difference"].abs().idxmax()]
    largest = f"the largest difference is that of {labels[most['method']]}, {_effect(study, most)}"
    images = int(rows["n_images"].max())
    if too_few_images(images, variants):
        return f"{images} images {where} are too few to test {many}; {largest}."
    apart = rows[rows["p_holm"] < ALPHA]
    if apart.empty:
        return f"None of {many} differs significantly from {full} {where}; {largest}."
    named = [
        f"{labels[str(name)]} ({', '.join(_effect(study, row) for _, row in effects.iterrows())})"
        for name, effects in apart.groupby("method", sort=False)
    ]
    differ = "differs" if len(named) == 1 else "differ"
    more = [f"{len(named) - NAMED} more"] if len(named) > NAMED else []
    return (
        f"{len(named)} of {many} {differ} significantly from {full} {where} (p < {ALPHA:.2g} after "
        f"Holm's correction in each metric): {_listed(named[:NAMED] + more)}."
    )


def _effect(study: StudyResults, row: "pd.Series[Any]") -> str:
    """Return a difference in words: ``PSNR −1.41 dB``."""
    metric = study.metric(str(row["metric"]))
    shown = f"{row['difference']:+.{metric.decimals}f}".replace("-", "−")
    return f"{metric.label} {shown} {metric.unit or ''}".strip()


def claims_sentence(judged: pd.DataFrame, verdicts: Sequence[str]) -> str:
    """Count the verdicts on all claims."""
    counts = judged["verdict"].value_counts()
    said = [f"{counts[verdict]} {verdict}" for verdict in verdicts if verdict in counts]
    return f"{judged['claim'].nunique()} claims in {len(judged)} tests: {', '.join(said)}."


def _listed(parts: Sequence[str]) -> str:
    """Join words: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
