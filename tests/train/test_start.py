"""Fine-tuning: where it starts, what is recorded of it, and what tables say."""

import hashlib
import json

import numpy as np
import pytest
import torch
import yaml
from support.command_line import command, fails

from experiments.analysis.model import MethodRow
from experiments.analysis.remarks import read_trainings
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from experiments.train.branches import are_branches_of
from zero_leinr.checkpoint import load_model, load_state
from zero_leinr.errors import InputError
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe
from zero_leinr.released import RELEASED, load_released
from zero_leinr.training import train
from zero_leinr.training_step import training_step

SMALL = {"epochs": 1, "steps_per_epoch": 1, "batch": 1, "image_size": 64}


def test_training_goes_on_from_the_released_weights():
    released = load_released().state_dict()
    for change in ({}, {"color": None}, {"denoiser": None}):
        recipe = Recipe().replace({**SMALL, **change, "start": "released"})
        model = training_step(recipe, 0, "cpu").model
        for name, value in model.state_dict().items():
            assert torch.equal(value, released[name])
        assert all(weight.requires_grad for weight in model.parameters())


def test_other_weights_must_have_the_parts_that_are_trained(tmp_path):
    path = tmp_path / "w.pth"
    torch.save(ZeroLEINR(("light",), denoise=False).initialize(3).state_dict(), path)
    light = {"color": None, "denoiser": None}
    training_step(Recipe().replace({**light, "start": str(path)}), 0, "cpu")
    with pytest.raises(InputError, match=r"w\.pth: has no cpleb\.branches\.color"):
        training_step(Recipe().replace({"denoiser": None, "start": str(path)}), 0, "cpu")


def test_states_and_records_of_earlier_versions_stay_valid(tmp_path):
    """Weights that are drawn leave no trace of the setting: finished trainings are not repeated."""
    assert "start" not in repr(Recipe())
    assert "start" not in Recipe().to_dict()
    assert Recipe().replace({"start": "released"}).to_dict()["start"] == "released"
    images = np.full((1, 64, 64, 3), 30, np.uint8)
    train(Recipe().replace(SMALL), images, 0, tmp_path, device="cpu")
    assert load_state(tmp_path / "state.ckpt")["recipe"] == repr(Recipe().replace(SMALL))
    with pytest.raises(InputError, match="belongs to another recipe"):
        train(Recipe().replace({**SMALL, "start": "released"}), images, 0, tmp_path, device="cpu")


def test_the_command_fine_tunes_and_records_it(photos, tmp_path, capsys):
    run = tmp_path / "run"
    few = ("--set", "epochs=1", "image_size=64", "steps_per_epoch=1")
    assert command("train", photos, "--out", run, "--start", "released", *few) == 0
    record = json.loads((run / "run.json").read_text())
    assert record["recipe"]["start"] == "released"
    assert (record["recipe"]["lr"], record["recipe"]["crop"]) == (1e-4, 64)
    assert record["start_sha256"] == hashlib.sha256(RELEASED.read_bytes()).hexdigest()
    tuned, released = load_model(run / "model.safetensors"), load_released()
    moved = [
        float((a - b).abs().max())
        for a, b in zip(tuned.parameters(), released.parameters(), strict=True)
    ]
    assert 0 < max(moved) < 1e-2
    line = fails(capsys, "train", photos, "--out", run, "--start", "relesed")
    assert "--start relesed: no such file; or write released" in line


def test_a_study_says_that_it_starts_from_them(tmp_path):
    study = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text())
    assert study["budget"]["start"] == "released"
    study["methods"].append("zero_dce_retrained")
    path = tmp_path / "tuned.yaml"
    path.write_text(yaml.safe_dump(study))
    plan = load_study(path)
    assert plan.reduced
    assert "start released" in plan.budget_label
    recipes = {method.name: method.recipe for method in plan.trained}
    assert recipes["no_enrb"]["start"] == "released"
    assert "start" not in recipes["zero_dce_retrained"]  # a baseline has no such weights
    assert are_branches_of(recipes["no_enrb"], recipes["zero_leinr"])
    drawn = {key: value for key, value in recipes["zero_leinr"].items() if key != "start"}
    assert not are_branches_of(recipes["no_enrb"], drawn)
    rows = [
        MethodRow(m.name, m.label, m.group, m.weights, m.seeds, m.recipe)
        for m in plan.trained
        if m.name in ("zero_leinr", "zero_dce_retrained")
    ]
    said, _ = read_trainings(tmp_path, rows, None)
    assert len(said) == 1
    assert said[0].text.startswith(plan.methods["zero_leinr"].label)
    assert said[0].text.endswith(": fine-tuned, training started from the released weights")
