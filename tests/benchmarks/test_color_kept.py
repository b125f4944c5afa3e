"""How much color a denoiser keeps: known for outputs made by hand, and shown for real weights."""

import color_kept
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zero_leinr.checkpoint import save_model
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe


@given(st.floats(0, 2), st.floats(0.1, 2), st.floats(-0.5, 0.5), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_color_and_light_are_told_apart(color, light, offset, seed):
    before = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(seed))
    gray = before.mean(1, keepdim=True)
    after = offset + light * gray + color * (before - gray)
    assert color_kept.kept(before, after) == pytest.approx((color, light), abs=1e-4)


def test_noise_within_regions_does_not_count():
    before = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    means = torch.nn.functional.avg_pool2d(before, color_kept.REGION)
    after = torch.nn.functional.interpolate(means, scale_factor=color_kept.REGION)
    assert color_kept.kept(before, after) == pytest.approx((1, 1), abs=1e-5)


def test_the_table_has_a_row_for_each_file(tmp_path, monkeypatch, capsys):
    images = np.random.default_rng(0).integers(0, 99, (5, 64, 64, 3)).astype(np.uint8)
    np.save(tmp_path / "images.npy", images)
    for name, overrides in {"whole": {}, "stage1": {"denoiser": None}}.items():
        recipe = Recipe().replace(overrides)
        model = ZeroLEINR(recipe.branches, denoise=recipe.denoiser is not None).initialize(0)
        save_model(model, recipe, tmp_path / f"{name}.safetensors")
    files = [
        str(tmp_path / name) for name in ("images.npy", "whole.safetensors", "stage1.safetensors")
    ]
    monkeypatch.setattr("sys.argv", ["color_kept.py", *files, "--every", "2"])
    color_kept.main()
    printed = capsys.readouterr().out
    assert "3 fused training images" in printed
    assert "stage1.safetensors | no ENRB | no ENRB" in printed
    found = [line for line in printed.splitlines() if "whole.safetensors" in line]
    # Before any training it gives next to nothing back.
    assert all(abs(float(cell)) < 0.3 for cell in found[0].split("|")[2:4])
