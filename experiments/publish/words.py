"""What a paper says in its text: the setup, notes on methods, and numbers by name."""

import pandas as pd

from experiments.analysis.comparisons import ALPHA
from experiments.analysis.differences import differences
from experiments.analysis.model import Dataset, Metric, StudyResults
from experiments.analysis.statistics import summarize
from experiments.publish.latex import cite, escape_latex
from experiments.publish.names import listed, short
from experiments.sheets.metrics import load_metrics
from experiments.sheets.paper import cite_of
from experiments.sheets.study import FULL

PROTOCOLS = ("standard", "claims")


def setup(study: StudyResults) -> str:
    """Return data sets, metrics, training budget, seeds and tests as a paragraph."""
    metrics = [_metric(metric) for metric in study.metrics if metric.name not in study.missing]
    sentences = [
        f"Scores are means over the images of {listed([_dataset(d) for d in study.datasets])}.",
        f"The metrics are {listed(metrics)}.",
        *_training(study),
    ]
    if len(study.methods) > 1:
        sentences.append(
            r"Intervals are at 95\,\% over images"
            + " and seeds" * (bool(study.trained) and not study.one_seed)
            + rf"; methods differ where $p<{ALPHA:g}$ in Wilcoxon's signed-rank test over images, "
            "after Holm's correction."
        )
    sentences += [f"{escape_latex(text)}." for text in study.remarks_in_words()]
    return "\\noindent\\textbf{Setup.}\n" + "\n".join(sentences) + "\n"


def _dataset(dataset: Dataset) -> str:
    kind = "pairs" if dataset.paired else "images"
    label = escape_latex(dataset.label)
    return f"{label}{cite(cite_of('dataset', dataset.name))} ({dataset.count} {kind})"


def _metric(metric: Metric) -> str:
    entry = load_metrics().get(metric.name, {})
    label = escape_latex(metric.label) + cite(cite_of("metric", metric.name))
    protocols = entry.get("protocols", {})
    protocol = next((p for p in PROTOCOLS if p in protocols), None)
    return f"{label} ({escape_latex(protocols[protocol]['summary'])})" if protocol else label


def _training(study: StudyResults) -> list[str]:
    """Say how long, on what and how often the study trains; nothing if it does not."""
    if not study.trained:
        return []
    seeds = sorted({len(method.seeds) for method in study.trained})
    counts = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    said = [f"Each trained method has {counts} seed{'s' * (seeds[-1] > 1)}."]
    recipes = {method.name: method.recipe or {} for method in study.trained}
    recipe = recipes.get(FULL) or next(iter(recipes.values()))
    if not {"epochs", "batch", "image_size"} <= recipe.keys():
        return said
    steps = f" of {recipe['steps_per_epoch']} steps" if recipe.get("steps_per_epoch") else ""
    size, crop = recipe["image_size"], recipe.get("crop")
    images = rf"{size}$\times${size} images"
    images = rf"{crop}$\times${crop} crops of {images}" if crop else images
    batch = f"batches of {recipe['batch']} {images}"
    said.append(f"A training takes {recipe['epochs']} epochs{steps}, with {batch}.")
    if study.budget.reduced:
        differs = study.budget.label.removeprefix("reduced: ")
        said.append(f"This training budget is reduced: {escape_latex(differs)}.")
    return said


def notes(study: StudyResults) -> str:
    """Return what must be known of single methods as a list; empty if there is nothing."""
    items: dict[str, list[str]] = {}
    for method in study.methods:
        if method.note:
            items.setdefault(method.note, []).append(short(method))
    if not items:
        return ""
    lines = [
        rf"\item {escape_latex(listed(names))}: {escape_latex(text.replace('`', ''))}"
        for text, names in items.items()
    ]
    return "\n".join([r"\begin{itemize}", *lines, r"\end{itemize}"]) + "\n"


def numbers(study: StudyResults, scores: pd.DataFrame) -> str:
    r"""Return a ``\zldefine`` for every mean, and for what every variant changes.

    ``\zlnum{psnr/lol_eval15/zero_dce}`` is a mean, ``\zlnum{psnr/lol_eval15/no_enrb/diff}`` a
    variant's score minus the full method's.
    """
    summary = summarize(scores[scores["protocol"].isin(PROTOCOLS)])
    lines = [_define(study, row, row["mean"], "") for row in summary.to_dict("records")]
    if FULL in [method.name for method in study.methods]:
        changed = differences(study, scores)
        lines += [
            _define(study, row, row["difference"], "/diff", signed=True)
            for row in changed.to_dict("records")
        ]
    return "\n".join(lines) + "\n"


def _define(
    study: StudyResults, row: dict, value: float, kind: str, *, signed: bool = False
) -> str:
    decimals = study.metric(row["metric"]).decimals
    text = f"{value:{'+' if signed else ''}.{decimals}f}"
    key = f"{row['metric']}/{row['dataset']}/{row['method']}{kind}"
    return rf"\zldefine{{{key}}}{{{text.replace('-', '$-$')}}}"
