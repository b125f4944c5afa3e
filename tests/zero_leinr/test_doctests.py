"""The examples in the docstrings of zero_leinr run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import zero_leinr

MODULES = [f"zero_leinr.{module.name}" for module in pkgutil.iter_modules(zero_leinr.__path__)]


@pytest.mark.parametrize("name", ["zero_leinr", *MODULES])
def test_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_loss_has_an_example():
    from zero_leinr import losses

    finder = doctest.DocTestFinder(exclude_empty=False)
    without = {test.name for test in finder.find(losses) if not test.examples}
    assert without == {"zero_leinr.losses", "zero_leinr.losses.of_branch"}
