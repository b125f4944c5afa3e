"""What is recorded of a training, beside its weights."""

import csv
import json
import math

import numpy as np
import pytest

from experiments.enhance.run import trained
from experiments.train.run import failed_parts, run_training
from zero_leinr.checkpoint import load_state, save_state
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
    assert ("training failed" in caplog.text) == bool(failed)


def test_each_piece_of_an_interrupted_run_is_recorded(tmp_path, monkeypatch):
    """It may have gone on on another machine; one that only writes the files has no part in it."""
    np.save(tmp_path / "images.npy", np.full((2, 64, 64, 3), 40, np.uint8))
    folder = tmp_path / "run"

    def run_on(machine):
        where = {"device": machine, "finished": "now"}
        monkeypatch.setattr("experiments.train.run.provenance", lambda _: dict(where))
        recipe = Recipe().replace(TINY)
        run_training(recipe, tmp_path / "images.npy", 0, folder, device="cpu")
        return json.loads((folder / "run.json").read_text())

    assert "segments" not in run_on("one")
    state = load_state(folder / "state.ckpt")
    save_state(state | {"step": 2}, folder / "state.ckpt")  # as if it had been stopped there
    for machine in ("another", "a third"):
        record = run_on(machine)
        assert record["device"] == "another"
        segments = [(s["from_step"], s["device"]) for s in record["segments"]]
        assert segments == [(0, "one"), (2, "another")]


def test_a_run_on_two_gpu_models_is_warned_of(tmp_path, monkeypatch, caplog):
    """CUDA draws other numbers with other numbers of multiprocessors."""
    np.save(tmp_path / "images.npy", np.full((2, 64, 64, 3), 40, np.uint8))
    folder = tmp_path / "run"
    for name in ("H100", "H100", "RTX 4090"):
        where = {"device": "cuda", "device_name": name, "finished": "now"}
        monkeypatch.setattr("experiments.train.run.provenance", lambda _, where=where: dict(where))
        assert "GPU models" not in caplog.text
        run_training(Recipe().replace(TINY), tmp_path / "images.npy", 0, folder, device="cpu")
        state = load_state(folder / "state.ckpt")
        save_state(state | {"step": 2}, folder / "state.ckpt")  # as if it had been stopped there
    assert "several GPU models (H100, RTX 4090)" in caplog.text


def test_a_run_whose_weights_diverge_is_recorded_as_failed(tmp_path, caplog):
    np.save(tmp_path / "images.npy", np.full((2, 64, 64, 3), 40, np.uint8))
    recipe = Recipe().replace(TINY | {"lr": 1e30})
    run_training(recipe, tmp_path / "images.npy", 0, tmp_path / "run", device="cpu")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (record["diverged_at"], record["steps"]) == (4, 0)
    assert "weights diverged before step 4" in caplog.text
    assert (tmp_path / "run" / "model.safetensors").exists()


def test_a_training_and_an_enhancer_that_emulate_bfloat16_say_so(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", dict)
    np.save(tmp_path / "images.npy", np.full((1, 32, 32, 3), 40, np.uint8))
    small = {"epochs": 1, "batch": 1, "image_size": 32, "denoiser": None}
    recipe = Recipe().replace(small | {"precision": "bfloat16"})
    run_training(recipe, tmp_path / "images.npy", 0, tmp_path / "run", device="cpu")
    assert "no instructions" in caplog.text
    caplog.clear()
    trained(tmp_path / "run" / "model.safetensors", device="cpu", precision="bfloat16")
    assert "no instructions" in caplog.text
