"""What is checked before any long work starts, and what the later stages are told: study.json."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.data.leaks import read_leaks
from experiments.data.listing import Item, read_listing
from experiments.data.weights import weights_file
from experiments.enhance.external import folder_of
from experiments.enhance.outputs import enhanced_paths
from experiments.score.run import missing_metrics
from experiments.sheets.datasets import load_registry
from experiments.sheets.metrics import describe_metrics
from experiments.sheets.study import StudyConfig
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError
from zero_leinr.gpu_slots import count_gpus

log = logging.getLogger(__name__)


def check_study(study: StudyConfig, items: Mapping[str, Sequence[Item]]) -> dict[str, str]:
    """Make sure that a study can run to its end; downloads weights that are not there.

    Args:
        study: The study.
        items: The images of its data sets, as far as they are there; images that were made
            elsewhere are held to them.

    Returns:
        The metrics that the study has to do without: name -> reason.

    Raises:
        InputError: Weights of a method are missing, or those of a metric that the study does not
            want to do without; images made elsewhere are missing or of another size; something in
            the claims cannot be; or the GPU cannot be used.
    """
    for method in study.methods.values():
        try:
            if "weights" in method.entry:
                weights_file(method.entry["weights"])
            if "images" in method.entry:
                for name in study.datasets:
                    images, pattern = folder_of(method.entry, name), method.entry.get("pattern")
                    enhanced_paths(items.get(name, ()), images, pattern)
        except InputError as error:
            raise InputError(f"method {method.name}: {error}") from error
    if "claims" in study.extras:
        from experiments.sheets.claims import load_claims

        load_claims()
    if study.trained:
        _check_gpu()
    missing = missing_metrics(study.metrics, download=True)
    for name, reason in missing.items():
        if study.missing_metrics == "stop":
            raise InputError(
                f"metric {name}: {reason} "
                "(a study with `missing_metrics: report` goes on without it)"
            )
        log.warning("metric %s will be missing: %s", name, reason)
    return missing


def _check_gpu() -> None:
    """Refuse to plan trainings for a GPU that torch cannot use; on the CPU they take weeks.

    Raises:
        InputError: There is such a GPU, and nobody has said that it shall not be used.
    """
    if count_gpus() and choose_device() == "cpu":
        raise InputError(
            "there is a GPU, and torch cannot use it: `python -c 'import torch; "
            "torch.cuda.init()'` says why (its driver may be too old). To train on the CPU, set "
            "ZERO_LEINR_GPUS=0"
        )


def describe_study(
    study: StudyConfig,
    missing: Mapping[str, str],
    listings: Sequence[Path] = (),
    leaks: Path | None = None,
) -> dict[str, Any]:
    """Say what tables and figures have to know of a study: the content of ``study.json``.

    Args:
        study: The study.
        missing: What ``check_study`` returned for it.
        listings: What ``fetch`` found of its data sets and its training images.
        leaks: What ``leaks`` found between the latter and the former.

    Returns:
        What ``schemas/study_json.schema.yaml`` describes.

    Raises:
        InputError: A listing, or what was found of leaks, cannot be read.
    """
    shared = read_leaks(leaks) if leaks else []
    for warning in shared:
        log.warning("%s: %s (%s names them)", warning["dataset"], warning["text"], leaks)
    found = {listing.dataset: listing for listing in map(read_listing, listings)}
    registry = load_registry()
    return {
        "name": study.name,
        "title": study.title,
        "budget": {"label": study.budget_label, "reduced": study.reduced},
        "methods": [
            {
                "name": method.name,
                "label": method.label,
                "group": method.group,
                "weights": method.weights,
                "seeds": method.seeds,
                "recipe": method.recipe,
                "note": method.entry.get("note"),
                "control": method.control,
            }
            for method in study.methods.values()
        ],
        "datasets": [
            {
                "name": name,
                "label": registry[name].label,
                "paired": registry[name].paired,
                "count": found[name].count if name in found else registry[name].count,
            }
            for name in study.datasets
        ],
        "remarks": [
            *(
                {"kind": "data", "dataset": name, "text": "; ".join(found[name].warnings)}
                for name in study.datasets
                if name in found and found[name].warnings
            ),
            *(
                {"kind": "data", "text": f"Training images: {'; '.join(listing.warnings)}"}
                for name, listing in found.items()
                if name not in study.datasets and listing.warnings
            ),
            *({"kind": "leak", **warning} for warning in shared),
        ],
        "training_sha256": found[name].sha256 if (name := study.training_images) in found else None,
        "grids": study.grids,
        "metrics": describe_metrics(study.metrics),
        # The whole reason is in the log; tables have room for what it begins with, the file's name.
        "missing": {
            name: f"weights {reason.split()[0].strip(',:').rpartition('/')[2]} are missing; "
            f"add them, then run: snakemake {study.name} --forcerun describe score"
            for name, reason in missing.items()
        },
    }
