"""The installed package's command, away from a checkout; `make test-wheel` tries the real wheel."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zero_leinr
from zero_leinr import cli

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder, and no suite beside the package."""
    monkeypatch.setattr(cli, "SUITE", tmp_path / "no suite")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def photo(elsewhere):
    Image.fromarray(np.full((40, 48, 3), 20, np.uint8)).save("photo.png")
    return Path("photo.png")


def test_a_photo_is_enhanced(photo, capsys):
    assert cli.main(["enhance", "photo.png", "--strength", "0.5", "--out", "out"]) == 0
    assert capsys.readouterr().out == "out/photo.png\n"
    made = np.asarray(Image.open("out/photo.png"))
    expected = zero_leinr.enhance(photo, strength=0.5)
    assert np.array_equal(made, np.asarray(expected))


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["study", "demo"], "study: not a command of the installed package"),
        (["enhance", "absent.png"], "absent.png: no such file"),
        (["enhance", "photo.png", "--out", "."], "would be overwritten; choose another --out"),
        (["enhance", "photo.png", "--exposure", "3"], "exposure 3.0: give a number between"),
        (
            ["enhance", "photo.png", "--weights", "photo.png"],
            "as weights: it is an image",
        ),
    ],
)
def test_a_mistake_is_one_line(photo, command, message, capsys):
    before = photo.read_bytes()
    assert cli.main(command) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert photo.read_bytes() == before


def test_in_a_checkout_it_is_the_suite(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "score" in capsys.readouterr().out


def test_the_wheel_needs_four_packages_and_has_one():
    setup = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    names = {name.split(">")[0] for name in setup["project"]["dependencies"]}
    assert names == {"numpy", "pillow", "safetensors", "torch"}
    assert setup["tool"]["setuptools"]["packages"]["find"] == {"include": ["zero_leinr*"]}
