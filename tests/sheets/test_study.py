"""Studies: what is said of their budget, data and metrics, and names that cannot be."""

import dataclasses
import shutil

import pytest
import yaml

from baselines.recipe import make_recipe
from experiments.check import describe_study
from experiments.data.listing import Listing, write_listing
from experiments.sheets.ablations import Ablation, load_ablations
from experiments.sheets.datasets import load_registry
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import Studies, load_study
from zero_leinr.errors import InputError

BASELINES = ["zero_dce_retrained", "sci_retrained"]


@pytest.mark.parametrize(
    ("methods", "budget", "label"),
    [
        (BASELINES, {}, "official settings of each method"),
        ([], {"epochs": 100, "lr": "6e-4"}, "official settings of each method"),
        (
            BASELINES,
            {"epochs": 100, "steps_per_epoch": None},
            "reduced: epochs 100, steps_per_epoch none for every method "
            "(official: each method's own)",
        ),
        (
            [],
            {"noise": "none", "denoiser": {"regularization": 0}},
            "reduced: 100 epochs, batch 16, 256x256 images, denoiser 1 reconstruction, noise none "
            "(official: 100 epochs, batch 16, 256x256 images, "
            "denoiser 1 reconstruction + 1 regularization, noise poisson5_50)",
        ),
        ([], {"exposure_level": 0.5, "color": None}, ", color none, exposure_level 0.5 (official"),
    ],
)
def test_a_budget_is_called_reduced_where_it_changes_a_training(tmp_path, methods, budget, label):
    study = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text())
    change = {"methods": methods, "variants": ["zero_leinr"], "metrics": ["psnr"], "budget": budget}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(study | change))
    told = describe_study(load_study(path), {})["budget"]
    assert label in told["label"]
    assert told["reduced"] == told["label"].startswith("reduced: ")


def test_study_json_says_what_its_sets_and_metrics_lack(tmp_path):
    listing = Listing(
        "lime", False, 9, 10, "", "", ["9 images found, 10 expected", "without 5.bmp"], []
    )
    write_listing(listing, tmp_path / "lime.json")
    study = load_study(CONFIG / "studies" / "paper.yaml")
    told = describe_study(
        study,
        {"lpips": "https://x.org/a.pth, kept as b: no", "niqe": "n.mat: no"},
        [tmp_path / "lime.json"],
    )
    text = "9 images found, 10 expected; without 5.bmp"
    assert told["remarks"] == [{"kind": "data", "dataset": "lime", "text": text}]
    for metric, file in (("lpips", "a.pth"), ("niqe", "n.mat")):
        assert told["missing"][metric].startswith(f"weights {file} are missing; add them")


def test_data_sets_of_one_label_are_refused(monkeypatch):
    registry = load_registry()
    registry["dicm"] = dataclasses.replace(registry["dicm"], label="LIME")
    monkeypatch.setattr("experiments.sheets.study.load_registry", lambda: registry)
    message = r"baselines\.yaml: data sets lime and dicm have the same label, 'LIME'"
    with pytest.raises(InputError, match=message):
        load_study(CONFIG / "studies" / "baselines.yaml")


@pytest.mark.parametrize("label", ["Zero-LEINR", "Input"])
def test_methods_of_one_label_are_refused(label):
    sheet = load_ablations() | {"mine": Ablation(label, {"clip": 0.2}, None)}
    with pytest.raises(InputError, match=rf"\w+ and mine have the same label, '{label}'"):
        load_study(CONFIG / "studies" / "demo.yaml", sheet)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-study", "a-z, 0-9 and _ alone"),
        ("Paper2", "a-z, 0-9 and _ alone"),
        ("train", "a rule train; give it another name"),
        ("claims", "a rule claims; give it another name"),
        ("figure", "a rule figure"),
    ],
)
def test_a_study_needs_a_name_that_the_workflow_can_take(tmp_path, name, message):
    shutil.copy(CONFIG / "studies" / "baselines.yaml", tmp_path / f"{name}.yaml")
    with pytest.raises(InputError, match=rf"{name}\.yaml: .*{message}"):
        Studies(tmp_path)[name]


SMALL = {"epochs": 3, "steps_per_epoch": 2, "batch": 2, "image_size": 64, "crop": 32}


def test_the_budget_of_a_study_reaches_the_baselines(tmp_path):
    study = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text())
    study["methods"] = ["zero_dce_pp_retrained", "sci_retrained"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(study | {"budget": SMALL | {"crop": 64, "denoiser_lr": 0.001}}))
    loaded = load_study(path)
    for name in study["methods"]:
        method = loaded.method(name)
        assert method.weights == "trained here"
        assert method.seeds == [0, 1]
        assert method.recipe["epochs"] == 3
        assert method.recipe["crop"] == 64
        assert "denoiser_lr" not in method.recipe
        assert make_recipe(method.recipe).to_dict() == method.recipe
    path.write_text(yaml.safe_dump(study | {"budget": {"epoch": 3}}))
    with pytest.raises(InputError, match="did you mean epochs"):
        load_study(path)


FIVE_LINES = """
methods: [input, gamma]
datasets: [embedded_test]
metrics: [psnr]
"""


def test_a_study_that_trains_nothing_takes_three_lines(tmp_path):
    path = tmp_path / "my_first.yaml"
    path.write_text(FIVE_LINES)
    study = load_study(path)
    assert study.title == "My first"
    assert list(study.methods) == ["input", "gamma"]
    assert not study.trained
    assert not describe_study(study, {})["remarks"]


def test_a_study_that_trains_needs_its_images(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(FIVE_LINES + "variants: [zero_leinr]\n")
    with pytest.raises(InputError, match=r"mine\.yaml: zero_leinr is trained; name its images"):
        load_study(path)
    path.write_text(path.read_text() + "training_images: embedded_train\n")
    assert load_study(path).methods["zero_leinr"].seeds == [0]


def test_a_mistake_in_one_study_stops_no_other(tmp_path):
    (tmp_path / "good.yaml").write_text(FIVE_LINES)
    (tmp_path / "bad.yaml").write_text("methods: [")
    studies = Studies(tmp_path, {})
    assert studies["good"].name == "good"
    with pytest.raises(InputError, match=r"bad\.yaml: not YAML"):
        studies["bad"]


def test_single_methods_take_more_seeds(tmp_path):
    path = tmp_path / "mine.yaml"
    trained = "variants: [zero_leinr, no_enrb]\ntraining_images: embedded_train\n"
    path.write_text(FIVE_LINES + trained + "more_seeds: {zero_leinr: [1, 0, 2]}\n")
    methods = load_study(path).methods
    assert (methods["zero_leinr"].seeds, methods["no_enrb"].seeds) == ([0, 1, 2], [0])
    path.write_text(FIVE_LINES + trained + "more_seeds: {gamma: [1]}\n")
    with pytest.raises(InputError, match="more_seeds: 'gamma' is not trained here"):
        load_study(path)


def test_a_positive_control_wants_a_data_set_with_references(tmp_path):
    path = tmp_path / "dark.yaml"
    settings = {"methods": ["reference", "input"], "datasets": ["lime"], "metrics": ["niqe"]}
    path.write_text(yaml.safe_dump(settings))
    with pytest.raises(InputError, match=r"dark\.yaml: reference is made of references; add a"):
        load_study(path)
    path.write_text(yaml.safe_dump(settings | {"datasets": ["lime", "lol_eval15"]}))
    assert load_study(path).methods["reference"].control == "positive"


def test_the_field_is_in_the_studies_of_baselines():
    """Every method with official weights or none; those that are fitted to each image apart."""
    sheet = yaml.safe_load((CONFIG / "methods.yaml").read_text())
    studies = [Studies()[name].methods for name in ("baselines", "fitted")]
    shown = {name for methods in studies for name in methods}
    assert {name for name, entry in sheet.items() if "recipe" not in entry} == shown


def test_grids_are_checked_and_stand_in_study_json(tmp_path):
    study = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text())
    path, grid = tmp_path / "mine.yaml", {"images": ["1"], "crops": ["1:0,0,8,8"]}
    named = {"methods": [study["methods"][0]], "labels": {study["methods"][0]: "Ours"}}

    def told(grids):
        path.write_text(yaml.safe_dump(study | {"grids": grids}))
        return describe_study(load_study(path), {})["grids"]

    dataset = study["datasets"][0]
    assert told({dataset: grid | named}) == {dataset: grid | named}
    for bad, message in (
        ({"lol": grid}, "grids: unknown data set 'lol'"),
        ({dataset: {"methods": ["me"]}}, f"grids: {dataset}: unknown method 'me'"),
        ({dataset: {"labels": {"me": "A"}}}, f"grids: {dataset}: unknown method 'me'"),
        ({dataset: {"crops": ["1,2,3"]}}, "crops"),
        ({dataset: {"images": [1]}}, "images"),
    ):
        with pytest.raises(InputError, match=message):
            told(bad)
