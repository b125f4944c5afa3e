"""Weights in half precision, with their history inside."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from experiments.cli.main import main
from experiments.export.half_precision import describe, export_half
from experiments.sheets.study import Studies
from zero_leinr.checkpoint import load_model, save_model
from zero_leinr.errors import InputError
from zero_leinr.inference import enhance
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe

REDUCED = {"epochs": 2, "steps_per_epoch": 3, "denoiser_lr": 0.001}


@pytest.fixture
def run(tmp_path):
    """A run's folder, as `train` leaves it: a model whose denoiser passes something on."""
    model, recipe = ZeroLEINR().initialize(0), Recipe().replace(REDUCED)
    with torch.no_grad():
        for weight in model.enrb.parameters():
            weight *= 9
        model.enrb.nin_c.bias += 0.5
    save_model(model, recipe, tmp_path / "run" / "model.safetensors")
    record = {"seed": 7, "training_images": 12, "recipe": recipe.to_dict(), "git_commit": "abc"}
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))
    return tmp_path / "run"


def test_half_the_size_nearly_the_same_image_and_its_history(run, capsys):
    path = run.parent / "half.safetensors"
    weights = run / "model.safetensors"
    assert main(["export", "--weights", str(weights), "--out", str(path)]) == 0
    assert "differs from the original by at most" in capsys.readouterr().out
    assert path.stat().st_size < 0.52 * weights.stat().st_size
    halves = load_file(path)
    for name, tensor in load_file(weights).items():
        assert halves[name].dtype == torch.float16
        # Half precision keeps 11 bits, and nothing below 2^-24.
        torch.testing.assert_close(halves[name].float(), tensor, rtol=2**-11, atol=2**-24)
    assert next(load_model(path).parameters()).dtype == torch.float32
    image = np.random.default_rng(0).integers(0, 80, (64, 96, 3), dtype=np.uint8)
    made = [enhance(load_model(w), image).astype(int) for w in (weights, path)]
    assert made[0].std() > 5
    assert np.abs(made[0] - made[1]).max() <= 2
    said = describe(path)
    assert "seed 7, 12 images; reduced: 2 epochs of 3 steps" in said
    assert "denoiser_lr 0.001 (official: 100 epochs, batch 16" in said


def test_weights_of_a_variant_say_what_differs(run):
    record = json.loads((run / "run.json").read_text())
    record["recipe"] = Recipe().replace({"noise": "none"}).to_dict()
    (run / "run.json").write_text(json.dumps(record))
    export_half(run / "model.safetensors", run / "half.safetensors")
    assert "noise none (official: 100 epochs" in describe(run / "half.safetensors")


def test_weights_of_unknown_origin_are_not_exported(run):
    (run / "run.json").write_text("{}")
    with pytest.raises(InputError, match=r"run\.json: no record of the run"):
        export_half(run / "model.safetensors", run / "half.safetensors")


def test_weights_beyond_half_precision_are_named(run):
    model = load_model(run / "model.safetensors")
    model.enrb.nin_c.bias[0] = 1e5
    save_model(model, Recipe().replace(REDUCED), run / "model.safetensors")
    with pytest.raises(InputError, match=r"enrb\.nin_c\.bias is beyond half precision"):
        export_half(run / "model.safetensors", run / "half.safetensors")
    assert not (run / "half.safetensors").exists()


def test_only_two_kinds_of_files_are_exported(run, capsys):
    assert main(["export", "--weights", str(run / "model.safetensors"), "--out", "a.pth"]) == 2
    assert "a.pth: export writes .onnx and .safetensors files" in capsys.readouterr().err


def test_studies_name_their_budget_as_weights_do():
    for study in Studies().values():
        assert study.budget_label.startswith("reduced: ") == bool(study.budget)
