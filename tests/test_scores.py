"""Scores equal a second implementation, behave as their definitions say, and meet known anchors."""

import importlib
import logging
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import needs_data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiments import fidelity, perceptual, scores
from experiments.data import Item
from experiments.images import read_image, write_image
from zero_leinr.errors import InputError

FULL_REFERENCE = [fidelity.psnr, fidelity.psnr_luma]
PSNR_PROTOCOLS = ("standard", "luma", "gt_mean", "zero_leinr_scripts")
STRUCTURAL = [fidelity.ssim, fidelity.ssim_gaussian, fidelity.ssim_luma]
images = hnp.arrays(np.uint8, st.tuples(st.integers(11, 24), st.integers(11, 24), st.just(3)))


def scene(height=200, width=240, seed=0):
    """Smooth colours with texture, so that every metric is defined and none is at its limit."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([120 + 80 * np.sin(x / 17 + c) * np.cos(y / 23) for c in range(3)], axis=-1)
    return np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)


def noisy(image, sigma, seed=1):
    noise = np.random.default_rng(seed).normal(0, sigma, image.shape)
    return np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def to_tensor(image):
    import torch

    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None] / 255


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


# ------------------------------------------------------------------ against pyiqa


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (fidelity.psnr, "psnr", {}),
        (fidelity.psnr_luma, "psnry", {"color_space": "ycbcr"}),
        (fidelity.ssim_gaussian, "ssimc", {}),
        (fidelity.ssim_luma, "ssim", {}),
    ],
)
@pytest.mark.parametrize("sigma", [4, 12])
def test_fidelity_equals_pyiqa(ours, theirs, options, sigma):
    import pyiqa

    """Up to sigma 12 no window has a negative covariance, which pyiqa's SSIM sets to zero."""
    reference = scene(96, 120)
    enhanced = noisy(reference // 2, sigma)
    expected = float(
        pyiqa.create_metric(theirs, device="cpu", **options)(
            to_tensor(enhanced), to_tensor(reference)
        )
    )
    assert ours(enhanced, reference) == pytest.approx(expected, abs=1e-4)


def test_gaussian_ssim_keeps_negative_covariance():
    """An inverted image is unlike the original: official code gives less than 0, pyiqa clamps."""
    image = scene(64, 64)
    assert fidelity.ssim_gaussian(255 - image, image) < -0.1


@needs_data
def test_lpips_equals_pyiqa(monkeypatch):
    """pyiqa's own LPIPS, filled with the trunk and with the linear weights that lpips ships."""
    import lpips
    import pyiqa
    import torch
    import torchvision

    alexnet = torchvision.models.alexnet  # pyiqa would download its weights
    monkeypatch.setattr(torchvision.models, "alexnet", lambda **_: alexnet(weights=None))

    linear = Path(lpips.__file__).parent / "weights/v0.1/alex.pth"
    other = pyiqa.create_metric(
        "lpips", device="cpu", net="alex", pnet_rand=True, pretrained=False, eval_mode=True
    ).net
    state = torch.load(linear, map_location="cpu", weights_only=True)
    assert not other.load_state_dict(state, strict=False).unexpected_keys
    assert torch.equal(other.lin4.model[1].weight, state["lin4.model.1.weight"])
    trunk = np.load(perceptual.metric_weights("lpips_trunk"))
    for key, value in other.net.state_dict().items():
        _, layer, kind = key.split(".")
        value.copy_(torch.from_numpy(trunk[f"features.{layer}.{kind}"]))
    reference = scene()
    enhanced = noisy(reference // 3, 10)
    with torch.no_grad():
        expected = float(other(to_tensor(enhanced), to_tensor(reference), normalize=True))
    assert perceptual.lpips(enhanced, reference) == pytest.approx(expected, abs=1e-5)
    assert expected > 0.05  # random or untrained weights would give next to nothing


@needs_data
@pytest.mark.parametrize("change", ["none", "dark", "noise", "flat half", "one flat block"])
def test_niqe_equals_pyiqa(change):
    """To the fourth digit and more; blocks without contrast count as pyiqa counts them."""
    import pyiqa

    image = {"none": scene(288, 400), "dark": scene() // 9, "noise": noisy(scene(), 30)}.get(change)
    if image is None:
        image = scene(300, 300)
        image[:, 200:] = 77 if change == "flat half" else image[:, 200:]
        image[:96, :96] = 200
    # Halfway between two levels pyiqa's rounding depends on the processor.
    halfway = image.astype(int) @ [299, 587, 114] % 1000 == 500
    image = np.where(halfway[..., None], image ^ np.uint8([0, 0, 1]), image)
    path = str(perceptual.metric_weights("niqe"))
    theirs = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=path)
    assert perceptual.niqe(image) == pytest.approx(float(theirs(to_tensor(image))), rel=1e-5)


# ------------------------------------------------------------------ by definition


@given(st.integers(0, 200), st.integers(1, 55))
@settings(deadline=None)
def test_psnr_of_a_constant_offset(level, offset):
    """Every difference is `offset`, so PSNR is 20 log10(255 / offset); on Y the range shrinks."""
    reference = np.full((12, 15, 3), level, np.uint8)
    enhanced = reference + np.uint8(offset)
    expected = 20 * math.log10(255 / offset)
    assert fidelity.psnr(enhanced, reference) == pytest.approx(expected)
    narrower = 20 * math.log10(255 / 219)
    assert fidelity.psnr_luma(enhanced, reference) == pytest.approx(expected + narrower)


@given(images)
@settings(max_examples=25, deadline=None)
def test_identical_images_score_the_best(image):
    assert all(metric(image, image) == math.inf for metric in FULL_REFERENCE)
    assert all(metric(image, image) == pytest.approx(1) for metric in STRUCTURAL)


@given(images, st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_order_of_the_two_images_does_not_matter(image, seed):
    other = np.random.default_rng(seed).integers(0, 256, image.shape, dtype=np.uint8)
    for metric in FULL_REFERENCE + STRUCTURAL:
        assert metric(image, other) == pytest.approx(metric(other, image), abs=1e-9)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_more_noise_scores_worse(seed):
    reference = scene(48, 48)
    for metric in FULL_REFERENCE + STRUCTURAL:
        values = [metric(noisy(reference, sigma, seed), reference) for sigma in (4, 12, 36)]
        assert values == sorted(values, reverse=True)


def test_ssim_weighs_channels_equally_and_ignores_their_order():
    reference, enhanced = scene(40, 40), noisy(scene(40, 40), 20)
    turned = [image[..., ::-1] for image in (enhanced, reference)]
    for metric in (fidelity.psnr, fidelity.ssim, fidelity.ssim_gaussian):
        assert metric(*turned) == pytest.approx(metric(enhanced, reference))
    assert fidelity.psnr_luma(*turned) != pytest.approx(fidelity.psnr_luma(enhanced, reference))


@needs_data
def test_lpips_is_zero_for_identical_images_and_grows_with_noise():
    reference = scene(64, 64)
    values = [perceptual.lpips(noisy(reference, sigma), reference) for sigma in (0, 8, 30)]
    assert values[0] == 0
    assert values == sorted(values)


# ------------------------------------------------------------------ anchors


@needs_data
def test_known_scores_of_lol():
    """Raw input on LOL eval15: published or measured elsewhere (shown in docs/protocols.md)."""
    lol = Path(os.environ["ZERO_LEINR_DATA"]) / "lol/eval15"
    mean = (
        scores.score_folder(scores.folder_items(lol / "low", lol / "high"), lol / "low")
        .groupby(["metric", "protocol"])["value"]
        .agg(["mean", "count"])
    )
    assert (mean["count"] == 15).all()
    shown = mean.drop(index="claims", level="protocol")["mean"].to_dict()
    # The sum over n - 1 is taken later: 8.34 there.
    assert shown.pop(("psnr", "zero_leinr_scripts")) == pytest.approx(8.34 * 14 / 15, abs=5e-3)
    assert shown.pop(("psnr", "gt_mean")) == pytest.approx(18.79, abs=5e-3)
    del shown["ssim", "zero_leinr_scripts"], shown["ssim", "gt_mean"]  # known of nobody
    assert shown == {
        ("psnr", "standard"): pytest.approx(7.773, abs=5e-4),
        ("psnr", "luma"): pytest.approx(9.28, abs=5e-3),
        ("ssim", "standard"): pytest.approx(0.191, abs=5e-4),
        ("ssim", "gaussian"): pytest.approx(0.195, abs=5e-4),
        ("ssim", "luma"): pytest.approx(0.1935, abs=1e-3),
        ("lpips", "standard"): pytest.approx(0.560, abs=5e-4),
        ("niqe", "standard"): pytest.approx(6.75, abs=5e-3),
    }


@needs_data
def test_known_niqe_of_lol_references():
    high = Path(os.environ["ZERO_LEINR_DATA"]) / "lol/eval15/high"
    table = scores.score_folder(scores.folder_items(high), high, ["niqe"])
    assert table["value"].mean() == pytest.approx(4.63, abs=5e-3)


# ------------------------------------------------------------------ the sheet


def test_every_entry_names_a_function():
    for entry in scores.load_metrics().values():
        for how in entry["protocols"].values():
            file, function = how["function"].split(":")
            assert callable(getattr(importlib.import_module(f"experiments.{file}"), function))


def test_describe_metrics_gives_what_study_json_holds():
    (psnr, niqe) = scores.describe_metrics(["psnr", "niqe"])
    assert psnr == {
        "name": "psnr",
        "label": "PSNR",
        "unit": "dB",
        "direction": "up",
        "needs_reference": True,
        "protocols": ["standard", "luma", "gt_mean", "zero_leinr_scripts"],
        "beside": ["gt_mean", "zero_leinr_scripts"],
    }
    assert "on its own" in niqe["caveat"]


def test_unknown_metric_is_named():
    with pytest.raises(InputError) as error:
        scores.load_metrics(["psnr", "pnsr"])
    assert "'pnsr'" in one_line(error)
    assert "psnr, ssim" in one_line(error)


def test_a_new_metric_is_one_function_and_one_entry(monkeypatch):
    entry = {
        **scores.load_metrics(["psnr"])["psnr"],
        "protocols": {"standard": {"function": "fidelity:darker", "summary": "test"}},
    }
    monkeypatch.setitem(scores._sheet(), "darker", entry)
    monkeypatch.setattr(
        fidelity, "darker", lambda e, r, device: float(r.mean() - e.mean()), raising=False
    )
    dark, light = np.zeros((40, 40, 3), np.uint8), np.full((40, 40, 3), 9, np.uint8)
    assert scores.score_image(dark, light, ["darker"]) == {("darker", "standard"): 9.0}


# ------------------------------------------------------------------ folders, bad files


@pytest.fixture
def study(tmp_path):
    """Two pairs with their enhanced images, and their listing's items."""
    items = []
    for k, name in enumerate(["b", "a"]):
        write_image(tmp_path / "high" / f"{name}.png", scene(48, 56, seed=k))
        write_image(tmp_path / "low" / f"{name}.png", scene(48, 56, seed=k) // 4)
        write_image(tmp_path / "enhanced" / f"{name}.png", noisy(scene(48, 56, seed=k), 9))
        low, high = (str(tmp_path / kind / f"{name}.png") for kind in ("low", "high"))
        items.append(Item(name, low, high))
    return items, tmp_path / "enhanced"


def test_folder_gives_a_tidy_table_in_listing_order(study, tmp_path):
    items, folder = study
    table = scores.score_folder(items, folder, ["ssim", "psnr"])
    assert list(table.columns) == ["image", "metric", "protocol", "value"]
    assert list(table["image"].unique()) == ["b", "a"]
    assert len(table) == 2 * (5 + 4)
    scores.write_scores(table, tmp_path / "new" / "scores.csv")
    again = pd.read_csv(tmp_path / "new" / "scores.csv")
    pd.testing.assert_frame_equal(again, table)


def test_unpaired_images_get_no_full_reference_scores(study):
    items, folder = study
    unpaired = [replace(item, high=None) for item in items]
    assert scores.score_folder(unpaired, folder, ["psnr", "ssim"]).empty


def test_infinite_psnr_is_kept_and_told(study, tmp_path, caplog):
    items, folder = study
    write_image(folder / "a.png", scene(48, 56, seed=1))
    table = scores.score_folder(items, folder, ["psnr"])
    assert np.isinf(table.query("image == 'a'")["value"]).all()
    assert "a.png: identical to its reference" in caplog.text
    scores.write_scores(table, tmp_path / "scores.csv")
    assert "a,psnr,standard,inf" in (tmp_path / "scores.csv").read_text()


@pytest.mark.parametrize("change", ["missing", "truncated", "size", "size, unpaired", "reference"])
def test_bad_files_stop_before_the_first_score(study, monkeypatch, change):
    items, folder = study
    culprit = folder / "a.png"
    if change == "missing":
        culprit.unlink()
    elif change == "truncated":
        culprit.write_bytes(culprit.read_bytes()[: culprit.stat().st_size // 2])
    elif change.startswith("size"):
        write_image(culprit, scene(48, 40))
        if "unpaired" in change:
            items = [replace(item, high=None) for item in items]
    else:
        culprit = Path(items[1].high)
        culprit.write_bytes(b"no image")
    monkeypatch.setattr(scores, "score_image", lambda *_, **__: pytest.fail("work has begun"))
    with pytest.raises(InputError) as error:
        scores.score_folder(items, folder, ["psnr"])
    message = one_line(error)
    assert (str(folder) in message and "'a'" in message) or str(culprit) in message


@pytest.mark.parametrize("height", [28, 41, 48])
def test_arrays_of_two_sizes_are_refused(height):
    with pytest.raises(InputError, match=f"40x{height} px but its reference is 40x40 px"):
        scores.score_image(scene(height, 40), scene(40, 40), ["psnr"])


@given(st.integers(0, 11), st.integers(0, 11))
@settings(max_examples=10, deadline=None)
def test_a_crop_is_compared_with_the_same_crop_of_its_reference(bottom, right):
    image, reference = scene(48, 56), scene(48, 56, seed=1)
    height, width = 48 - bottom, 56 - right
    ours = scores.score_image(image[:height, :width], reference, ["psnr", "ssim"])
    assert ours == scores.score_image(
        image[:height, :width], reference[:height, :width], ["psnr", "ssim"]
    )


def test_a_folder_of_crops_is_scored_and_told(study, caplog, tmp_path):
    items, folder = study
    for item in items:
        write_image(folder / f"{item.name}.png", read_image(item.high)[:40, :50])
    table = scores.score_folder(items, folder, ["psnr"])
    assert np.isinf(table["value"]).all()  # the reference's own pixels, at their own place
    assert "2 cropped images, scored against cropped references" in caplog.text
    plain = scores.folder_items(folder, tmp_path / "high")
    assert np.isinf(scores.score_folder(plain, folder, ["psnr"])["value"]).all()


def test_small_image_gets_no_niqe_but_the_rest(caplog):
    image = scene(191, 200)
    result = scores.score_image(image, image // 2, ["psnr", "niqe"], name="tiny.png")
    assert set(result) == {("psnr", protocol) for protocol in PSNR_PROTOCOLS}
    assert "tiny.png: no NIQE: it needs 192 px a side" in caplog.text


@needs_data
def test_flat_image_gets_no_niqe_but_no_crash(caplog):
    flat = np.full((200, 200, 3), 128, np.uint8)
    assert scores.score_image(flat, None, ["niqe"], name="flat.png") == {}
    assert "flat.png: no NIQE (standard): undefined here" in caplog.text


# ------------------------------------------------------------------ weights


@pytest.fixture
def no_weights(monkeypatch):
    def unavailable(name, download=False):
        raise InputError(f"{name}: cannot be had")

    monkeypatch.setattr(perceptual, "metric_weights", unavailable)
    perceptual._lpips_weights.cache_clear()
    perceptual._niqe_model.cache_clear()


@pytest.mark.usefixtures("no_weights")
def test_missing_weights_are_told_and_stop_the_stage(study):
    items, folder = study
    assert scores.missing_metrics(["psnr", "lpips", "niqe"]) == {
        "lpips": "lpips_trunk: cannot be had",
        "niqe": "niqe: cannot be had",
    }
    with pytest.raises(InputError, match="lpips: lpips_trunk: cannot be had"):
        scores.score_folder(items, folder, ["psnr", "lpips"])


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("metric", [perceptual.lpips, perceptual.niqe])
def test_no_metric_runs_on_random_weights(metric):
    with pytest.raises(InputError, match="cannot be had"):
        metric(scene(), scene())


@pytest.mark.parametrize("damage", ["not an archive", "an array is missing", "a wrong shape"])
def test_damaged_trunk_is_refused(tmp_path, monkeypatch, damage):
    path = tmp_path / "alexnet.npz"
    shapes = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3)}
    shapes[10] = (256, 256, 3)
    arrays = {}
    for layer, (out, into, side) in shapes.items():
        arrays[f"features.{layer}.weight"] = np.zeros((out, into, side, side), np.float32)
        arrays[f"features.{layer}.bias"] = np.zeros(out, np.float32)
    if damage == "an array is missing":
        del arrays["features.6.bias"]
    elif damage == "a wrong shape":
        arrays["features.0.bias"] = np.zeros(1, np.float32)
    np.savez(path, **arrays)
    if damage == "not an archive":
        path.write_bytes(b"<html>not found</html>")
    monkeypatch.setattr(perceptual, "metric_weights", lambda name: path)
    perceptual._lpips_weights.cache_clear()
    with pytest.raises(InputError) as error:
        perceptual.lpips(scene(), scene())
    assert str(path) in one_line(error)
    perceptual._lpips_weights.cache_clear()


@needs_data
def test_trunk_from_torchvisions_file_gives_the_same_score(tmp_path, monkeypatch):
    import torch

    arrays = np.load(perceptual.metric_weights("lpips_trunk"))
    expected = perceptual.lpips(scene(64, 64), noisy(scene(64, 64), 20))
    path = tmp_path / "alexnet-owt-7be5be79.pth"
    state = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    torch.save({**state, "classifier.6.bias": torch.zeros(1000)}, path)
    monkeypatch.setattr(perceptual, "metric_weights", lambda name: path)
    perceptual._lpips_weights.cache_clear()
    assert perceptual.lpips(scene(64, 64), noisy(scene(64, 64), 20)) == expected
    perceptual._lpips_weights.cache_clear()


def test_light_commands_stay_light():
    """Reading the sheet must not cost the import of a network (seconds)."""
    import subprocess
    import sys

    code = (
        "import sys; from experiments import scores; scores.describe_metrics(); "
        "print(sorted({'torch', 'lpips', 'pyiqa', 'skimage', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(autouse=True)
def _warnings_are_seen(caplog):
    caplog.set_level(logging.WARNING, logger="experiments.scores")
