"""What the networks share: sizes, 8-bit values, and weight files, good and bad."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from baseline_inputs import dark_photo, fill
from torch import nn

from baselines import networks, registry
from baselines.pairlie import PairLIE
from baselines.ruas import RUAS
from baselines.sci import SCI
from baselines.zero_ig import ZeroIG
from experiments.cli.main import main
from experiments.sheets.reading import load_checked
from experiments.sheets.weights import WEIGHTS
from zero_leinr.curves import CurveEstimator
from zero_leinr.errors import InputError
from zero_leinr.images import write_image


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (40, 61)])
def test_any_size_goes_through_every_network(height, width, tmp_path):
    for module, net in [
        ("zero_dce", CurveEstimator),
        ("ruas", RUAS),
        ("sci", SCI),
        ("pairlie", PairLIE),
        ("zero_ig", ZeroIG),
    ]:
        torch.save(fill(net()).state_dict(), tmp_path / "w.pth")
        method = registry.build({"method": module}, weights=tmp_path / "w.pth")
        image = dark_photo(height, width)
        assert method(image).shape == image.shape
        np.testing.assert_array_equal(method(image), method(image.copy()))


# ------------------------------------------------------------------ 8 bit, in and out


def test_8_bit_values_reach_the_network_as_in_the_official_scripts():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    ours = networks.to_tensor(levels, "cpu")
    through_double = torch.from_numpy(levels / 255.0).float().permute(2, 0, 1)[None]
    through_float = torch.from_numpy(levels).permute(2, 0, 1)[None].float().div(255)
    assert torch.equal(ours, through_double)
    assert torch.equal(ours, through_float)


def test_rounding_and_truncation_differ_by_half_a_level_and_both_clip():
    values = torch.tensor([-0.5, 0.0, 0.4 / 255, 0.6 / 255, 254.9 / 255, 1.0, 1.5])
    image = values.repeat(1, 3, 1, 1)
    assert networks.rounded(image)[0, :, 0].tolist() == [0, 0, 0, 1, 255, 255, 255]
    assert networks.truncated(image)[0, :, 0].tolist() == [0, 0, 0, 0, 254, 255, 255]


# ------------------------------------------------------------------ weight files


def test_subnormal_weights_become_zero_and_others_stay(tmp_path):
    state = fill(SCI()).state_dict()
    state["enhance.in_conv.0.bias"][:] = torch.tensor([1e-40, -1e-39, 1.2e-38])
    torch.save(state, tmp_path / "w.pt")
    net = networks.load(SCI(), tmp_path / "w.pt", "cpu")
    bias = net.enhance.in_conv[0].bias
    assert bias[:2].tolist() == [0, 0]
    assert bias[2] > 0
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


class Intruder:
    """A pickle that would run a command when read."""

    def __reduce__(self):
        return os.system, ("echo read >> intruded",)


def written(path: Path, change: Mapping[str, torch.Tensor | None]) -> Path:
    state = dict(fill(SCI()).state_dict())
    state.update({k: v for k, v in change.items() if v is not None})
    torch.save({k: v for k, v in state.items() if change.get(k, v) is not None}, path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"enhance.conv.0.bias": None}, "lacks 'enhance.conv.0.bias'"),
        ({"extra.weight": torch.ones(2)}, "unknown 'extra.weight'"),
        ({"enhance.conv.0.bias": torch.ones(4)}, "misshapen 'enhance.conv.0.bias'"),
        ({"enhance.conv.0.bias": torch.full((3,), torch.nan)}, "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(change, message, tmp_path):
    path = written(tmp_path / "w.pt", change)
    with pytest.raises(InputError, match=message) as caught:
        registry.build({"method": "sci"}, weights=path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_weights_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = written(tmp_path / "whole.pt", {}).read_bytes()
    (tmp_path / "truncated.pt").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "page.pt").write_text("<html>not found</html>")
    (tmp_path / "intruder.pt").write_bytes(pickle.dumps(Intruder()))
    torch.save({"state_dict": Intruder()}, tmp_path / "packed.pt")
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    (tmp_path / "folder.pt").mkdir()
    names = ["truncated", "empty", "page", "intruder", "packed", "module", "list", "folder", "none"]
    for name in names:
        with pytest.raises(InputError, match=f"{name}.pt") as caught:
            registry.build({"method": "sci"}, weights=tmp_path / f"{name}.pt")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "intruded").exists()


def test_a_network_without_weights_is_refused_rather_than_random():
    for name in ("zero_dce", "zero_dce_pp", "sgz", "ruas", "sci", "pairlie", "zero_ig"):
        with pytest.raises(InputError, match="needs weights"):
            registry.build({"method": name})


@pytest.mark.parametrize("state", ["missing", "wrong"])
def test_missing_or_wrong_weights_stop_the_method_with_one_line(
    state, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    monkeypatch.setattr(
        "experiments.data.download._check_reachable", Mock(side_effect=OSError("offline"))
    )
    if state == "wrong":  # a network of the right shape, but not the published one
        (tmp_path / "weights").mkdir()
        written(tmp_path / "weights" / "sci_easy.pt", {})
    write_image(tmp_path / "dark.png", dark_photo(32, 40))
    code = main(
        ["enhance", str(tmp_path / "dark.png"), "--method", "sci_easy", "--out", f"{tmp_path}/out"]
    )
    message = capsys.readouterr().err
    published = load_checked(WEIGHTS, "weights.schema.yaml")["sci_easy"]
    assert code == 2
    assert message.startswith("error: ")
    assert message.count("\n") == 1
    for part in (
        "sci_easy.pt",
        str(tmp_path / "weights"),
        published["address"],
        published["sha256"],
    ):
        assert part in message
    assert not (tmp_path / "out").exists()
