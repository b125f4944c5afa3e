"""The weights that come with the package: found offline, true to their record and model card."""

import doctest
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from experiments.cli.main import main
from experiments.data.weights import weights_file
from experiments.enhance.run import baseline
from experiments.export.half_precision import describe
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import FULL, Studies
from zero_leinr import released
from zero_leinr.images import read_image
from zero_leinr.inference import enhance
from zero_leinr.recipe import Recipe
from zero_leinr.released import RELEASED, load_released

CARD = RELEASED.with_name("README.md")


@pytest.fixture
def photo(tmp_path):
    """A dark photograph as a camera would leave it, (90, 120)."""
    from skimage.data import astronaut

    path = tmp_path / "photo.jpg"
    Image.fromarray(astronaut()[:360:4, :480:4] // 5).save(path, quality=95)
    return path


def header() -> dict[str, str]:
    with safe_open(RELEASED, framework="np") as file:
        return {key: json.loads(value) for key, value in file.metadata().items()}


def test_a_photo_is_brightened_with_no_option_at_all(photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path / "nothing there"))
    assert main(["enhance", "photo.jpg"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("enhanced/photo.png: ")  # where it is, and how long it took
    before, after = read_image(photo), read_image(tmp_path / "enhanced" / "photo.png")
    assert after.shape == before.shape
    assert after.mean() > 2 * before.mean()
    assert np.corrcoef(before.mean(2).ravel(), after.mean(2).ravel())[0, 1] > 0.8


def test_they_are_small_and_say_how_they_were_trained():
    assert RELEASED.stat().st_size < 4 * 2**20
    run = header()["run"]
    assert re.fullmatch(r"[0-9a-f]{40}", run["git_commit"])
    assert run["training_images"] == 2487
    assert run["overflowed_steps"] == 0
    assert header()["recipe"] == run["recipe"]
    # Read as a recipe, which knows the settings that came later.
    recipe = Recipe().replace(run["recipe"]).to_dict()
    assert recipe == Studies()["released"].methods[FULL].recipe
    assert "reduced: " in describe(RELEASED)


def test_the_model_card_tells_the_same():
    card, run = CARD.read_text(), header()["run"]
    assert describe(RELEASED) in " ".join(card.split())
    for said in (run["git_commit"], run["data_sha256"], f"{run['seconds'] / 60:.0f} minutes"):
        assert said in card, said


def test_the_scores_in_the_model_card_are_those_of_the_study():
    table = Path(__file__).parents[2] / "results/reference/released/tables/scores_standard.md"
    rows = [line for line in table.read_text().splitlines() if "(released, CPU budget)" in line]
    assert len(rows) == 2
    assert all(row in CARD.read_text() for row in rows)


def test_the_example_in_the_documentation_runs():
    assert doctest.testmod(released).attempted > 0
    assert doctest.testmod(released).failed == 0


@pytest.mark.parametrize("name", ["zero_leinr_released", "zero_leinr_released_stage1"])
def test_a_study_can_name_them(name, photo):
    entry = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")[name]
    image, model = read_image(photo), load_released()
    if name.endswith("stage1"):
        model.enrb = None
    assert weights_file(entry["weights"]) == RELEASED
    made = baseline(entry, None, "cpu")(image)
    assert np.array_equal(made, enhance(model, image, "minimal"))
    method = Studies()["released"].methods[name]
    assert (method.weights, method.seeds) == ("released", [0])
