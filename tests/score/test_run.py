"""Scores of images and folders: known anchors, the sheet, bad files, missing weights."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.helpers import needs_data, one_line
from support.pictures import noisy, scene

from experiments.data.listing import Item
from experiments.score import fidelity
from experiments.score import run as scores
from experiments.sheets import metrics
from zero_leinr.errors import InputError
from zero_leinr.images import read_image, write_image

PSNR_PROTOCOLS = ("standard", "luma", "gt_mean", "zero_leinr_scripts")


# ------------------------------------------------------------------ anchors


@needs_data
def test_known_scores_of_lol():
    """Raw input on LOL eval15: published or measured elsewhere (shown in docs/protocols.md)."""
    lol = Path(os.environ["ZERO_LEINR_DATA"]) / "lol/eval15"
    items, metrics = (
        scores.folder_items(lol / "low", lol / "high"),
        ["psnr", "ssim", "lpips", "niqe"],
    )
    mean = (
        scores.score_folder(items, lol / "low", metrics)
        .groupby(["metric", "protocol"])["value"]
        .agg(["mean", "count"])
    )
    assert (mean["count"] == 15).all()
    shown = mean["mean"].to_dict()
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
            if not (how["function"].startswith("pyiqa:") and "weights" in entry):  # not here
                assert callable(scores._function(how["function"]))


def test_a_new_metric_is_one_function_and_one_entry(monkeypatch):
    entry = {
        **scores.load_metrics(["psnr"])["psnr"],
        "protocols": {"standard": {"function": "fidelity:darker", "summary": "test"}},
    }
    monkeypatch.setitem(metrics._sheet(), "darker", entry)
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


@pytest.mark.usefixtures("no_weights")
def test_missing_weights_are_told_and_stop_the_stage(study):
    items, folder = study
    assert scores.missing_metrics(["psnr", "lpips", "niqe"]) == {
        "lpips": "lpips_trunk: is missing",
        "niqe": "niqe: is missing",
    }
    with pytest.raises(InputError, match="lpips: lpips_trunk: is missing"):
        scores.score_folder(items, folder, ["psnr", "lpips"])


@pytest.fixture(autouse=True)
def _warnings_are_seen(caplog):
    caplog.set_level(logging.WARNING, logger="experiments.score.run")
