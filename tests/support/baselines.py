"""The methods that ship, and what they are trained with."""

from baselines.recipe import make_recipe
from experiments.sheets.reading import PACKAGE, load_checked

SHEET = load_checked(PACKAGE / "config" / "methods.yaml", "methods.schema.yaml")


def recipe_of(method, **overrides):
    """The recipe of the method sheet: what is tested is what a study trains with."""
    entry = SHEET[f"{method}_retrained"]
    return make_recipe({"method": entry["method"]} | entry["recipe"]).replace(overrides)
