"""Our modules, losses and training step against numbers that the official code made."""

from pathlib import Path

import numpy as np
import pytest
import torch
from golden_inputs import PICKED, fill, noisy_batch, pair_numbers, photo, sample

from zero_leinr.curves import CurveEstimator
from zero_leinr.enrb import ENRB
from zero_leinr.inference import enhance
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe
from zero_leinr.training_step import TrainingStep

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "golden.npz")
LOGGED = {
    "light/smoothness": "L_TV_1",
    "light/spatial": "L_spa_1",
    "light/constancy": "L_col",
    "light/exposure": "L_exp_1",
    "light/total": "Total_Loss_enh_b1",
    "color/smoothness": "L_TV_2",
    "color/spatial": "L_spa_2",
    "color/exposure": "L_exp_2",
    "color/angle": "L_color_angle",
    "color/total": "Total_Loss_enh_b2",
    "denoiser/reconstruction": "L_rec",
    "denoiser/regularization": "L_reg",
    "denoiser/total": "Total_Loss_denoise",
}


def official_start() -> ZeroLEINR:
    model = ZeroLEINR()
    fill(model.cpleb.branches["light"], seed=0)
    fill(model.cpleb.branches["color"], seed=1)
    fill(model.enrb, seed=2)
    return model


@pytest.fixture(scope="module")
def trained() -> tuple[ZeroLEINR, list[dict[str, float]]]:
    """Two epochs of one step, as the golden run: injected noise and neighbor draws."""
    recipe = Recipe(epochs=2, noise="none", batch=2, image_size=64)
    model = official_start()
    step = TrainingStep(model, recipe, seed=0)
    neighbors = torch.from_numpy(pair_numbers())
    noisy, history = noisy_batch(), []
    for epoch in range(2):
        values = step.train_branch("light", noisy) | step.train_branch("color", noisy)
        with torch.no_grad():
            fused = model.cpleb(noisy)
        values |= step.train_denoiser(fused, neighbors, epoch)
        history.append({name: value.item() for name, value in values.items()})
    return model, history


@pytest.mark.parametrize("name", ["enhanced", "curves"])
def test_curve_estimator(name):
    with torch.no_grad():
        found = fill(CurveEstimator(), seed=0)(noisy_batch())
    ours = dict(zip(["enhanced", "curves"], found, strict=True))[name][PICKED].numpy()
    assert np.abs(ours - GOLDEN[name]).max() < 1e-5


def test_enrb():
    with torch.no_grad():
        ours = fill(ENRB(), seed=2)(noisy_batch())[PICKED].numpy()
    assert np.abs(ours - GOLDEN["denoised"]).max() < 1e-5


def test_parameter_counts():
    assert sum(p.numel() for p in CurveEstimator().parameters()) == 79_416
    assert sum(p.numel() for p in ENRB().parameters()) == 1_259_475


@pytest.mark.parametrize("name", LOGGED)
def test_losses_of_both_steps(trained, name):
    ours = [values[name] for values in trained[1]]
    assert ours == pytest.approx(GOLDEN[f"logged/{LOGGED[name]}"], rel=1e-5)


@pytest.mark.parametrize("part", ["light", "color", "denoiser"])
def test_weights_after_two_steps(trained, part):
    model = trained[0]
    net = model.enrb if part == "denoiser" else model.cpleb.branches[part]
    start = {"light": 0, "color": 1, "denoiser": 2}[part]
    before = fill(type(net)(), seed=start).state_dict()
    for name, weight in net.state_dict().items():
        golden = GOLDEN[f"after/{part}/{name}"]
        assert sample(weight)[:-1] == pytest.approx(golden[:-1], abs=1e-5), name
        assert sample(weight)[-1] == pytest.approx(golden[-1], rel=1e-5), name
        assert not torch.equal(weight, before[name]), f"{name} was not trained"


def test_inference_scores_as_the_official_validation(trained):
    enhanced = enhance(trained[0].eval(), photo(), padding="square")
    error = np.square(enhanced.astype(float) - (255 - photo())).mean()
    assert 10 * np.log10(255**2 / error) == pytest.approx(GOLDEN["validate"][0], abs=1e-4)
