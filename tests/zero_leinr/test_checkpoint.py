"""Saved weights: what they enhance, who may read them, what is refused."""

import numpy as np
import pytest
import torch
from support.tensors import rand

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
    with pytest.raises(InputError, match="not weights that"):
        load_model(path)
