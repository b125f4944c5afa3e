"""The pages that show code: what stands there works as it stands."""

import re
import sys
import textwrap
import types
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from experiments.score.run import score_image
from experiments.sheets import metrics
from experiments.sheets.reading import load_checked
from zero_leinr import losses, recipe
from zero_leinr.recipe import Recipe

DOCS = Path(__file__).parents[1] / "docs"


def blocks(page, language):
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", text, re.M | re.S)
    return [textwrap.dedent(body) for _, body in found]


def test_the_metric_of_the_page_scores_an_image(tmp_path, monkeypatch):
    (code,), (entry,) = blocks("add-a-metric.md", "python"), blocks("add-a-metric.md", "yaml")
    module = types.ModuleType("experiments.score.sharpness")
    exec(code, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    (tmp_path / "metrics.yaml").write_text(entry)
    checked = load_checked(tmp_path / "metrics.yaml", "metrics.schema.yaml")
    monkeypatch.setitem(metrics._sheet(), "sharpness", checked["sharpness"])
    ramp = np.repeat(np.arange(0, 80, 2, dtype=np.uint8)[:, None, None], 40, 1).repeat(3, 2)
    assert score_image(ramp, metrics=["sharpness"]) == {("sharpness", "standard"): 2.0}


def test_the_loss_of_the_page_can_be_trained_with(monkeypatch):
    (code,) = blocks("add-a-loss.md", "python")
    space = dict(vars(losses))
    exec(code, space)
    assert space["saturation"](torch.tensor([0.5, 3.0])) == pytest.approx(2.0)
    monkeypatch.setattr(recipe, "BRANCH_LOSSES", (*recipe.BRANCH_LOSSES, "saturation"))
    monkeypatch.setitem(recipe._LOSSES, "light", recipe.BRANCH_LOSSES)
    settings = re.findall(r"--set ([\w.]+)=(\d+)", (DOCS / "add-a-loss.md").read_text())
    ((key, value),) = set(settings)
    part, loss = key.split(".")
    assert Recipe().replace({part: {loss: yaml.safe_load(value)}}).light["saturation"] == 1
