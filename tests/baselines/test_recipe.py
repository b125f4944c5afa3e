"""Recipes of the baselines: what they accept and refuse."""

import pytest
import yaml
from support.baselines import SHEET, recipe_of

from baselines.recipe import BaselineRecipe
from experiments.sheets.reading import load_checked
from zero_leinr.errors import InputError


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"epoch": 1}, "unknown epoch; did you mean epochs"),
        ({"losses": {"fidellity": 1}}, "did you mean fidelity"),
        ({"losses": None}, "by name"),
        ({"losses": {"fidelity": "much"}}, "fidelity must be a number"),
        ({"losses": {"fidelity": float("nan")}}, r"losses\.fidelity must be a number"),
        ({"losses": {"fidelity": 0, "smoothness": 0}}, "none of weight above 0"),
        ({"lr": "fast"}, "lr must be a number above 0"),
        ({"lr": 0}, "lr must be a number above 0"),
        ({"clip": None}, "clip must be a number"),
        ({"weight_decay": float("inf")}, "weight_decay must be a number"),
        ({"epochs": 0}, "epochs must be a whole number"),
        ({"crop": 512}, "exceeds image_size"),
        ({"crop": 100}, "multiple of 16"),
    ],
)
def test_settings_that_cannot_be_are_refused(overrides, message):
    with pytest.raises(InputError, match=message):
        recipe_of("sci").replace(overrides)


def test_numbers_that_yaml_takes_for_text_are_read():
    recipe = recipe_of("sci").replace({"lr": "1e-4", "losses": {"fidelity": "1e1"}})
    assert (recipe.lr, recipe.losses["fidelity"]) == (1e-4, 10)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"lr": None}, "'lr' is a required"), ({"stages": 3}, "unknown key 'stages'")],
)
def test_the_sheet_holds_every_setting_and_no_other(change, message, tmp_path):
    entry = dict(SHEET["sci_retrained"])
    recipe = entry["recipe"] | change
    entry["recipe"] = {key: value for key, value in recipe.items() if value is not None}
    (tmp_path / "methods.yaml").write_text(yaml.safe_dump({"mine": entry}))
    with pytest.raises(InputError, match=message):
        load_checked(tmp_path / "methods.yaml", "methods.schema.yaml")


def test_a_recipe_survives_json():
    recipe = recipe_of("sci")
    assert BaselineRecipe(**recipe.to_dict()) == recipe
