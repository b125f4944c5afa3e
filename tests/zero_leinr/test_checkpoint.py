"""Saved weights: what they enhance, who may read them, what is refused."""

import argparse

import numpy as np
import pytest
import torch
from support.tensors import rand
from torch import nn

from zero_leinr.checkpoint import load_model, save_model
from zero_leinr.errors import InputError
from zero_leinr.inference import (
    enhance,
)
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe


@pytest.mark.parametrize("branches", [("light",), ("color",), ("light", "color")])
@pytest.mark.parametrize("denoise", [True, False])
def test_saved_models_enhance_alike(tmp_path, branches, denoise):
    parts = {b: None for b in ("light", "color") if b not in branches}
    recipe = Recipe().replace(parts | ({} if denoise else {"denoiser": None}))
    model = ZeroLEINR(branches, denoise).initialize(seed=3).eval()
    save_model(model, recipe, tmp_path / "model.safetensors")
    image = (rand(40, 50, 3) * 255).to(torch.uint8).numpy()
    again = load_model(tmp_path / "model.safetensors")
    enhanced = enhance(again, image, "minimal")
    assert enhanced.shape == image.shape
    assert enhanced.dtype == np.uint8
    assert np.array_equal(enhanced, enhance(model, image, "minimal"))


def test_weights_may_be_read_by_those_who_read_the_files_beside_them(tmp_path):
    path, beside = tmp_path / "model.safetensors", tmp_path / "losses.csv"
    save_model(ZeroLEINR().initialize(0), Recipe(), path)
    beside.touch()
    assert path.stat().st_mode == beside.stat().st_mode


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_unreadable_weights_are_one_clear_line(tmp_path, content):
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.safetensors: .*") as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_truncated_and_foreign_weights_are_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    save_model(ZeroLEINR().initialize(0), Recipe(), path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="damaged"):
        load_model(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match=r"not weights of Zero-LEINR .* 1 tensor: a \(1\)"):
        load_model(path)


class Trainer(nn.Module):
    """Somebody's training object with the network in it."""

    def __init__(self, network):
        super().__init__()
        self.net, self.critic = network, nn.Linear(2, 2)


def stored(form, model):
    """The ways in which training scripts store a network."""
    state = model.state_dict()
    return {
        "plain": state,
        "nested": {"epoch": 3, "state_dict": state, "options": argparse.Namespace(lr=1)},
        "parallel": {f"module.{name}": value for name, value in state.items()},
        "lightning": {
            "pytorch-lightning_version": "2",
            "state_dict": {f"model.{name}": value for name, value in state.items()}
            | {"loss.scale": torch.ones(1)},
        },
        "whole": model,
        "within": Trainer(model),
    }[form]


@pytest.mark.parametrize("form", ["plain", "nested", "parallel", "lightning", "whole", "within"])
@pytest.mark.parametrize(("branches", "denoise"), [(("light", "color"), True), (("color",), False)])
def test_checkpoints_of_other_trainers_are_the_same_model(tmp_path, form, branches, denoise):
    model = ZeroLEINR(branches, denoise).initialize(seed=3)
    torch.save(stored(form, model), tmp_path / "w.pth")
    read = load_model(tmp_path / "w.pth").state_dict()
    expected = model.state_dict()
    assert read.keys() == expected.keys()
    assert all(torch.equal(read[name], value) for name, value in expected.items())


def test_weights_of_something_else_are_told_by_their_tensors(tmp_path):
    path = tmp_path / "w.pth"
    torch.save({"conv1.weight": torch.ones(4, 3), "conv1.bias": torch.ones(4)}, path)
    with pytest.raises(InputError, match="not weights of Zero-LEINR") as error:
        load_model(path)
    assert "it holds 2 tensors: conv1.weight (4x3), conv1.bias (4)" in str(error.value)
    assert "--method NAME" in str(error.value)
    state = ZeroLEINR().state_dict()
    torch.save(state | {"enrb.nin_c.bias": torch.ones(4)}, path)
    with pytest.raises(InputError, match=r"enrb\.nin_c\.bias does not fit"):
        load_model(path)
