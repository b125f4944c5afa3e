"""Training with a recipe file on a machine that has torch, numpy, Pillow and safetensors alone."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from experiments.cli.main import main
from experiments.data.listing import Listing, write_listing
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from zero_leinr.checkpoint import load_model

BARE = """
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

OWN = {"zero_leinr", "baselines", "experiments"}
FOUR = {"torch", "numpy", "PIL", "safetensors"}
# What an installation of torch brings along.
TORCH = {"functorch", "torchgen", "typing_extensions", "sympy", "mpmath", "networkx", "jinja2",
         "markupsafe", "fsspec"}

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        known = OWN | FOUR | TORCH | set(sys.stdlib_module_names)
        if name.partition(".")[0] in known or name.startswith("_sysconfigdata"):
            return PathFinder.find_spec(name, path, target)

sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Bare]
from experiments.cli.main import main

recipe, images, listing, photos, run = sys.argv[1:]
prepared = ["--images", images, "--listing", listing]
assert main(["train", "--recipe", recipe, *prepared, "--seed", "3", "--out", run]) == 0
assert main(["train", photos, "--recipe", recipe, "--out", run + "_photos"]) == 0
assert main(["train", photos, "--set", "epochs=1", "--out", run + "_set"]) == 2
"""


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    assert main(["recipes", "paper", "--out", str(folder)]) == 0
    return folder


def test_every_trained_method_has_a_recipe_file(recipes):
    study = load_study(CONFIG / "studies" / "paper.yaml")
    assert {path.stem for path in recipes.iterdir()} == {method.name for method in study.trained}
    for method in study.trained:
        content = json.loads((recipes / f"{method.name}.json").read_text())
        assert content["recipe"] == method.recipe
        assert (content["study"], content["method"]) == ("paper", method.name)


def test_four_packages_train(recipes, tmp_path):
    content = json.loads((recipes / "no_enrb.json").read_text())
    content["recipe"] |= {"epochs": 1, "batch": 2, "image_size": 64}
    recipe, images, photos = tmp_path / "no_enrb.json", tmp_path / "train.npy", tmp_path / "photos"
    recipe.write_text(json.dumps(content))
    pixels = np.random.default_rng(0).integers(0, 80, (3, 64, 64, 3)).astype(np.uint8)
    np.save(images, pixels)
    photos.mkdir()
    for k, photo in enumerate(pixels):
        Image.fromarray(photo).save(photos / f"{k}.png")
    run, listing = tmp_path / "run", tmp_path / "train.json"
    write_listing(Listing("photos", False, 3, 3, "", "abc", [], []), listing)
    arguments = [str(path) for path in (recipe, images, listing, photos, run)]
    found = subprocess.run([sys.executable, "-c", BARE, *arguments], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    *progress, last = found.stderr.splitlines()
    assert last == "error: this needs the package yaml, which is missing"
    assert all(line.startswith("step ") for line in progress)
    for folder, seed in ((run, 3), (tmp_path / "run_photos", 0)):
        record = json.loads((folder / "run.json").read_text())
        assert record["recipe"] == content["recipe"]
        assert (record["study"], record["method"], record["seed"]) == ("paper", "no_enrb", seed)
        assert len((folder / "losses.csv").read_text().splitlines()) == 3
        assert record.get("dataset") == ("photos" if folder == run else None)
        assert load_model(folder / "model.safetensors").enrb is None


@pytest.mark.parametrize("content", ["{}", "[]", "no json", '{"recipe": 1}', None])
def test_a_file_without_a_recipe_is_named(tmp_path, capsys, content):
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)
    assert main(["train", "--recipe", str(path), "--images", "a.npy", "--out", "o"]) == 2
    assert "mine.json: no recipe" in capsys.readouterr().err


def test_what_cannot_be_a_graph_and_an_incomplete_recipe_is_one_line(recipes, tmp_path, capsys):
    settings = {"method": "sci", "losses": {"fidelity": 1}, "epochs": 1, "batch": 1}
    path = tmp_path / "sci.json"
    common = ["train", "--recipe", str(path), "--images", "a.npy", "--out", str(tmp_path / "o")]
    path.write_text(json.dumps({"recipe": settings}))
    assert main(common) == 2
    assert "recipe of sci" in capsys.readouterr().err
    path.write_text(json.dumps({"recipe": settings | {"lr": 1, "weight_decay": 0, "clip": 1}}))
    assert main([*common, "--cuda-graph", "--device", "cpu"]) == 2
    assert "--cuda-graph needs a CUDA GPU, and this runs on cpu" in capsys.readouterr().err
