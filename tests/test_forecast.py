"""What a study will cost before it runs, against what the training loop and its files do."""

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from baselines.recipe import make_recipe
from experiments import forecast as module
from experiments.cli.main import main
from experiments.forecast import describe, forecast
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from zero_leinr.batches import steps_in_epoch
from zero_leinr.recipe import Recipe
from zero_leinr.training import train


@pytest.fixture(scope="module")
def paper():
    return load_study(CONFIG / "studies" / "paper.yaml")


def test_steps_are_those_of_the_training_loop(paper, tmp_path):
    for training in forecast(paper, 2487, tmp_path):
        recipe = make_recipe(paper.methods[training.method].recipe)
        assert training.steps == recipe.epochs * steps_in_epoch(recipe, 2487)
        assert training.runs == 3


def test_hours_follow_pixels_on_a_cpu_and_launches_on_a_gpu(paper, tmp_path):
    hours = {t.method: t.hours for t in forecast(paper, 2487, tmp_path)}
    parts = yaml.safe_load(module.STEP_TIMES.read_text())["parts"]
    pixels = 16 * 256 * 256 / 1e6
    step = 2 * parts["branch"]["cpu"] + parts["denoiser"]["cpu"]
    assert hours["zero_leinr"]["cpu"] == pytest.approx(3 * 15600 * pixels * step / 3600)
    # A step of SCI sees one image: what it takes is the launching of its kernels.
    assert hours["sci_retrained"]["gpu"] == pytest.approx(3 * 500_000 * 0.0105 / 3600)
    assert hours["no_enrb"]["gpu"] < hours["zero_leinr"]["gpu"]


def test_a_run_that_finished_here_says_how_long_a_step_takes(paper, tmp_path):
    recipe = paper.methods["zero_leinr"].recipe
    run = tmp_path / "other" / "runs" / "any" / "seed0" / "run.json"
    run.parent.mkdir(parents=True)
    record = {"recipe": recipe, "steps": 10, "seconds": 5, "device": "cuda", "finished": "2026"}
    run.write_text(json.dumps(record))
    (tmp_path / "other" / "runs" / "any" / "seed1").mkdir()
    (tmp_path / "other" / "runs" / "any" / "seed1" / "run.json").write_text("damaged")
    found = {t.method: t for t in forecast(paper, 2487, tmp_path)}
    assert found["zero_leinr"].hours["gpu"] == pytest.approx(3 * 15600 * 0.5 / 3600)
    assert found["zero_leinr"].measured == {"gpu"}
    assert found["no_enrb"].measured == set()  # another kind of step
    assert "6.50*" in describe(paper, {}, tmp_path)


def test_a_method_without_a_step_time_is_named_and_not_guessed(paper, tmp_path):
    method = paper.methods["sci_retrained"]
    new = replace(method, name="new", recipe=method.recipe | {"method": "new"})
    said = describe(replace(paper, methods={"new": new}), {}, tmp_path)
    assert "no step time is known (new); not in the total" in said


def test_the_disk_space_of_a_run_is_about_what_a_run_takes(tmp_path):
    recipe = Recipe(epochs=2, batch=1, image_size=64, steps_per_epoch=2)
    train(recipe, np.full((2, 64, 64, 3), 30, np.uint8), 0, tmp_path, device="cpu")
    study = load_study(CONFIG / "studies" / "demo.yaml")
    method = replace(study.methods["zero_leinr"], recipe=recipe.to_dict(), seeds=[0])
    (training,) = forecast(replace(study, methods={"zero_leinr": method}), 2, tmp_path / "none")
    taken = sum(path.stat().st_size for path in tmp_path.iterdir()) / 1e6
    assert training.disk_mb == pytest.approx(taken, rel=0.1)


def test_check_says_it(capsys, monkeypatch):
    monkeypatch.setenv("ZERO_LEINR_GPUS", "0")
    assert main(["check", "demo"]) == 0
    said = capsys.readouterr().out
    assert "zero_leinr" in said
    assert "GPU-hours: estimated" in said
    assert "jobs: 6 to train" in said


def test_a_study_without_trainings_costs_enhancing_and_scoring_alone(paper, tmp_path):
    methods = {name: paper.methods[name] for name in ("input", "gamma")}
    said = describe(replace(paper, methods=methods), {"dicm": 10}, tmp_path)
    assert said.startswith("nothing to train\njobs: 2 to enhance and as many to score (70 images)")
