"""Where each method's numbers came from: its runs, weights and machine, and how to repeat it."""

import csv
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from experiments.analysis.model import MethodRow, StudyResults
from experiments.analysis.remarks import read_record
from experiments.results_folder import ResultsFolder
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.weights import WEIGHTS

Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Origin:
    """A method's line: facts about each of its runs, and the command that makes it again."""

    label: str
    weights: str
    note: str | None
    runs: list[Facts]
    command: str


def origins(folder: Path, study: StudyResults) -> list[Origin]:
    """Trace every method of a study, as far as its records are there.

    Args:
        folder: ``results/<study>``.
        study: What ``read_study`` returned for it.

    Raises:
        InputError: The record of a run cannot be read.
    """
    official = _official()
    scores = folder / "scores"  # in a selection, a link into the study that it is of
    made_in = scores.resolve().parent.name if scores.is_symlink() else study.name
    found = []
    for method in study.methods:
        runs = [run for seed in method.all_seeds if (run := _run(folder, method, seed))]
        if not runs and method.name in official:
            runs = [official[method.name]]
        command = f"snakemake --cores all --forceall results/{made_in}/scores/{method.name}"
        found.append(Origin(study.label(method), method.weights, method.note, runs, command))
    return found


def _run(folder: Path, method: MethodRow, seed: int) -> Facts:
    """Return the facts of a training; none where it left no record."""
    run = read_record(folder, method.name, seed)
    if not run:
        return []
    versions = ", ".join(f"{name} {text}" for name, text in run.get("versions", {}).items())
    facts = {
        "seed": run.get("seed"),
        "steps": run.get("steps"),
        "training time": _duration(run.get("seconds")),
        "device": f"{run.get('device')} ({run.get('device_name')})",
        "finished": run.get("finished"),
        "commit": run.get("git_commit"),
        "versions": versions,
        "training images": run.get("dataset"),
        "sha256 of the training images": run.get("data_sha256"),
        "sha256 of the weights": _sha256(ResultsFolder(folder).run(method.name, seed)),
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _sha256(run: Path) -> str | None:
    weights = run / "model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else None


def _duration(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _official() -> dict[str, Facts]:
    """Return the checksum of each method's official weights, as the config has them."""
    methods = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")
    weights = load_checked(WEIGHTS, "weights.schema.yaml")
    return {
        name: [("weights", entry["weights"]), ("sha256", known["sha256"])]
        for name, entry in methods.items()
        if "sha256" in (known := weights.get(entry.get("weights", ""), {}))
    }


def leak_rows(folder: Path) -> list[dict[str, str]]:
    """Return the rows of the leak table; none where nothing was looked for."""
    path = ResultsFolder(folder).table("leaks.csv")
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def finished(folder: Path, study: StudyResults) -> datetime | None:
    """Return when the last scores were written; None where only copies are left."""
    files = [
        ResultsFolder(folder).scores(method.name, seed, dataset.name)
        for method in study.methods
        for seed in method.all_seeds
        for dataset in study.datasets
    ]
    times = [path.stat().st_mtime for path in files if path.is_file()]
    return datetime.fromtimestamp(max(times), UTC) if times else None
