"""Each figure is found by its name, and its function is there."""

import importlib

import pytest

from experiments.figures.registry import FIGURES, find_figure
from zero_leinr.errors import InputError


@pytest.mark.parametrize("name", FIGURES)
def test_every_kind_has_its_function(name):
    module, function = FIGURES[name].draw.split(":")
    assert callable(getattr(importlib.import_module(f"experiments.figures.{module}"), function))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_found_by_its_name(name):
    kind = FIGURES[name]
    if kind.of == "study":
        assert find_figure(name) == (kind, None)
    else:
        assert find_figure(f"{name}_lol_eval15") == (kind, "lol_eval15")


@pytest.mark.parametrize("name", ["scoring_of_dicm", "x_dicm", ""])
def test_an_unknown_figure_is_told_the_known_ones(name):
    with pytest.raises(InputError, match="known: training_curves, scores_DATASET"):
        find_figure(name)


def test_the_figure_that_was_meant_is_told():
    with pytest.raises(InputError, match=r"unknown figure .claim.; did you mean claims\?"):
        find_figure("claim")
