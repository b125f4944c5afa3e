"""`enhance` by hand: which images it takes, where it writes, and what it refuses."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image, ImageCms
from support.command_line import command, fails

from experiments.cli.main import main
from experiments.data.listing import Item, Listing, write_listing
from experiments.enhance.photo_files import Photo, read_photo, write_photo
from experiments.score.run import score_folder
from zero_leinr.checkpoint import save_model
from zero_leinr.images import read_image
from zero_leinr.model import ZeroLEINR
from zero_leinr.precision_trial import Trial
from zero_leinr.recipe import Recipe


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


def test_a_positive_control_is_made_of_the_references_of_a_listing(photos, tmp_path, capsys):
    bright = tmp_path / "bright"
    assert command("enhance", photos, "--method", "gamma", "--out", bright) == 0
    low = sorted(photos.iterdir())
    items = [Item(path.stem, str(path), str(bright / path.name)) for path in low]
    listing = tmp_path / "pairs.json"
    write_listing(Listing("pairs", True, 3, 3, "", "", [], items), listing)
    out = tmp_path / "out"
    assert command("enhance", "--listings", listing, "--method", "reference", "--out", out) == 0
    for item in items:
        made = out / "pairs" / f"{item.name}.png"
        assert np.array_equal(read_image(made), read_image(item.high))
    capsys.readouterr()
    line = fails(capsys, "enhance", photos, "--method", "reference", "--out", tmp_path / "none")
    assert "method reference is made of references; give --listings of image pairs" in line
    assert not (tmp_path / "none").exists()


def test_photos_as_they_are_wanted(photos, tmp_path, capsys):
    Image.open(photos / "0.png").save(photos / "0.jpg", comment="other stem", quality=90)
    (photos / "0.png").unlink()
    (photos / "night" / "late").mkdir(parents=True)
    (photos / "1.png").rename(photos / "night" / "1.png")
    (photos / "2.png").rename(photos / "night" / "late" / "1.png")
    (photos / "night" / ".hidden").mkdir()
    Image.new("RGB", (40, 40)).save(photos / "night" / ".hidden" / "3.png")
    out = photos / "bright"  # what lies there is no photo of the next call
    look = ("--format", "webp", "--quality", 80, "--compare")
    for _ in range(2):
        assert command("enhance", photos, "--method", "gamma", "--out", out, *look) == 0
    made = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    names = ("0", "night/1", "night/late/1")
    assert made == sorted(f"{name}{end}" for name in names for end in (".webp", "_compare.jpg"))
    assert read_image(out / "night" / "1_compare.jpg").shape == (80, 96 + 8 + 96, 3)
    assert f"{out}, 3 images: " in capsys.readouterr().err


def test_a_photo_of_sixteen_bits_comes_back_with_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "w.safetensors"
    save_model(
        ZeroLEINR(("light",), denoise=False).initialize(3),
        Recipe().replace({"color": None, "denoiser": None}),
        weights,
    )
    ramp = np.linspace(0, 20000, 48 * 40).astype(np.uint16).reshape(40, 48, 1).repeat(3, 2)
    write_photo(tmp_path / "a.png", ramp, Photo(ramp))
    photo = (tmp_path / "a.png", "--out", "o")
    assert command("enhance", *photo, "--weights", weights, "--strength", 0) == 0
    deep = read_photo(tmp_path / "o" / "a.png").pixels
    assert deep.dtype == np.uint16
    assert np.array_equal(deep, ramp)
    assert command("enhance", *photo, "--method", "gamma") == 0
    assert read_photo(tmp_path / "o" / "a.png").pixels.dtype == np.uint8


def test_a_large_photo_tries_bfloat16(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.enhance.run.LARGE", 80 * 96)
    monkeypatch.setattr("zero_leinr.device.has_bfloat16", lambda: True)
    found = Trial(2.0, 0.5, 3)
    monkeypatch.setattr("zero_leinr.precision_trial.try_bfloat16", lambda *_: found)
    seen = []

    def made(model, image, padding, tile, precision, done):
        seen.append(precision)
        return image

    monkeypatch.setattr("zero_leinr.inference.enhance", made)
    for name, size in (("small", (96, 79)), ("a", (96, 80)), ("b", (96, 90))):
        Image.new("RGB", size).save(tmp_path / f"{name}.png")
    images = [tmp_path / f"{name}.png" for name in ("small", "a", "b")]
    assert command("enhance", *images, "--out", tmp_path / "o") == 0
    assert seen == ["float32", "bfloat16", "bfloat16"]
    assert capsys.readouterr().err.count("2.0 times as fast here") == 1
    assert command("enhance", *images, "--out", tmp_path / "o", "--precision", "float32") == 0
    assert seen[3:] == ["float32"] * 3


def test_mistakes_are_found_before_torch_is_loaded(photos, tmp_path):
    """In a process of its own: all of them in one, since each import would cost seconds."""
    wrong = {
        "absent.png: no such file": ["absent.png"],
        "no such weights": [photos, "--weights", "absent.pth"],
        "tile 100: a multiple of 32": [photos, "--tile", 100],
        "device cuda: no GPU is seen": [photos, "--device", "cuda"],
        "is a file; choose another folder": [photos, "--out", photos / "0.png" / "x"],
        "did you mean gamma?": [photos, "--method", "gama"],
        "--quality goes from 1 to 100": [photos, "--format", "jpg", "--quality", 0],
        "--quality is for": [photos, "--quality", 90],
        "did you mean tiff?": [photos, "--format", "tif"],
        "20x40 px; each side must be": [tmp_path / "small.png"],
    }
    Image.new("RGB", (20, 40)).save(tmp_path / "small.png")
    calls = [["enhance", *map(str, arguments)] for arguments in wrong.values()]
    code = (
        "import sys; from experiments.cli.main import main\n"
        f"for call in {calls!r}: assert main(call) == 2\n"
        "assert 'torch' not in sys.modules"
    )
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=hidden)
    lines = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(lines) == len(wrong)
    for message, line in zip(wrong, lines, strict=True):
        assert line.startswith("error: ")
        assert message in line


def test_a_checkpoint_of_another_trainer_enhances(photos, tmp_path, capsys):
    model = ZeroLEINR(("light",), denoise=False).initialize(3)
    save_model(
        model, Recipe().replace({"color": None, "denoiser": None}), tmp_path / "w.safetensors"
    )
    state = {f"model.module.{name}": value for name, value in model.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "w.ckpt")
    for kind in ("safetensors", "ckpt"):
        weights, out = tmp_path / f"w.{kind}", tmp_path / kind
        assert command("enhance", photos / "1.png", "--weights", weights, "--out", out) == 0
    made = [read_image(tmp_path / kind / "1.png") for kind in ("safetensors", "ckpt")]
    assert np.array_equal(*made)
    torch.save({"conv.weight": torch.ones(2, 3)}, tmp_path / "other.pth")
    line = fails(capsys, "enhance", photos, "--weights", tmp_path / "other.pth")
    assert "it holds 1 tensor: conv.weight (2x3). If they are a baseline's, name it" in line


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_text_can_be_enhanced_but_not_scored(photos, tmp_path, capsys):
    (photos / "1.png").rename(photos / os.fsdecode(b"\xff.png"))
    out = tmp_path / "out"
    assert command("enhance", photos, "--method", "gamma", "--out", out) == 0
    for reference in ([], ["--reference", photos]):
        line = fails(capsys, "score", out, "--metrics", "psnr", *reference)
        assert line.endswith(r"\xff.png: this name is not UTF-8; rename the file")
