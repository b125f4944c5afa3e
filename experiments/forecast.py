"""What a study will cost before it runs: trainings, steps, hours, disk and memory."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.sheets.datasets import load_registry
from experiments.sheets.reading import CONFIG, read_yaml
from experiments.sheets.study import StudyConfig
from zero_leinr.errors import InputError
from zero_leinr.gpu_slots import count_gpus
from zero_leinr.text_files import parse_json, read_text

STEP_TIMES = CONFIG / "step_times.yaml"
DEVICES = ("gpu", "cpu")
PROCESS_GB = 0.8
"""Main memory of a process that has loaded torch and trains on the smallest images (measured)."""

IMAGE_MB = 1.0
"""Of an enhanced image on disk: half a megapixel, two bytes a pixel (roughly)."""


@dataclass(frozen=True)
class Training:
    """What it takes to train one method of a study with all its seeds.

    Attributes:
        method: The method.
        runs: How many, one a seed.
        steps: Of each run.
        hours: Of all runs one after another, by device; None where no step time is known.
        measured: Devices whose step time is that of a run that has finished here.
        image_size: Side of its training images.
        disk_mb: Of all runs.
        memory_gb: Of the images, features and gradients in a step.
    """

    method: str
    runs: int
    steps: int
    hours: dict[str, float | None]
    measured: frozenset[str]
    image_size: int
    disk_mb: float
    memory_gb: float


def forecast(study: StudyConfig, images: int, results: Path = Path("results")) -> list[Training]:
    """Return what each method that the study trains will cost.

    Args:
        study: The study.
        images: How many training images there are.
        results: The folder of all results; runs in it that have finished say how long a step takes.
    """
    table = read_yaml(STEP_TIMES)["parts"]
    finished = _finished_runs(results)
    trainings = []
    for method in study.trained:
        recipe, runs = method.recipe, len(method.seeds)
        assert recipe is not None
        steps = recipe["epochs"] * steps_in_epoch(recipe, images)
        parts = [table[part] for part in _parts(recipe) if part in table]
        known = len(parts) == len(_parts(recipe))
        pixels = _megapixels(recipe)
        step: dict[str, float | None] = dict.fromkeys(DEVICES)
        if known:
            step["gpu"] = sum(max(p["gpu"] * pixels, p["gpu_least"]) for p in parts)
            step["cpu"] = sum(p["cpu"] * pixels for p in parts)
        measured = finished.get(_kind(recipe), {})
        step |= measured
        # float32 weights and two moments of Adam in the state, weights again; two tables of losses.
        model = 16 * sum(part["parameters"] for part in parts)
        losses = 2 * steps * (12 + 11 * sum(part["losses"] for part in parts))
        trainings.append(
            Training(
                method.name,
                runs,
                steps,
                {
                    device: None if s is None else runs * steps * s / 3600
                    for device, s in step.items()
                },
                frozenset(measured),
                recipe["image_size"],
                runs * (model + losses) / 1e6,
                pixels * max((part["memory"] for part in parts), default=0),
            )
        )
    return trainings


def steps_in_epoch(recipe: Mapping[str, Any], images: int) -> int:
    """Return the steps of an epoch, as ``zero_leinr`` counts them, without loading torch."""
    return min(math.ceil(images / recipe["batch"]), recipe["steps_per_epoch"] or images)


def _parts(recipe: Mapping[str, Any]) -> list[str]:
    """Return the parts that a step trains, by their names in the table of step times."""
    if "method" in recipe:
        return [recipe["method"]]
    parts = {"light": "branch", "color": "branch", "denoiser": "denoiser"}
    return [part for key, part in parts.items() if recipe.get(key)]


def _megapixels(recipe: Mapping[str, Any]) -> float:
    side = recipe["crop"] or recipe["image_size"]
    return recipe["batch"] * side**2 / 1e6


def _kind(recipe: Mapping[str, Any]) -> str:
    """Return what decides how long a step takes."""
    return repr([_parts(recipe), _megapixels(recipe), recipe.get("precision")])


def _finished_runs(results: Path) -> dict[str, dict[str, float]]:
    """Return seconds a step by kind of training and device, from the runs that finished last."""
    found: dict[str, dict[str, float]] = {}
    for record in sorted(_records(results), key=lambda record: str(record.get("finished"))):
        if record.get("recipe") and record.get("steps") and record.get("seconds"):
            # A record that came from elsewhere may lack a setting; its study's own checks say it.
            with contextlib.suppress(KeyError, TypeError):
                kind, seconds = _kind(record["recipe"]), record["seconds"] / record["steps"]
                device = "cpu" if record.get("device") == "cpu" else "gpu"
                found.setdefault(kind, {})[device] = seconds
    return found


def _records(results: Path) -> Iterator[dict[str, Any]]:
    for path in results.glob("*/runs/*/*/run.json"):
        with contextlib.suppress(InputError):  # that study's own checks say it
            record = parse_json(read_text(path, "JSON"), path, "")
            if isinstance(record, dict):
                yield record


def describe(study: StudyConfig, counts: Mapping[str, int], results: Path = Path("results")) -> str:
    """Say in a few lines what a study will cost.

    Args:
        study: The study.
        counts: Images of each data set that was looked at; the registry knows the others.
        results: See ``forecast``.
    """
    sizes = {name: entry.count or 0 for name, entry in load_registry().items()} | dict(counts)
    evaluated = sum(sizes[name] for name in study.datasets)
    enhanced = evaluated * sum(len(method.seeds) for method in study.methods.values())
    jobs = f"{len(study.methods)} to enhance and as many to score ({enhanced:,} images)"
    disk = f"{enhanced * IMAGE_MB / 1000:.1f} GB of enhanced images"
    if study.training_images is None or not study.trained:
        return f"nothing to train\njobs: {jobs}\ndisk: about {disk}"
    images = sizes[study.training_images]
    trainings = forecast(study, images, results)
    lines = [f"{'to train':28}{'runs':>5}{'steps each':>12}{'GPU-hours':>11}{'CPU-hours':>11}"]
    lines += [_row(t.method, str(t.runs), f"{t.steps:,}", t.hours, t.measured) for t in trainings]
    runs = sum(training.runs for training in trainings)
    hours = {d: sum(t.hours[d] or 0 for t in trainings) for d in DEVICES}
    lines.append(_row("total", str(runs), "", hours, frozenset()))
    sources = read_yaml(STEP_TIMES)["sources"]
    lines += ["*: from runs that finished here"] * any(t.measured for t in trainings)
    lines += [f"{device.upper()}-hours: {sources[device]}" for device in DEVICES]
    if unknown := [t.method for t in trainings if None in t.hours.values()]:
        lines.append(f"-: no step time is known ({', '.join(unknown)}); not in the total")
    prepared = 3 * images * sum({t.image_size**2 for t in trainings}) / 1e9
    memory = max(training.memory_gb for training in trainings)
    device = "on a GPU" if count_gpus() else "on the CPU: no GPU is seen here"
    return "\n".join(
        [
            *lines,
            f"budget: {study.budget_label}; it would train {device}",
            f"jobs: {runs} to train, {jobs}",
            f"disk: {sum(t.disk_mb for t in trainings) / 1000:.1f} GB of runs, "
            f"{prepared:.1f} GB of training images, about {disk}",
            f"a training's memory: up to {PROCESS_GB + memory:.1f} GB on a CPU, {memory:.1f} GB of "
            f"a GPU's ({sources['memory']})",
        ]
    )


def _row(
    name: str, runs: str, steps: str, hours: Mapping[str, float | None], measured: frozenset[str]
) -> str:
    cells = [
        "-" if (h := hours[device]) is None else f"{h:,.2f}{'*' * (device in measured)}"
        for device in DEVICES
    ]
    return f"{name:28}{runs:>5}{steps:>12}{cells[0]:>11}{cells[1]:>11}"
