"""Networks and CoLIE against numbers of their official codes."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from baseline_inputs import dark_batch, dark_photo, fill
from support.baselines import SHEET
from support.helpers import needs_data

from baselines import registry
from baselines.pairlie import PairLIE
from baselines.ruas import RUAS
from baselines.sci import SCI
from baselines.zero_dce_pp import SharedCurveEstimator
from baselines.zero_ig import ZeroIG
from experiments.enhance.run import baseline
from experiments.score.run import score_image
from zero_leinr.curves import CurveEstimator
from zero_leinr.images import read_image

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "baselines.npz")


@pytest.mark.parametrize(
    ("name", "net", "arguments"),
    [
        ("zero_dce_pp/1", SharedCurveEstimator, (1,)),
        ("zero_dce_pp/12", SharedCurveEstimator, (12,)),
        ("sgz/12", SharedCurveEstimator, (12,)),
        ("ruas/enhanced", RUAS, (False,)),
        ("ruas/denoised", RUAS, (True,)),
        ("sci", SCI, ()),
        ("pairlie", PairLIE, (0.2,)),
        ("zero_ig", ZeroIG, ()),
    ],
)
def test_networks_give_what_the_official_code_gives(name, net, arguments):
    with torch.no_grad():
        ours = fill(net())(dark_batch(), *arguments)
    largest = max(1, np.abs(GOLDEN[name]).max())  # random weights can lead far out of [0, 1]
    np.testing.assert_allclose(ours.numpy(), GOLDEN[name], atol=1e-5 * largest)
    assert GOLDEN[name].std() > 0.01  # a flat image would prove nothing


def test_zero_dce_gives_what_the_official_code_gives():
    with torch.no_grad():
        ours, _ = fill(CurveEstimator())(dark_batch())
    np.testing.assert_allclose(ours.numpy(), GOLDEN["zero_dce"], atol=1e-5)


def test_colie_gives_what_the_official_script_gives():
    method = registry.build({"method": "colie", "settings": {"iterations": 3}})
    difference = method(dark_photo()).astype(int) - GOLDEN["colie"]
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.01


@pytest.mark.parametrize(
    ("net", "parameters"),
    [
        (CurveEstimator, 79_416),
        (SharedCurveEstimator, 10_561),
        (RUAS, 3_438),
        (SCI, 258),
        (PairLIE, 341_767),
        (ZeroIG, 86_572),
    ],
)
def test_parameters_are_as_many_as_in_the_official_networks(net, parameters):
    assert sum(p.numel() for p in net().parameters()) == parameters


# PSNR (dB) and SSIM of the first image of LOL eval15 (1.png), enhanced by the official codes with
# their weights; Zero-DCE++ and SGZ against the reference cropped as their codes crop.
OFFICIAL: dict[str, tuple[float, float]] = {
    "pairlie": (17.929, 0.7966),
    "ruas_dark": (18.017, 0.6677),
    "ruas_lol": (18.117, 0.6804),
    "ruas_upe": (12.912, 0.5484),
    "sci_difficult": (14.625, 0.6722),
    "sci_easy": (10.181, 0.4596),
    "sci_medium": (17.544, 0.6915),
    "sgz": (16.595, 0.7202),
    "zero_dce": (13.806, 0.6919),
    "zero_dce_pp": (15.122, 0.7110),
    "zero_dce_pp_full": (14.650, 0.7019),
    "zero_ig": (25.821, 0.8608),
}


@needs_data
@pytest.mark.parametrize("name", OFFICIAL)
def test_official_weights_give_the_scores_of_the_official_code(name):
    pair = Path(os.environ["ZERO_LEINR_DATA"]) / "lol" / "eval15"
    enhanced = baseline(SHEET[name], "lol_eval15", "cpu")(read_image(pair / "low" / "1.png"))
    found = score_image(enhanced, read_image(pair / "high" / "1.png"), ["psnr", "ssim"])
    psnr, ssim = OFFICIAL[name]
    assert found["psnr", "standard"] == pytest.approx(psnr, abs=0.05)
    assert found["ssim", "standard"] == pytest.approx(ssim, abs=0.005)
