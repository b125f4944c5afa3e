"""Nothing is trained twice: a variant without ENRB takes its branches from a run that has them.

The branches train independently of each other and of ENRB, from random streams of their own. So
those of a variant without ENRB are, to the bit, those of the full method with the same seed.
"""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.provenance import write_json
from experiments.sheets.reading import read_json
from experiments.train.run import failed_parts, overflowed_steps, sha256
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe

OF_THE_DENOISER = {"denoiser", "denoiser_lr", "denoiser_halvings", "ramp"}
BRANCHES = ("light", "color")


def are_branches_of(recipe: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether all that a recipe trains is trained by another one too, to the bit.

    Args:
        recipe: Every setting of a training, as ``Recipe.to_dict`` gives them.
        other: The same of another training.
    """
    if "method" in recipe or "method" in other or recipe == other or recipe["denoiser"] is not None:
        return False
    if recipe.get("start") != other.get("start"):
        return False
    own = [branch for branch in BRANCHES if recipe[branch] is not None]
    shared = recipe.keys() - OF_THE_DENOISER - set(BRANCHES)
    return all(_losses(recipe[branch]) == _losses(other[branch]) for branch in own) and all(
        recipe[key] == other[key] for key in shared
    )


def _losses(weights: Mapping[str, float] | None) -> dict[str, float]:
    """Return the losses that are computed: a weight of 0 leaves one out."""
    return {loss: weight for loss, weight in (weights or {}).items() if weight}


def take_branches(
    donor: Path, recipe: Recipe, seed: int, folder: Path, about: Mapping[str, Any]
) -> bool:
    """Write the files of a run from those of a run that trained the same branches.

    Args:
        donor: The folder of that run: ``model.safetensors``, ``losses.csv`` and ``run.json``.
        recipe: What the new run trains.
        seed: Its seed.
        folder: Where its files go: the same three, with ``taken_from`` in the record.
        about: More that its record should say, such as study and method.

    Returns:
        Whether it was done. False where the other run diverged, so that its branches stopped early.

    Raises:
        InputError: The other run is not finished, or trained other branches or images.
    """
    record = read_json(donor / "run.json", "run_json.schema.yaml", "train it again")
    if record.get("diverged_at"):
        return False
    same_images = about.get("data_sha256") in (None, record.get("data_sha256"))
    if record.get("seed") != seed or not same_images:
        raise InputError(f"{donor}: has another seed, or other training images")
    if not are_branches_of(recipe.to_dict(), Recipe().replace(record["recipe"]).to_dict()):
        raise InputError(f"{donor}: trained other branches than this recipe wants")
    _take_weights(donor / "model.safetensors", recipe, folder / "model.safetensors")
    _take_losses(donor / "losses.csv", recipe, folder / "losses.csv")
    new = {
        "recipe": recipe.to_dict(),
        "taken_from": record.get("method"),
        "weights_sha256": sha256(folder / "model.safetensors"),
        "overflowed_steps": overflowed_steps(folder / "losses.csv"),
        "failed_parts": failed_parts(folder / "losses.csv"),
    }
    write_json({**record, **about, **new}, folder / "run.json")
    return True


def _take_weights(source: Path, recipe: Recipe, target: Path) -> None:
    from safetensors import safe_open

    from zero_leinr.checkpoint import save_tensors

    wanted = tuple(f"cpleb.branches.{branch}." for branch in recipe.branches)
    with safe_open(source, framework="pt") as file:
        names = [name for name in file.keys() if name.startswith(wanted)]  # noqa: SIM118
        tensors = {name: file.get_tensor(name) for name in names}
    save_tensors(tensors, {"recipe": json.dumps(recipe.to_dict())}, target)


def _take_losses(source: Path, recipe: Recipe, target: Path) -> None:
    parts = tuple(f"{branch}/" for branch in recipe.branches)
    with source.open(newline="") as file:
        header, *rows = csv.reader(file)
    kept = [i for i, name in enumerate(header) if "/" not in name or name.startswith(parts)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([row[i] for i in kept] for row in (header, *rows))
    with replacing(target) as draft:
        draft.write_text(text.getvalue())
