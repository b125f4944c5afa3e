"""Zero-DCE++ and SGZ, which crop as their official tests do."""

import numpy as np
import pytest
import torch
from baseline_inputs import dark_photo, fill
from support.baselines import SHEET

from baselines import registry
from baselines.zero_dce_pp import SharedCurveEstimator


@pytest.mark.parametrize("module", ["zero_dce_pp", "sgz"])
def test_a_crop_is_taken_at_the_top_left_and_must_be_announced(module, tmp_path):
    torch.save(fill(SharedCurveEstimator()).state_dict(), tmp_path / "w.pth")
    entry = {"method": module, "crops_to": 12}
    method = registry.build(entry, weights=tmp_path / "w.pth")
    image = dark_photo(40, 51)
    enhanced = method(image)
    assert enhanced.shape == (36, 48, 3)
    np.testing.assert_array_equal(enhanced, method(image[:36, :48]))
    del entry["crops_to"]
    with pytest.raises(TypeError, match=r"made uint8 \(36, 48, 3\) of \(40, 51, 3\)"):
        registry.build(entry, weights=tmp_path / "w.pth")(image)


@pytest.mark.parametrize(
    "name", [name for name, entry in SHEET.items() if "scale" in entry.get("settings", {})]
)
def test_the_sheet_announces_the_crop_of_its_scale(name):
    assert SHEET[name].get("crops_to", 1) == SHEET[name]["settings"]["scale"]
