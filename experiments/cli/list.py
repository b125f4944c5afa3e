"""The command ``list``: what methods, data sets, metrics and studies there are."""

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from experiments.cli.common import add_command


def add_list_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = add_command(
        commands,
        "list",
        _list,
        "the methods, data sets, metrics or studies there are, and what of them is here",
        "zero-leinr list methods\nzero-leinr list datasets",
    )
    command.add_argument("kind", choices=tuple(KINDS))


def _list(options: argparse.Namespace) -> None:
    for name, label, facts in KINDS[options.kind]():
        print(f"{name:24} {label}")
        for fact in filter(None, facts):
            print(f"{'':24} {fact}")


Lines = Iterator[tuple[str, str, list[str]]]


def _methods() -> Lines:
    from experiments.sheets.ablations import load_ablations
    from experiments.sheets.reading import CONFIG, load_checked
    from experiments.sheets.weights import WEIGHTS

    weights = load_checked(WEIGHTS, "weights.schema.yaml")
    for name, entry in load_checked(CONFIG / "methods.yaml", "methods.schema.yaml").items():
        facts = [entry["group"], entry.get("citation", "")]
        if entry.get("weights") in weights:
            licence = weights[entry["weights"]]["licence"]
            facts.append(f"weights {_state(entry['weights'])}; licence: {licence}")
        if "recipe" in entry:
            facts.append("trained by the study")
        if entry.get("control") == "positive":
            facts.append("made of references: on paired sets alone")
        yield name, entry["label"], facts
    for name, variant in load_ablations().items():
        yield name, variant.label, ["variant of Zero-LEINR, trained by the study"]


def _state(weights: str) -> str:
    from experiments.data.weights import weights_file
    from zero_leinr.errors import InputError

    try:
        weights_file(weights, download=False)
    except InputError:
        return "not here yet"
    return "here"


def _datasets() -> Lines:
    from experiments.sheets.datasets import data_folder, load_registry

    for name, dataset in load_registry().items():
        folders = [data_folder() / folder for folder in dataset.low.values()]
        others = [data_folder() / folder for folder in dataset.instead.values()]
        there = any(group and all(map(_is_dir, group)) for group in (folders, others))
        state = "made by itself" if dataset.generated else "here" if there else "not here yet"
        count = f"{dataset.count} {'pairs' if dataset.paired else 'images'}, " * bool(dataset.count)
        facts = [f"{count}{state}; licence: {dataset.licence}", dataset.citation]
        yield name, dataset.label, [*facts, dataset.page or ""]


def _is_dir(path: Any) -> bool:
    return path.is_dir()


def _metrics() -> Lines:
    from experiments.score.run import missing_metrics
    from experiments.sheets.metrics import load_metrics, weights_of
    from experiments.sheets.reading import load_checked
    from experiments.sheets.weights import WEIGHTS

    missing, weights = missing_metrics(), load_checked(WEIGHTS, "weights.schema.yaml")
    for name, entry in load_metrics().items():
        better = {"up": "higher is better", "down": "lower is better"}[entry["direction"]]
        wants = "a reference" if entry["needs_reference"] else "the image alone"
        wants = "the input" if entry.get("against") else wants
        facts = [f"{better}; needs {wants}; protocols: {', '.join(entry['protocols'])}"]
        facts.append(entry["citation"])
        licences = [weights[file]["licence"] for file in weights_of(entry) if file in weights]
        if licences and name not in missing:
            facts.append(f"weights here; licence: {'; '.join(licences)}")
        if any(how["function"].startswith("pyiqa:") for how in entry["protocols"].values()):
            facts.append("pyiqa's licence: PolyForm Noncommercial 1.0.0")
        yield name, entry["label"], [*facts, missing.get(name, "")]


def _studies() -> Lines:
    from experiments.sheets.study import Studies

    for name, study in Studies().items():
        trained = f", {len(study.trained)} of them trained" * bool(study.trained)
        facts = [f"{len(study.methods)} methods{trained}; on {', '.join(study.datasets)}"]
        yield name, study.title, facts


KINDS: dict[str, Callable[[], Lines]] = {
    "methods": _methods,
    "datasets": _datasets,
    "metrics": _metrics,
    "studies": _studies,
}
