"""What a reader must know of a study's trainings: failures, and what differs from the study."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zero_leinr.errors import InputError

if TYPE_CHECKING:
    from experiments.analysis.results import Method


def read_trainings(
    folder: Path, methods: "Sequence[Method]", images: str | None
) -> tuple[list[str], frozenset[str]]:
    """What a reader must know of the trainings, as far as their ``run.json`` are there.

    Args:
        folder: ``results/<study>``.
        methods: The study's methods.
        images: The hash of the study's training images, if it is known.

    Returns:
        Sentences, and the methods of which a training failed.

    Raises:
        InputError: A ``run.json`` cannot be read.
    """
    said, failed = [], set()
    for method, seed in ((one, seed) for one in methods for seed in one.seeds):
        path = folder / "runs" / method.name / f"seed{seed}" / "run.json"
        try:
            record = dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"{path}: not the record of a run ({error}); train it again"
            ) from error
        where = f"{method.label}, seed {seed}"
        said += [f"{where}: {other}" for other in _trained_otherwise(record, method, seed, images)]
        if parts := record.get("failed_parts"):
            failed.add(method.name)
            said.append(f"{where}: training failed, the loss of its {' and '.join(parts)} exploded")
        if step := record.get("diverged_at"):
            failed.add(method.name)
            said.append(
                f"{where}: training failed, weights diverged before step {step}, and those of step "
                f"{record.get('steps')} are shown"
            )
        if steps := record.get("overflowed_steps"):
            said.append(f"{where}: training steps that overflowed and were left out: {steps}")
    return said, frozenset(failed)


def _trained_otherwise(
    record: dict[str, Any], method: "Method", seed: int, images: str | None
) -> list[str]:
    """What a run was trained with in place of what its study says: it may come from elsewhere."""
    trained = {"seed": record.get("seed", seed), **(record.get("recipe") or {})}
    said = [
        f"trained with {key} {trained[key]}, not {wanted} as this study says"
        for key, wanted in {"seed": seed, **(method.recipe or {})}.items()
        if trained.get(key, wanted) != wanted
    ]
    if images and record.get("data_sha256", images) != images:
        said.append("trained with other images than this study's")
    return said
