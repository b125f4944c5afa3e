"""What is recorded of a training, beside its weights."""

import csv
import json
import math

import numpy as np
import pytest

from experiments.runs import failed_parts, run_training
from zero_leinr.recipe import Recipe

TINY = {"epochs": 2, "steps_per_epoch": 2, "batch": 1, "image_size": 64}


def write_losses(path, totals):
    """A file of losses; infinite ones are empty cells, as the log writes them."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "epoch", *(f"{part}/total" for part in totals)])
        for step, row in enumerate(zip(*totals.values(), strict=True)):
            writer.writerow([step, 0, *("" if math.isinf(x) else x for x in row)])
    return path


def test_a_loss_that_explodes_is_a_failure_and_one_that_rises_is_not(tmp_path):
    calm = np.linspace(0.06, 0.2, 200)  # as the regularization's weight makes it
    spike = np.where(np.arange(200) == 190, 1e12, calm)  # one step that went wrong
    exploded = np.where(np.arange(200) > 100, 2e9, calm)
    overflowed = np.where(np.arange(200) > 100, math.inf, calm)
    totals = {"light": calm, "color": spike, "denoiser": exploded, "other": overflowed}
    assert failed_parts(write_losses(tmp_path / "l.csv", totals)) == ["denoiser", "other"]


@pytest.mark.parametrize(("denoiser_lr", "failed"), [(1e-4, []), (10.0, ["denoiser"])])
def test_a_failed_training_is_recorded_and_said(tmp_path, caplog, denoiser_lr, failed):
    np.save(tmp_path / "images.npy", np.full((2, 64, 64, 3), 40, np.uint8))
    recipe = Recipe().replace(TINY | {"denoiser_lr": denoiser_lr})
    run_training(recipe, tmp_path / "images.npy", 0, tmp_path / "run", device="cpu")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["failed_parts"] == failed
    assert ("worth nothing" in caplog.text) == bool(failed)
