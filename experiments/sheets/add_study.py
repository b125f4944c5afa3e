"""Writes the file of a study, once it has passed all checks that the workflow makes."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.sheets.ablations import load_ablations
from experiments.sheets.datasets import load_registry
from experiments.sheets.metrics import load_metrics
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import StudyConfig, check_name, make_study
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError, unknown

USUAL = ("psnr", "ssim", "lpips", "niqe")
"""The metrics of a study that names none; without references, those that need none."""


def add_study(
    name: str,
    methods: Sequence[str],
    datasets: Sequence[str],
    metrics: Sequence[str] | None = None,
    training_images: str | None = None,
    folder: Path = CONFIG / "studies",
) -> tuple[Path, StudyConfig]:
    """Write a study file.

    Args:
        name: Of the study and of its file; ``a-z``, ``0-9`` and ``_``.
        methods: Names in methods.yaml, and variants in ablations.yaml.
        datasets: Names in datasets.yaml.
        metrics: Names in metrics.yaml; None takes the usual ones that the data sets allow.
        training_images: Name in datasets.yaml; needed where something is trained.
        folder: Where the studies' files are.

    Returns:
        The file, and the study.

    Raises:
        InputError: A name is taken or unknown, or training images are missing. No file is written.
    """
    path = folder / f"{name}.yaml"
    check_name(path)
    if path.exists():
        raise InputError(f"{path}: there is a study of this name; choose another, or edit the file")
    baselines, variants = (
        load_checked(CONFIG / "methods.yaml", "methods.schema.yaml"),
        load_ablations(),
    )
    for method in methods:
        if method not in baselines and method not in variants:
            raise unknown("method", method, [*baselines, *variants])
    registry = load_registry()
    for dataset in datasets:
        if dataset not in registry:
            raise unknown("data set", dataset, registry)
    paired = any(registry[dataset].paired for dataset in datasets)
    usual = {m: e for m, e in load_metrics(USUAL).items() if paired or not e["needs_reference"]}
    chosen = {
        "methods": [method for method in methods if method in baselines],
        "variants": [method for method in methods if method not in baselines],
        "training_images": training_images,
        "datasets": list(datasets),
        "metrics": list(usual if metrics is None else metrics),
    }
    settings: dict[str, Any] = {key: v for key, v in chosen.items() if v or key == "methods"}
    for key, value in settings.items():
        if isinstance(value, list):
            settings[key] = list(dict.fromkeys(value))
    study = make_study(path, copy.deepcopy(settings))
    with replacing(path) as temporary:
        temporary.write_text("".join(map(_line, settings.items())), encoding="utf-8")
    return path, study


def _line(setting: tuple[str, Any]) -> str:
    """Return a setting as one would write it by hand."""
    key, value = setting
    return f"{key}: [{', '.join(value)}]\n" if isinstance(value, list) else f"{key}: {value}\n"
