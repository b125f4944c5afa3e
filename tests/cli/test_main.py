"""The command line: what it does by hand, and one clear line for every mistake."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image, ImageCms

from experiments.cli.common import parse_settings
from experiments.cli.main import main
from experiments.data.listing import Item, Listing, write_listing
from experiments.enhance.run import baseline
from experiments.provenance import git_commit
from experiments.score.run import score_folder
from experiments.sheets.reading import CONFIG
from zero_leinr.checkpoint import save_model
from zero_leinr.errors import InputError
from zero_leinr.images import read_image
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k in range(3):
        scene = rng.integers(0, 60, (10, 12, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(scene).save(folder / f"{k}.png")
    return folder


def command(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def fails(capsys, *arguments: object) -> str:
    """Runs a command that must fail; returns its one line."""
    assert command(*arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("error: ")
    assert sum(line.startswith("error: ") for line in lines) == 1
    return lines[-1]


def test_train_enhance_and_score_by_hand(photos, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "out"
    settings = ["epochs=1", "batch=2", "image_size=64", "light.spatial=0"]
    assert main(["train", str(photos), "--out", str(run), "--set", *settings]) == 0
    assert {"model.safetensors", "losses.csv", "run.json"} <= {p.name for p in run.iterdir()}
    assert "light/spatial" not in (run / "losses.csv").read_text()
    weights = str(run / "model.safetensors")
    assert main(["enhance", str(photos), "--weights", weights, "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "2.png"]
    assert read_image(out / "0.png").shape == (80, 96, 3)
    capsys.readouterr()
    arguments = ["score", str(out), "--reference", str(photos), "--metrics", "psnr", "ssim"]
    assert main([*arguments, "--out", str(tmp_path / "scores.csv")]) == 0
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert list(scores.columns) == ["image", "metric", "protocol", "value"]
    means = scores.groupby(["metric", "protocol"])["value"].mean()
    # That protocol divides the sum by n-1, here as in the tables.
    for protocol, factor in (("standard", 1), ("zero_leinr_scripts", 3 / 2)):
        assert ["psnr", protocol, f"{means['psnr', protocol] * factor:.4f}", "3"] in printed


def test_a_changed_photo_is_trained_on(photos, tmp_path, capsys):
    run, settings = tmp_path / "run", ["epochs=1", "batch=3", "image_size=64"]
    arguments = ["train", photos, "--out", run, "--set", *settings]
    assert command(*arguments) == 0
    before = np.load(run / "images64.npy")
    (photos / "1.png").write_bytes((photos / "2.png").read_bytes())
    assert "other images" in fails(capsys, *arguments)
    assert command(*arguments, "--replace") == 0
    after = np.load(run / "images64.npy")
    assert np.array_equal(after, before[[0, 2, 2]])


def test_a_baseline_enhances_one_image(photos, tmp_path):
    out = tmp_path / "out"
    assert main(["enhance", str(photos / "1.png"), "--method", "gamma", "--out", str(out)]) == 0
    dark, bright = read_image(photos / "1.png"), read_image(out / "1.png")
    assert np.abs(bright - 255 * (dark / 255) ** (1 / 2.2)).max() <= 0.51


def test_images_and_folders_are_enhanced_together_and_a_broken_one_stops_no_other(
    photos, tmp_path, capsys
):
    more, out = tmp_path / "more", tmp_path / "out"
    more.mkdir()
    Image.open(photos / "2.png").save(more / "other.jpg")
    whole = (more / "other.jpg").read_bytes()
    (more / "cut.jpg").write_bytes(whole[:-200])  # seen when its pixels are decoded
    (more / "phone.HEIC").write_bytes(b"")
    images = (photos / "0.png", photos / "1.png", more)
    assert command("enhance", *images, "--method", "gamma", "--out", out) == 2
    said = capsys.readouterr().err.splitlines()
    assert f"{more}: passed over, convert them first: 1 .heic" in said
    assert said[-1].startswith(f"error: {more / 'cut.jpg'}: cannot be read as an image")
    assert said[-1].endswith("the other images are enhanced")
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "other.png"]


def test_a_small_image_is_found_before_the_first_is_enhanced(photos, tmp_path, capsys):
    Image.new("RGB", (20, 80)).save(photos / "9.jpg")
    line = fails(capsys, "enhance", photos, "--method", "gamma", "--out", tmp_path / "out")
    assert "9.jpg: 20x80 px; each side must be at least 32 px" in line
    assert not (tmp_path / "out").exists()


def test_a_photo_keeps_its_color_profile(photos, tmp_path):
    """Without it, a phone's wide colors would be shown as those of sRGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.open(photos / "0.png").save(photos / "0.jpg", icc_profile=profile)
    Image.open(photos / "1.png").convert("L").save(photos / "grey.jpg", icc_profile=profile)
    for name, kept in (("0.jpg", profile), ("1.png", None), ("grey.jpg", None)):
        assert command("enhance", photos / name, "--method", "gamma", "--out", tmp_path / "o") == 0
        with Image.open((tmp_path / "o" / name).with_suffix(".png")) as image:
            assert image.info.get("icc_profile") == kept


@pytest.mark.parametrize("raised", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_too_little_memory_is_one_line(photos, tmp_path, monkeypatch, capsys, raised):
    def read(_):
        raise raised

    monkeypatch.setattr("experiments.enhance.run.read_image", read)
    line = fails(capsys, "enhance", photos, "--method", "gamma", "--out", tmp_path / "out")
    assert "not enough memory: take smaller images" in line


def test_a_study_does_not_train_beside_a_gpu_that_torch_cannot_use(tmp_path, monkeypatch, capsys):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexit 0\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("experiments.check.choose_device", lambda: "cpu")
    assert "torch cannot use it" in fails(capsys, "check", "demo")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert command("check", "demo") == 0
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    tool.write_text("#!/bin/sh\nexit 1\n")  # the tool is there, a GPU is not
    assert command("check", "demo") == 0


@pytest.mark.parametrize(
    ("images", "out"), [("photos", "photos"), ("photos/1.png", "photos"), ("photos", "link")]
)
def test_originals_are_never_overwritten(photos, tmp_path, monkeypatch, capsys, images, out):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(photos)
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    line = fails(capsys, "enhance", images, "--method", "gamma", "--out", out)
    assert f"{out}/" in line
    assert ".png: this image would be overwritten; choose another --out" in line
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before
    monkeypatch.chdir(photos)
    assert "overwritten" in fails(capsys, "enhance", "0.png", "--method", "gamma", "--out", ".")


def test_the_seeds_of_a_method_go_in_one_call(photos, tmp_path):
    """Enhanced and scored as one by one, each seed in a folder of its own."""
    weights = [tmp_path / f"{seed}.safetensors" for seed in (3, 7)]
    for seed, path in zip((3, 7), weights, strict=True):
        recipe = Recipe().replace({"color": None, "denoiser": None})
        save_model(ZeroLEINR(("light",), denoise=False).initialize(seed), recipe, path)
    listing = tmp_path / "dark.json"
    items = [Item(path.stem, str(path), str(path)) for path in sorted(photos.iterdir())]
    write_listing(Listing("dark", True, 3, 3, "", "", [], items), listing)
    shared = ["--listings", listing, "--seeds", 3, 7, "--out"]
    images, scores = tmp_path / "images", tmp_path / "scores"
    assert command("enhance", "--weights", *weights, *shared, images) == 0
    assert command("score", images, "--metrics", "psnr", *shared, scores) == 0
    alone = tmp_path / "alone"
    for seed, path in zip((3, 7), weights, strict=True):
        assert command("enhance", photos, "--weights", path, "--out", alone) == 0
        for image in alone.iterdir():
            again = images / f"seed{seed}" / "dark" / image.name
            assert np.array_equal(read_image(again), read_image(image))
        expected = score_folder(items, alone, ["psnr"])
        found = pd.read_csv(scores / f"seed{seed}" / "dark.csv", dtype={"image": str})
        pd.testing.assert_frame_equal(found, expected)
    assert len({path.read_bytes() for path in images.rglob("1.png")}) == 2


def test_scoring_for_a_study_downloads_what_is_new_in_it(photos, tmp_path, monkeypatch, capsys):
    """Its check has tried the rest; twelve jobs on a machine without network would wait each."""

    def download(*_):
        raise AssertionError("asked the network")

    monkeypatch.setattr("experiments.data.download.download", download)
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    known = tmp_path / "results" / "demo" / "study.json"
    known.parent.mkdir(parents=True)
    for_demo = ("score", photos, "--reference", photos, "--study", "demo")
    known.write_text(json.dumps({"metrics": [{"name": "lpips"}, {"name": "niqe"}]}))
    assert command(*for_demo) == 0
    found = capsys.readouterr()
    assert "not scored: lpips" in found.err
    assert "psnr" in found.out
    known.write_text(json.dumps({"metrics": [{"name": "niqe"}]}))
    with pytest.raises(AssertionError, match="asked the network"):
        command(*for_demo)
    for more in ([], ["--metrics", "niqe"]):
        with pytest.raises(AssertionError, match="asked the network"):
            command("score", photos, "--reference", photos, *more)


def test_settings_are_read_as_yaml():
    assert parse_settings(["epochs=3", "light.spatial=0", "denoiser=null", "noise=gauss5"]) == {
        "epochs": 3,
        "light": {"spatial": 0},
        "denoiser": None,
        "noise": "gauss5",
    }
    with pytest.raises(InputError, match="KEY=VALUE"):
        parse_settings(["epochs"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["enhance", "absent.png", "--out", "o"], "absent.png"),
        (["enhance", "--method", "gamma", "--out", "o"], "give images, folders"),
        (["enhance", "photos", "--weights", "a", "b", "--out", "o"], "as many --seeds"),
        (["enhance", "photos", "--weights", "a", "--seeds", "0", "1", "--out", "o"], "as many"),
        (["score", "photos", "--seeds", "0"], "--seeds goes with --listings"),
        (["enhance", "photos", "--method", "gama", "--out", "o"], "unknown method 'gama'"),
        (["enhance", "photos", "--weights", "no.safetensors", "--out", "o"], "no.safetensors: no"),
        (["enhance", "absent.png", "--method", "gamma", "--out", "o"], "absent.png"),
        (["enhance", "photos", "--method", "gamma", "--tile", "64"], "--tile is for Zero-LEINR"),
        (["enhance", "photos", "--method", "gamma", "--precision", "bfloat16"], "--precision is"),
        (["enhance", "photos", "--method", "gamma", "--out", "x.png"], "x.png would be a folder"),
        (["train", "photos", "--out", "o", "--set", "epoch=1"], "did you mean epochs"),
        (["train", "photos", "--out", "o", "--study", "demo"], "--study and --method"),
        (["train", "--images", "absent.npy", "--out", "o"], "absent.npy: no prepared"),
        (["score", "photos", "--metrics", "psnr"], "give --reference"),
        (["score", "photos", "--metrics", "pnsr"], "unknown metric 'pnsr'"),
        (["score", "photos", "--study", "absent"], "no such study; there are ablation, "),
        (["train", "photos", "--out", "o", "--set", "noise=["], "--set noise=[: the value is not"),
        (["train", "photos", "--out", "o", "--set", "noise=2026-13-01"], "the value is not YAML"),
        (["ablate", "a", "--set", "noise=["], "--set noise=[: the value is not YAML"),
        (["prepare", "--listing", "a", "--size", "-5", "--out", "o"], "at least 1 pixel, not -5"),
        (["fetch"], "name at least one"),
        (["fetch", "lool"], "unknown data set 'lool'"),
        (["check", "absent"], "no such study; there are ablation, ablations, abla"),
        (["tables", "absent"], "study.json: missing"),
    ],
)
def test_mistakes_are_one_line(photos, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert message in fails(capsys, *arguments)
    assert not list(tmp_path.glob("o/*.png"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methodes": ["input"]}, "unknown key 'methodes'"),
        ({"methods": ["inptu"]}, "unknown method 'inptu'"),
        ({"datasets": ["lol"]}, "unknown dataset 'lol'"),
        ({"variants": ["no_light"]}, "unknown variant 'no_light'"),
        ({"metrics": ["psnr", "fid"]}, "unknown metric 'fid'"),
        ({"budget": {"epoch": 1}}, "did you mean epochs"),
        ({"seeds": []}, "seeds"),
        ({"padding": "round"}, "padding"),
    ],
)
def test_wrong_studies_name_file_and_key(tmp_path, capsys, change, message):
    study = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text()) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(study))
    line = fails(capsys, "check", path)
    assert message in line
    assert "yaml" in line


def test_a_network_without_weights_finds_its_device_too(monkeypatch):
    """CoLIE has neither weights nor a recipe, and yet a GPU to run on."""
    with pytest.raises(InputError, match="cuda: not on this machine"):
        baseline({"method": "colie"}, None, "cuda")
    found = []
    monkeypatch.setattr("zero_leinr.device.choose_device", lambda name: found.append(name) or "cpu")
    baseline({"method": "colie"}, None)
    assert found == ["auto"]


def test_a_commit_is_that_of_this_project_or_none(tmp_path, monkeypatch):
    """A copy may be installed in a checkout of something else."""
    file = tmp_path / "env" / "provenance.py"
    file.parent.mkdir()
    file.write_text("")
    git = ["git", "-C", tmp_path, "-c", "user.name=x", "-c", "user.email=x"]
    (tmp_path / "other.txt").write_text("")
    for words in (["init"], ["add", "other.txt"], ["commit", "-m", "other"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.setattr("experiments.provenance.__file__", str(file))
    assert git_commit() is None
    subprocess.run([*git, "add", file], check=True)
    assert git_commit().endswith("-dirty")


def test_a_broken_training_image_stops_before_training(photos, tmp_path, capsys):
    data = (photos / "1.png").read_bytes()
    (photos / "1.png").write_bytes(data[: len(data) // 2])
    line = fails(capsys, "train", photos, "--out", tmp_path / "run")
    assert "1.png" in line
    assert not (tmp_path / "run" / "state.ckpt").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_can_be_enhanced_but_not_scored(photos, tmp_path, capsys):
    (photos / "1.png").rename(photos / os.fsdecode(b"\xff.png"))
    out = tmp_path / "out"
    assert command("enhance", photos, "--method", "gamma", "--out", out) == 0
    for reference in ([], ["--reference", photos]):
        line = fails(capsys, "score", out, "--metrics", "psnr", *reference)
        assert line.endswith(r"\xff.png: this name is not UTF-8; rename the file")


def test_no_write_permission_is_one_line(photos, tmp_path, capsys):
    shutil.copy(photos / "0.png", tmp_path / "occupied")
    line = fails(capsys, "enhance", photos, "--method", "gamma", "--out", tmp_path / "occupied")
    assert "occupied" in line


def test_help_teaches_every_command(capsys):
    commands = "enhance export train score fetch ablate recipes prepare leaks check tables figures"
    commands += " protocols differences claims costs published"
    for command in commands.split():
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert f"zero-leinr {command} " in capsys.readouterr().out
