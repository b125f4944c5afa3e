"""A variant without ENRB is the full method's branches, to the bit, and is taken from them."""

import json

import numpy as np
import pytest

from experiments.sheets.ablations import load_ablations
from experiments.train.branches import are_branches_of, take_branches
from experiments.train.run import run_training
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe

SMALL = {"epochs": 2, "steps_per_epoch": 3, "batch": 2, "image_size": 64}
FULL = Recipe().replace(SMALL)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 80, (6, 64, 64, 3)).astype(np.uint8))
    return path


@pytest.fixture(scope="module")
def donor(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "zero_leinr"
    run_training(FULL, images, 3, folder, device="cpu", about={"method": "zero_leinr"})
    return folder


@pytest.mark.parametrize("parts", [{"denoiser": None}, {"denoiser": None, "color": None}])
def test_branches_that_are_taken_have_the_bits_of_a_training_of_their_own(
    parts, donor, images, tmp_path
):
    recipe = FULL.replace(parts)
    run_training(recipe, images, 3, tmp_path / "own", device="cpu")
    assert take_branches(donor, recipe, 3, tmp_path / "taken", {"method": "part"})
    for file in ("model.safetensors", "losses.csv"):
        assert (tmp_path / "taken" / file).read_bytes() == (tmp_path / "own" / file).read_bytes()
    own, taken = (
        json.loads((tmp_path / kind / "run.json").read_text()) for kind in ("own", "taken")
    )
    for key in ("recipe", "seed", "steps", "overflowed_steps", "failed_parts"):
        assert taken[key] == own[key]
    assert (taken["method"], taken["taken_from"]) == ("part", "zero_leinr")


def test_only_variants_without_enrb_and_with_the_same_losses_are_branches():
    full = Recipe().to_dict()
    found = {
        name
        for name, ablation in load_ablations().items()
        if are_branches_of(Recipe().replace(ablation.overrides).to_dict(), full)
    }
    assert found == {"no_enrb", "light_only_no_enrb"}


def test_other_branches_seeds_and_images_are_refused(donor, tmp_path):
    other = FULL.replace({"denoiser": None, "light": {"spatial": 2}})
    with pytest.raises(InputError, match="trained other branches"):
        take_branches(donor, other, 3, tmp_path, {})
    recipe = FULL.replace({"denoiser": None})
    with pytest.raises(InputError, match="another seed, or other training images"):
        take_branches(donor, recipe, 4, tmp_path, {})
    with pytest.raises(InputError, match="another seed, or other training images"):
        take_branches(donor, recipe, 3, tmp_path, {"data_sha256": "abc"})
    assert not list(tmp_path.iterdir())


def test_branches_of_a_diverged_run_are_not_taken(donor, tmp_path):
    for file in donor.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"diverged_at": 4}))
    recipe = FULL.replace({"denoiser": None})
    assert not take_branches(tmp_path, recipe, 3, tmp_path / "taken", {})
    assert not (tmp_path / "taken").exists()
