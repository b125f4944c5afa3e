"""Mistakes of users: one line each, with the right thing to do, and nothing written."""

import pytest
import torch
import yaml
from PIL import Image
from support.command_line import fails

MISTAKES = [
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
    (["score", "photos", "--study", "absent"], "absent.yaml: no such study; known: ablation, "),
    (["train", "photos", "--out", "o", "--set", "noise=["], "--set noise=[: not YAML"),
    (["train", "photos", "--out", "o", "--set", "noise=2026-13-01"], "-13-01: not YAML"),
    (["ablate", "a", "--set", "noise=["], "--set noise=[: not YAML"),
    (["prepare", "--listing", "a", "--size", "-5", "--out", "o"], "at least 1 pixel, not -5"),
    (["fetch"], "name at least one"),
    (["fetch", "lool"], "unknown data set or weights 'lool'; known: lol_eval15,"),
    (["fetch", "zero_dec"], "unknown data set or weights 'zero_dec'; did you mean zero_dce?"),
    (["fetch", "alexnet", "--listing", "l.json"], "--listing goes with one data set"),
    (["check", "absent"], "no such study; known: ablation, ablations, base"),
    (["tables", "absent"], "study.json: missing"),
    (["enhance", "photos", "--weights", "options.pth"], "holds a dictionary (epoch), not a state"),
    (["enhance", "photos", "--weights", "page.pth"], "it is a web page; the address leads to"),
    (["enhance", "photos", "--weights", "other.pth"], "1 tensor: a (2x3). If they are a baseline"),
    (["enhance", "photos", "--weights", "absent.pth"], "absent.pth: no such weights"),
    (["enhance", "photos", "--format", "jpeg"], "unknown value 'jpeg'; did you mean jpg?"),
    (["enhance", "photos", "--strength", "70"], "--strength goes from 0 to 1, not 70"),
    (["enhance", "photos", "--exposure", "128"], "--exposure is between 0 and 1, not 128"),
    (["enhance", "photos", "--tile", "100"], "--tile 100: a multiple of 32, such as 512"),
    (["enhance", "photos", "--device", "cdua"], "unknown value 'cdua'; did you mean cuda?"),
    (["enhance", "empty"], "empty: no images in this folder"),
    (["enhance", "page.pth"], "page.pth: not an image"),
    (["enhance", "small.png"], "20x40 px; each side must be at least 32 px"),
    (["enhance", "photos", "--out", "photos"], "would be overwritten; choose another --out"),
    (["enhance", "photos", "--out", "small.png/x"], "small.png is a file; choose another folder"),
    (["train", "photos", "--out", "o", "--start", "relesed"], "no such file; or write released"),
    (["train", "photos", "--out", "o", "--set", "crop=100"], "must be a multiple of 64, not 100"),
    (["train", "photos", "--out", "o", "--set", "light.spatail=1"], "did you mean spatial?"),
    (
        ["train", "--study", "demo", "--method", "no_enbr", "--images", "i", "--out", "o"],
        "no_enrb?",
    ),
    (["study", "mine", "--methods", "zero_dec", "--datasets", "lime"], "did you mean zero_dce?"),
    (["study", "demo", "--methods", "he", "--datasets", "lime"], "there is a study of this name"),
    (["study", "mine", "--methods", "no_enrb", "--datasets", "lime"], "name its images, such as"),
    (["check", "broken.yaml"], "unknown key 'metods'; did you mean methods?"),
    (["check", "demmo"], "no such study; did you mean demo?"),
    (["ablate", "no_enrb", "--set", "epochs=3"], "the sheet has one of this name"),
    (["scroe", "photos"], "unknown command 'scroe'; did you mean score?"),
    (["enhance", "phone.heic"], "convert it to JPEG, PNG, TIFF, WebP or BMP first"),
    (["enhance", "phone"], "convert these to JPEG or PNG first: 1 .heic"),
    (["enhance", "videos"], "write the frames of these as images first: 2 .mp4"),
    (["enhance", "photos", "--strength", "70%"], "argument --strength: a number, not '70%'"),
    (["enhance", "photos", "-o", "o"], "unknown option '-o'; known: --out"),
    (["enhance", "photos", "--weights", "zero_dce"], "did you mean --method zero_dce?"),
    (["enhance", "photos", "--weights", "photos"], "a folder; name the file, such as photos/mo"),
    (["enhance", "photos", "--method", "zero_leinr"], "leave --method zero_leinr out"),
    (["train", "photos", "--out", "o", "--epochs", "5"], "write --set epochs=VALUE instead of"),
    (["train", "photos", "--out", "o", "--set", "epochs=x"], "takes a whole number, not 'x'"),
    (["train", "small.png", "--out", "o"], "small.png: cannot be listed (it is a file"),
    (["check", "budget.yaml"], "recipe: unknown epoch; did you mean epochs?"),
    (["check", "list.yaml"], "datasets: must be a list, such as [a, b], not 'lime'"),
    (
        ["study", "mine", "--methods", "he", "--datasets", "lime", "--metrics", "psnr"],
        "psnr needs references, lime has none; take niqe",
    ),
    (["score", "photos", "--refrence", "photos"], "'--refrence'; did you mean --reference?"),
]


@pytest.fixture
def desk(photos, tmp_path, monkeypatch):
    """A folder with what users have, some of it wrong."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (20, 40)).save("small.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "page.pth").write_text("<!DOCTYPE html><p>404")
    torch.save({"epoch": 3}, "options.pth")
    torch.save({"a": torch.ones(2, 3)}, "other.pth")
    study = {"metods": ["he"], "methods": ["he"], "datasets": ["lime"], "metrics": ["niqe"]}
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(study))
    del study["metods"]
    (tmp_path / "budget.yaml").write_text(yaml.safe_dump(study | {"budget": {"epoch": 3}}))
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(study | {"datasets": "lime"}))
    for file in ("phone.heic", "phone/1.heic", "videos/1.mp4", "videos/day/2.mp4"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(b"\0\0\0\x18ftyp" + bytes(100))
    return tmp_path


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line(desk, capsys, arguments, message):
    before = sorted(path for path in desk.rglob("*"))
    assert message in fails(capsys, *arguments)
    # A training may have made its folder; no result is there.
    after = {path for path in desk.rglob("*") if path.suffix in (".png", ".safetensors", ".yaml")}
    assert after <= set(before)


def test_there_are_forty_of_them():
    assert len({" ".join(arguments) for arguments, _ in MISTAKES}) >= 40
