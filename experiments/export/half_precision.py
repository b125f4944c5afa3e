"""Weights to hand on: half precision, and the record of the run in the header.

So the file alone tells where it came from.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from experiments.sheets.study import reduced_budget_label
from zero_leinr.checkpoint import load_model, save_tensors
from zero_leinr.errors import InputError
from zero_leinr.inference import enhance
from zero_leinr.recipe import Recipe
from zero_leinr.text_files import parse_json, read_text


def export_half(weights: Path, path: Path) -> float:
    """Write trained weights in half precision, with the record of their run.

    Args:
        weights: A ``model.safetensors`` of Zero-LEINR, with its ``run.json`` beside it.
        path: The ``.safetensors`` file; ``load_model`` reads it like the one it was made of.

    Returns:
        The largest difference in 255ths between what both make of a dark noisy image.

    Raises:
        InputError: The weights cannot be used, nobody knows where they came from, or one of them
            is beyond what half precision holds.
    """
    whole = load_model(weights)
    run = _read_run(weights.with_name("run.json"))
    halves = {name: tensor.half() for name, tensor in load_file(weights).items()}
    for name, tensor in halves.items():
        if not torch.isfinite(tensor).all():
            raise InputError(f"{weights}: {name} is beyond half precision (65504); keep float32")
    metadata = {"recipe": json.dumps(run["recipe"]), "run": json.dumps(run)}
    save_tensors(halves, metadata, path)
    half = load_model(path)
    image = dark_image(128, 160)
    outputs = [enhance(model, image, "minimal").astype(int) for model in (whole, half)]
    return float(np.abs(outputs[0] - outputs[1]).max())


def _read_run(path: Path) -> dict[str, Any]:
    try:
        run = dict(parse_json(read_text(path, "JSON"), path, "train it again"))
        Recipe().replace(run["recipe"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: no record of the run that the weights came from; `train` wrote it beside them"
        ) from error
    return run


def describe(path: Path) -> str:
    """Where weights came from, in a few words: seed, and the budget where it was reduced.

    Args:
        path: A file that ``export_half`` wrote.
    """
    with safe_open(path, framework="np") as file:
        run = json.loads(file.metadata()["run"])
    recipe = Recipe().replace(run["recipe"])
    label = reduced_budget_label(recipe) or "trained at the official settings"
    return f"Zero-LEINR, seed {run['seed']}, {run['training_images']} images; {label}"


def dark_image(height: int, width: int) -> np.ndarray:
    """Return a dark ramp with noise, uint8 (H, W, 3): what a copy of a model is tried on."""
    ramp = np.linspace(0, 60, height * width * 3).reshape(height, width, 3)
    noise = np.random.default_rng(0).normal(0, 6, ramp.shape)
    return (ramp + noise).clip(0, 255).astype(np.uint8)
