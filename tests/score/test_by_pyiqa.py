"""Metrics by their name in pyiqa."""

import socket

import numpy as np
import pytest

from experiments.score.by_pyiqa import WITHOUT_WEIGHTS, metric_of
from experiments.score.run import missing_metrics, score_image
from experiments.sheets.metrics import load_metrics
from zero_leinr.errors import InputError


def test_images_go_to_pyiqa_as_it_takes_them():
    image = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    assert metric_of("gmsd")(image, image, "cpu") == pytest.approx(0, abs=1e-6)
    assert metric_of("psnr")(image, image // 2 * 2, "cpu") == pytest.approx(51.1, abs=0.2)
    found = score_image(image, image, ["fsim", "gmsd"])
    assert found["fsim", "standard"] == pytest.approx(1, abs=1e-4)


def test_what_needs_weights_is_refused_before_any_download():
    with pytest.raises(InputError, match="pyiqa:nima: name its file under `weights`"):
        metric_of("nima")


def test_the_config_names_weights_of_all_that_need_them():
    named = {
        how["function"].partition(":")[2]: entry.get("weights")
        for entry in load_metrics().values()
        for how in entry["protocols"].values()
        if how["function"].startswith("pyiqa:")
    }
    assert named
    assert {name for name, weights in named.items() if not weights} <= set(WITHOUT_WEIGHTS)


def test_missing_weights_are_one_line_that_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    line = missing_metrics(["musiq"])["musiq"]
    assert line.startswith("musiq_koniq_ckpt-e95806b9.pth: missing; put it into ")
    assert "huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/0df2df42" in line
    assert "sha256 e95806b9eae5" in line
    assert "\n" not in line


def test_weights_in_the_data_folder_are_what_is_scored_with(tmp_path, no_network):
    """Random weights in musiq's shape: other weights, another score; no socket is opened."""
    import torch
    from pyiqa.archs.musiq_arch import MUSIQ

    scores = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        path = tmp_path / f"{seed}.pth"
        torch.save(MUSIQ(pretrained=False).state_dict(), path)
        scores.append(metric_of("musiq", path)(noise(), None, "cpu"))
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]


def test_a_further_file_is_never_fetched(tmp_path, monkeypatch, no_network):
    """DISTS takes its entry's file, and would fetch VGG's weights beside it."""
    monkeypatch.setattr("torch.hub._hub_dir", str(tmp_path))
    with pytest.raises(InputError, match=r"pyiqa:dists: it would fetch a further file from \S+"):
        metric_of("dists", tmp_path / "none.pth")(noise(), noise(), "cpu")
    assert no_network == []
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_metric_that_takes_no_file_says_so(tmp_path, no_network):
    with pytest.raises(InputError, match="pyiqa:pi: takes no single file"):
        metric_of("pi", tmp_path / "none.mat")(noise(), None, "cpu")


@pytest.fixture
def no_network(monkeypatch):
    """The addresses that sockets were to be connected to; none is."""
    wanted = []

    def connect(self, address):
        wanted.append(address)
        raise OSError("the network is out of reach of tests")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return wanted


def noise():
    return np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
