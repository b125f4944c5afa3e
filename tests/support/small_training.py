"""Methods trained in seconds: five small images, six steps."""

import numpy as np

from baselines.recipe import BaselineRecipe, make_recipe
from baselines.registry import find
from experiments.sheets.study import Studies
from zero_leinr.training import train
from zero_leinr.training_step import training_step

TRAINED = ["zero_leinr", "no_enrb", "zero_dce_retrained", "zero_dce_pp_retrained", "sci_retrained"]
SMALL = {"epochs": 2, "batch": 2, "image_size": 80, "crop": 64}
IMAGES = np.random.default_rng(0).integers(0, 80, (5, 80, 80, 3)).astype(np.uint8)
PHOTO = np.random.default_rng(1).integers(0, 90, (64, 96, 3)).astype(np.uint8)


class Killed(Exception):
    """What stops a training."""


def recipe_of(method):
    return make_recipe(Studies()["paper"].methods[method].recipe).replace(SMALL)


def make_step_of(recipe):
    if isinstance(recipe, BaselineRecipe):
        return find(f"{recipe.method}:training_step")
    return training_step


def train_small(method, device, folder, make_step=None, **options):
    recipe = recipe_of(method)
    make_step = make_step or make_step_of(recipe)
    return train(recipe, IMAGES, 0, folder, make_step=make_step, device=device, **options)


def kill_after_four_steps(done, total, values):
    """A training's progress; with a checkpoint every two steps, its state is that of the second."""
    if done >= 4:
        raise Killed


def files(folder):
    """Return the bytes of a training's weights and losses."""
    return [(folder / name).read_bytes() for name in ("model.safetensors", "losses.csv")]
