"""More network baselines against numbers of their official codes."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from baseline_inputs import dark_batch, dark_photo, fill
from support.helpers import needs_data

from baselines import networks, registry, retinexdip, rrdnet, self_dace
from baselines.clip_lit import CLIPLIT
from baselines.iat import IAT
from baselines.psenet import PSENet
from baselines.retinexdip import generator
from baselines.rrdnet import RRDNet
from baselines.self_dace import SelfDACE
from baselines.self_dace_pp import SelfDACEpp
from baselines.uretinex_net import URetinexNet
from experiments.data.images import read_image
from experiments.enhance.run import baseline
from experiments.score.run import score_image
from experiments.sheets.reading import PACKAGE, load_checked
from zero_leinr.curves import CurveEstimator
from zero_leinr.errors import InputError

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "more_baselines.npz")
SHEET = load_checked(PACKAGE / "config" / "methods.yaml", "methods.schema.yaml")
NETWORKS = {
    "scl_lle": CurveEstimator,
    "clip_lit": CLIPLIT,
    "psenet": PSENet,
    "self_dace": SelfDACE,
    "self_dace_pp": SelfDACEpp,
    "iat": IAT,
    "uretinex_net": URetinexNet,
}


def output(name):
    # With larger biases URetinex-Net's last ReLU would give nothing but zeros.
    net = fill(NETWORKS[name](), biases=0.1 if name == "uretinex_net" else 1)
    with torch.no_grad():
        found = net(dark_batch(), *([5] if name == "uretinex_net" else []))
    return found[0] if name == "scl_lle" else found


@pytest.mark.parametrize("name", [n for n in NETWORKS if n != "clip_lit"])
def test_networks_give_what_the_official_code_gives(name):
    largest = max(1, np.abs(GOLDEN[name]).max())  # random weights can lead far out of [0, 1]
    np.testing.assert_allclose(output(name).numpy(), GOLDEN[name], atol=1e-5 * largest)
    assert GOLDEN[name].std() > 0.01  # a flat image would prove nothing


def test_clip_lit_divides_by_the_official_illumination():
    low = dark_batch()
    with torch.no_grad():
        illumination = fill(CLIPLIT()).illumination(low)
    golden = GOLDEN["clip_lit"]
    np.testing.assert_allclose(illumination.numpy(), golden, atol=1e-5 * golden.max())
    assert golden.std() > 0.01
    expected = np.nan_to_num((low / torch.from_numpy(golden)).numpy(), nan=0).clip(0, 1)
    np.testing.assert_allclose(output("clip_lit").numpy(), expected, atol=1e-3)


@pytest.mark.parametrize("name", ["rrdnet", "retinexdip"])
def test_fits_give_what_the_official_code_gives(name):
    # RRDNet's official loop passes once more than its settings say, and steps after the last.
    method = registry.build({"method": name, "settings": {"iterations": 3}})
    difference = method(dark_photo()).astype(int) - GOLDEN[name]
    assert np.abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.01
    assert GOLDEN[name].std() > 5


# ------------------------------------------------------------------ the networks


@pytest.mark.parametrize(
    ("net", "parameters"),
    [
        (CLIPLIT, 278_790),
        (PSENet, 15_251),
        (SelfDACE, 67_655),
        (SelfDACEpp, 336),
        (IAT, 91_154),
        (URetinexNet, 340_105),
        (RRDNet, 128_167),
    ],
)
def test_parameters_are_as_many_as_in_the_official_networks(net, parameters):
    assert sum(p.numel() for p in net().parameters()) == parameters


def checkpoint(name):
    """Weights by their names, stored as the authors store theirs."""
    state = fill(NETWORKS[name]()).state_dict()
    match name:
        case "clip_lit":
            return {f"module.{key}": value for key, value in state.items()}
        case "psenet":
            return {"epoch": 1, "state_dict": {f"model.{key}": v for key, v in state.items()}}
        case "self_dace":
            return state | {"e_conv1_b.weight": torch.ones(3, 32, 3, 3)}
        case "self_dace_pp":
            return {"net_decay": state, "net_intact": {}, "optimizer": {"state": {}}}
        case "uretinex_net":
            parts = {}
            for key, value in state.items():
                part, _, rest = key.partition(".")
                parts.setdefault(part, {})[rest] = value
            return {"state_dict": parts, "epoch": 2000}
    return state


@pytest.mark.parametrize("name", NETWORKS)
def test_any_size_goes_through_weights_stored_as_the_authors_do(name, tmp_path):
    torch.save(checkpoint(name), tmp_path / "w.pth")
    method = registry.build({"method": name}, weights=tmp_path / "w.pth")
    for height, width in [(24, 36), (33, 47)]:
        image = dark_photo(height, width)
        enhanced = method(image)
        assert enhanced.shape == image.shape
        np.testing.assert_array_equal(method(image.copy()), enhanced)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_without_its_weights_is_refused(name, tmp_path):
    with pytest.raises(InputError, match="needs weights"):
        registry.build({"method": name})
    torch.save({"state_dict": {"model.some.weight": torch.ones(2)}}, tmp_path / "w.pth")
    with pytest.raises(InputError, match="not the weights of this method"):
        registry.build({"method": name}, weights=tmp_path / "w.pth")


def test_the_network_meant_is_taken_from_a_file_of_several(tmp_path):
    wanted, other = fill(SelfDACEpp()), SelfDACEpp()
    torch.save({"net": other.state_dict(), "best": wanted.state_dict()}, tmp_path / "w.pth")
    loaded = networks.load(SelfDACEpp(), tmp_path / "w.pth", "cpu", part="best")
    assert torch.equal(loaded.conv_curve.weight, wanted.conv_curve.weight)
    with pytest.raises(InputError, match="lacks"):
        networks.load(SelfDACEpp(), tmp_path / "w.pth", "cpu", part="ema")


def test_a_self_dace_curve_keeps_black_and_its_bound_and_brightens_in_between():
    image = torch.linspace(0, 1, 101).view(1, 1, 1, -1)
    bound = torch.full_like(image, 0.7)
    bent = self_dace.brighten(image, torch.full_like(image, 0.5), bound, slope=10)
    assert bent[..., 0] == 0
    assert bent[..., 70] == pytest.approx(0.7, abs=1e-6)
    assert (bent[..., 1:69] > image[..., 1:69]).all()
    assert torch.equal(self_dace.brighten(image, torch.zeros_like(image), bound, 10), image)


def test_clip_lit_keeps_black_black_where_there_is_no_illumination(monkeypatch):
    monkeypatch.setattr(CLIPLIT, "illumination", lambda *_: torch.zeros(1, 1, 2, 2))
    low = torch.tensor([0.0, 0.2, 0.0, 1.0]).view(1, 1, 2, 2).repeat(1, 3, 1, 1)
    assert CLIPLIT()(low)[0, 0].tolist() == [[0, 1], [0, 1]]


def test_a_higher_ratio_reaches_uretinex_net(tmp_path):
    torch.save(checkpoint("uretinex_net"), tmp_path / "w.pth")
    with pytest.raises(InputError, match="'ratio' must be above 0"):
        registry.build(
            {"method": "uretinex_net", "settings": {"ratio": 0}}, weights=tmp_path / "w.pth"
        )
    net = fill(URetinexNet(), biases=0.1)
    with torch.no_grad():
        assert not torch.equal(net(dark_batch(), 3), net(dark_batch(), 5))


# ------------------------------------------------------------------ fitted to each image


@pytest.fixture
def small(monkeypatch):
    """RetinexDIP on a square of 64 px, which takes a moment."""
    monkeypatch.setattr(retinexdip, "SIZE", 64)


@pytest.mark.parametrize("name", ["rrdnet", "retinexdip"])
def test_a_fit_depends_on_the_image_and_the_seed_alone(name, small):
    def fitted(seed):
        settings = {"iterations": 2, "seed": seed}
        return registry.build({"method": name, "settings": settings})(dark_photo(32, 40))

    state = torch.get_rng_state()
    first = fitted(0)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    np.testing.assert_array_equal(fitted(0), first)
    assert not np.array_equal(fitted(1), first)


@pytest.mark.parametrize("name", ["rrdnet", "retinexdip"])
def test_a_fit_brightens_and_survives_black_and_even_images(name, small):
    method = registry.build({"method": name, "settings": {"iterations": 2}})
    assert method(dark_photo(32, 40)).mean() > 1.1 * dark_photo(32, 40).mean()
    for value in (0, 30):
        image = np.full((32, 40, 3), value, np.uint8)
        enhanced = method(image)
        assert enhanced.shape == image.shape
        assert value or not enhanced.any() or name == "rrdnet"


def test_the_losses_of_rrdnet_are_finite_on_an_even_image():
    low = torch.full((1, 3, 8, 9), 0.2)
    parts = RRDNet()(low)
    loss = rrdnet.Losses(low)(*parts)
    loss.backward()
    assert loss.isfinite()
    np.testing.assert_allclose(rrdnet.blurred(torch.ones(1, 1, 9, 9))[0, 0, 4, 4], 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("rrdnet", {"iterations": -1}, "'iterations' must be 0 or more"),
        ("rrdnet", {"iterations": 0.5}, "'iterations' must be 0 or more"),
        ("retinexdip", {"iterations": 0}, "'iterations' must be at least 1"),
        ("retinexdip", {"gamma": 0.5}, "unknown setting 'gamma'"),
    ],
)
def test_wrong_settings_of_a_fit_are_refused(name, settings, message):
    with pytest.raises(InputError, match=message):
        registry.build({"method": name, "settings": settings})


def test_an_image_too_small_for_rrdnet_is_named():
    with pytest.raises(InputError, match="4x9 px"):
        registry.build({"method": "rrdnet"})(np.zeros((9, 4, 3), np.uint8))


def test_the_networks_of_retinexdip_halve_and_double():
    with torch.no_grad():
        assert generator((8, 16))(torch.rand(1, 3, 16, 24)).shape == (1, 3, 16, 24)
    widths = [(8, 16, 32, 64, 128), (8, 16, 32, 64)]
    sizes = [sum(p.numel() for p in generator(w).parameters()) for w in widths]
    assert sizes == [565_491, 141_683]


# ------------------------------------------------------------------ official weights, real images

# PSNR (dB) and SSIM of the first image of LOL eval15 (1.png), enhanced by the official codes.
OFFICIAL: dict[str, tuple[float, float]] = {
    "clip_lit": (11.148, 0.6101),
    "iat": (22.868, 0.8753),
    "psenet_afifi": (18.709, 0.7136),
    "psenet_sice": (15.781, 0.6997),
    "scl_lle": (11.118, 0.6342),
    "self_dace": (19.523, 0.7168),
    "self_dace_pp": (16.649, 0.7103),
    "uretinex_net": (20.172, 0.8922),
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
