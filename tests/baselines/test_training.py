"""Baselines trained here: their steps against the official codes, in the loop of Zero-LEINR."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from baseline_inputs import fill, training_batches
from golden_inputs import sample
from support.baselines import SHEET, recipe_of

from baselines import networks, registry
from baselines.sci import StagedSCI
from baselines.zero_dce_pp import SharedCurveEstimator
from experiments.cli.main import main
from experiments.enhance.cost import measure_method
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from zero_leinr.errors import InputError
from zero_leinr.images import read_image
from zero_leinr.recipe import Recipe
from zero_leinr.training import train

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "baselines.npz")
NETWORKS = {"zero_dce_pp": SharedCurveEstimator, "sci": StagedSCI}
PARTS = {"zero_dce_pp": "curve", "sci": "illumination"}


# Ahead of batch normalization a bias has no gradient but rounding errors; Adam makes steps of them.
BEFORE_NORM = ("enhance.conv.0.bias", "calibrate.in_conv.0.bias", "calibrate.convs.0.bias")
BEFORE_NORM += ("calibrate.convs.3.bias",)


SMALL = {"epochs": 3, "steps_per_epoch": 2, "batch": 2, "image_size": 64, "crop": 32}


def step_of(recipe, seed=0):
    return registry.find(f"{recipe.method}:training_step")(recipe, seed, "cpu")


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 80, (5, 8, 8, 3)).astype(np.uint8)
    return scene.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module", params=NETWORKS)
def official(request):
    """A method, its network after the golden steps, and the losses of these steps."""
    step = step_of(recipe_of(request.param))
    fill(step.model, biases=0.05).train()
    history = [step(image, 0, k) for k, image in enumerate(training_batches())]
    return request.param, step.model, history


# ------------------------------------------------------------------ as the official codes train


def test_losses_are_those_of_the_official_training_scripts(official):
    method, _, history = official
    golden = {k.split("/")[2]: GOLDEN[k] for k in GOLDEN if k.startswith(f"losses/{method}/")}
    golden["total"] = sum(golden.values())
    assert history[0].keys() == {f"{PARTS[method]}/{loss}" for loss in golden}
    for loss, values in golden.items():
        ours = [found[f"{PARTS[method]}/{loss}"].item() for found in history]
        assert ours == pytest.approx(values, rel=1e-5), loss


def test_weights_are_those_of_the_official_training_scripts(official):
    method, model, _ = official
    before = fill(NETWORKS[method](), biases=0.05).state_dict()
    for name, weight in model.state_dict().items():
        if not weight.is_floating_point() or (name.startswith("calibrate") and "running" in name):
            continue  # what the calibration after the last stage would have counted: never used
        golden = GOLDEN[f"trained/{method}/{name}"]
        if name in BEFORE_NORM:
            assert sample(weight)[:-1] == pytest.approx(golden[:-1], abs=4 * 3e-4), name
            continue
        assert sample(weight)[:-1] == pytest.approx(golden[:-1], rel=1e-4, abs=1e-5), name
        assert sample(weight)[-1] == pytest.approx(golden[-1], rel=1e-4), name
        assert not torch.equal(weight, before[name]), f"{name} was not trained"


def test_first_weights_are_drawn_as_in_the_official_codes():
    for layer in step_of(recipe_of("zero_dce_pp")).model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            bound = layer.weight[0].numel() ** -0.5
            weights = torch.cat([layer.weight.flatten(), layer.bias])
            assert 0.7 * bound < weights.abs().max() <= bound
    state = step_of(recipe_of("sci")).model.state_dict()
    assert state["calibrate.convs.0.weight"].std().item() == pytest.approx(0.02, rel=0.1)
    assert state["calibrate.convs.1.weight"].mean().item() == pytest.approx(1, abs=0.02)
    assert not any(weight.any() for name, weight in state.items() if name.endswith("bias"))


@pytest.mark.parametrize("method", NETWORKS)
def test_the_seed_alone_fixes_the_first_weights(method):
    first, again, other = (step_of(recipe_of(method), seed).model for seed in (0, 0, 1))
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    pairs = zip(first.parameters(), other.parameters(), strict=True)
    assert not all(torch.equal(a, b) for a, b in pairs)


# ------------------------------------------------------------------ in the loop of Zero-LEINR


@pytest.mark.parametrize("method", NETWORKS)
def test_a_killed_run_resumes_with_the_same_bits(method, images, tmp_path):
    class Killed(Exception):
        pass

    def kill(done, total, values):
        if done >= 4:
            raise Killed

    def run(name, **options):
        step = registry.find(f"{method}:training_step")
        recipe = recipe_of(method, **SMALL)
        train(recipe, images, 0, tmp_path / name, make_step=step, device="cpu", **options)

    run("whole")
    with pytest.raises(Killed):
        run("killed", checkpoint_every=2, progress=kill)
    run("killed")
    for file in ("model.safetensors", "losses.csv"):
        whole, killed = (tmp_path / name / file for name in ("whole", "killed"))
        assert whole.read_bytes() == killed.read_bytes()
    rows = list(csv.DictReader((tmp_path / "whole" / "losses.csv").open()))
    assert [int(row["epoch"]) for row in rows] == [0, 0, 1, 1, 2, 2]


def test_all_methods_of_a_seed_see_the_same_pixels(images, tmp_path):
    def seen(recipe, folder):
        shown = []

        def make_step(recipe, seed, device):
            step = step_of(recipe_of("sci"))
            step.losses = lambda image: (
                shown.append(image)
                or {
                    "fidelity": next(step.model.parameters()).sum(),
                    "smoothness": torch.zeros(()),
                }
            )
            return step

        train(recipe, images, 3, tmp_path / folder, make_step=make_step, device="cpu")
        return torch.stack(shown)

    small = SMALL | {"crop": 64}
    first = seen(Recipe().replace(small), "zero_leinr")
    assert len(first) == 6
    for method in NETWORKS:
        assert torch.equal(seen(recipe_of(method, **small), method), first)


def test_another_recipe_does_not_resume_from_a_baselines_state(images, tmp_path):
    step = registry.find("sci:training_step")
    train(recipe_of("sci", **SMALL), images, 0, tmp_path, make_step=step, device="cpu")
    with pytest.raises(InputError, match="another recipe or seed"):
        train(Recipe().replace(SMALL | {"crop": 64}), images, 0, tmp_path, device="cpu")


# ------------------------------------------------------------------ recipes and sheets


def test_a_loss_that_the_method_does_not_have_is_refused_before_training(images, tmp_path):
    recipe = dataclasses.replace(recipe_of("sci", **SMALL), losses={"spatial": 1.0})
    with pytest.raises(InputError, match=r"losses\.spatial"):
        train(
            recipe, images, 0, tmp_path,
            make_step=registry.find("sci:training_step"), device="cpu",
        )  # fmt: skip
    assert not (tmp_path / "losses.csv").exists()


# ------------------------------------------------------------------ by hand


@pytest.mark.parametrize("method", NETWORKS)
def test_train_and_enhance_by_hand(method, photos, tmp_path, capsys):
    run, out, name = tmp_path / "run", tmp_path / "out", f"{method}_retrained"
    settings = ["epochs=1", "batch=2", "image_size=64", "lr=0.01", "losses.smoothness=1"]
    arguments = ["train", str(photos), "--study", "paper", "--method", name, "--out", str(run)]
    assert main([*arguments, "--set", *settings]) == 0
    assert {"model.safetensors", "losses.csv", "run.json"} <= {p.name for p in run.iterdir()}
    weights = run / "model.safetensors"
    arguments = ["enhance", str(photos), "--weights", str(weights), "--out", str(out)]
    assert main([*arguments, "--method", name]) == 0
    # The images are those of the trained weights, not of any others.
    entry = SHEET[name]
    expected = registry.build(entry, weights=weights)(read_image(photos / "1.png"))
    np.testing.assert_array_equal(read_image(out / "1.png"), expected)
    other = (
        torch.save(fill(NETWORKS[method]()).state_dict(), tmp_path / "w.pt") or tmp_path / "w.pt"
    )
    assert (registry.build(entry, weights=other)(read_image(photos / "1.png")) != expected).any()
    costs = measure_method(load_study(CONFIG / "studies" / "paper.yaml"), name, weights, "cpu")
    assert costs["parameters"] == {"zero_dce_pp": 10_561, "sci": 258}[method]
    # Told without the method, they are no weights of Zero-LEINR, yet nothing is wrong with them.
    capsys.readouterr()
    assert main(arguments) == 2
    assert f"weights of the baseline {method}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "sci_retrained"], "sci_retrained is trained here: train it"),
        (["--method", "gamma", "--weights", "w.safetensors"], "gamma has no weights"),
        (["--method", "sci_easy", "--weights", "w.safetensors"], "w.safetensors: no such weights"),
        (["--method", "zero_dce_retrained", "--weights", "w"], "unknown method"),
    ],
)
def test_mistakes_are_one_line(arguments, message, photos, capsys):
    assert main(["enhance", str(photos), *arguments, "--out", "o"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]


def test_damaged_and_misfitting_safetensors_are_refused(images, tmp_path):
    step = registry.find("zero_dce_pp:training_step")
    recipe = recipe_of("zero_dce_pp", **SMALL | {"epochs": 1})
    train(recipe, images, 0, tmp_path, make_step=step, device="cpu")
    weights = tmp_path / "model.safetensors"
    with pytest.raises(InputError, match="not the weights of this method"):
        registry.build({"method": "sci"}, weights=weights)
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"model\.safetensors: not a safetensors file"):
        networks.load(SharedCurveEstimator(), weights, "cpu")
