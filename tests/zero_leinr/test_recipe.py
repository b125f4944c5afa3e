"""Recipes: what they accept, refuse and merge."""

import pytest

from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe, parse_noise


@pytest.mark.parametrize("name", ["salt", "poisson", "poisson50_5", "gauss0", "poisson-3"])
def test_wrong_noise_names_are_refused(name):
    with pytest.raises(InputError, match="noise"):
        parse_noise(name)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"epoch": 3}, "did you mean epochs"),
        ({"light": {"spatail": 0}}, r"light\.spatail; did you mean spatial"),
        ({"light": None, "color": None}, "keep at least one branch"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "takes a whole number"),
        ({"lr": {"a": 1}}, "lr must be a number above 0"),
        ({"lr": None}, "lr must be a number above 0, not None"),
        ({"lr": -1.0}, "lr must be a number above 0"),
        ({"clip": 0}, "clip must be a number above 0"),
        ({"clip": None}, "clip must be a number"),
        ({"denoiser_lr": float("inf")}, "denoiser_lr must be a number above 0"),
        ({"exposure_level": None}, "exposure_level must be a number from 0 up"),
        ({"ramp": True}, "ramp must be a number from 0 up"),
        ({"light": 3}, "loss weights"),
        ({"light": {1: 1}}, r"unknown light\.1; known"),
        ({"light": {"spatial": "much"}}, r"light\.spatial must be a number from 0 up, not 'much'"),
        ({"light": {"spatial": [1]}}, r"light\.spatial must be a number"),
        ({"light": {"spatial": float("nan")}}, r"light\.spatial must be a number"),
        ({"color": {"angle": -1}}, r"color\.angle must be a number"),
        ({"denoiser": {"regularization": None}}, r"denoiser\.regularization must be a number"),
        (
            {"denoiser": {"reconstruction": 0, "regularization": 0}},
            "denoiser has no loss of weight above 0; leave the part out with null",
        ),
        ({"light": dict.fromkeys(Recipe().light, 0)}, "light has no loss of weight above 0"),
        ({"crop": 100}, "multiple of 64"),
        ({"crop": 512}, "exceeds image_size"),
        ({"batch": None}, "batch"),
        ({"steps_per_epoch": True}, "steps_per_epoch must be a whole number"),
        ({"precision": "float16"}, "precision"),
        ({"precision": None}, "unknown precision; known: float32"),
        ({"noise": "snow"}, "not a noise model"),
        ({"noise": None}, "None is not a noise model; write none"),
        ({"denoiser_halvings": [0, 50]}, "whole percents"),
        ({"denoiser_halvings": [50.5]}, "whole percents"),
        ({"denoiser_halvings": 50}, "takes a list"),
        ({"denoiser_halvings": None}, "whole percents"),
    ],
)
def test_recipe_refuses_what_cannot_be(overrides, message):
    with pytest.raises(InputError, match=message):
        Recipe().replace(overrides)


def test_recipe_merges_loss_weights_and_survives_json():
    recipe = Recipe().replace({"light": {"constancy": 0}, "denoiser": None, "crop": 80})
    assert recipe.light == {"smoothness": 200, "spatial": 1, "exposure": 10, "constancy": 0}
    assert recipe.branches == ("light", "color")
    assert Recipe().replace(recipe.to_dict()) == recipe


def test_recipe_reads_numbers_that_yaml_takes_for_text():
    recipe = Recipe().replace({"lr": "1e-4", "clip": 1, "light": {"spatial": "1e1"}})
    assert (recipe.lr, recipe.clip, recipe.light["spatial"]) == (1e-4, 1.0, 10)
    assert Recipe(lr="1e-4") == Recipe(lr=1e-4)


def test_settings_of_zero_and_null_that_make_sense_stay():
    optional = {"color": None, "denoiser": None, "steps_per_epoch": None, "crop": None}
    zero = {"weight_decay": 0, "ramp": 0, "light": {"constancy": 0}}
    recipe = Recipe().replace(optional | zero)
    assert recipe.to_dict().items() >= (optional | {"weight_decay": 0, "ramp": 0}).items()
    assert Recipe().replace({"denoiser": {"regularization": 0}}).denoiser["reconstruction"] == 1
