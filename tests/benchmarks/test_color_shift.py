"""How far colors move: known for outputs made by hand."""

import color_shift
import numpy as np
import pytest
from support.pictures import scene

from experiments.data.embedded import linear_to_srgb, srgb_to_linear
from zero_leinr.images import write_image


def brighter(image, factors):
    light = srgb_to_linear(image / 255) * np.asarray(factors)
    return np.rint(255 * linear_to_srgb(np.clip(light, 0, 1))).astype(np.uint8)


@pytest.fixture
def dark():
    return brighter(scene(48, 64), 0.1)


def test_brightness_alone_moves_no_color(dark):
    assert color_shift.shift(dark, brighter(dark, 4)) == pytest.approx((0, 0), abs=0.5)


def test_a_tint_is_a_cast_and_gray_has_less_chroma(dark):
    _, cast = color_shift.shift(dark, brighter(dark, (4, 4, 2)))
    assert cast > 5
    gray = brighter(dark, 4).mean(2, keepdims=True).repeat(3, 2).astype(np.uint8)
    chroma, _ = color_shift.shift(dark, gray)
    assert chroma < -5


def test_the_worst_come_first(dark, tmp_path, monkeypatch, capsys):
    for name, factors in {"same": 4, "tinted": (4, 4, 2)}.items():
        write_image(tmp_path / "low" / f"{name}.png", dark)
        write_image(tmp_path / "high" / f"{name}.png", brighter(dark, factors))
    folders = [str(tmp_path / name) for name in ("low", "high")]
    monkeypatch.setattr("sys.argv", ["color_shift.py", *folders, "--worst", "1"])
    color_shift.main()
    said = capsys.readouterr().out
    assert "2 images" in said
    assert "tinted.png" in said
    assert "same.png" not in said


def test_two_methods_stand_side_by_side(dark, tmp_path, monkeypatch, capsys):
    for folder, factors in {"low": 1, "kept": 4, "tinted": (4, 4, 2)}.items():
        write_image(tmp_path / folder / "1.png", brighter(dark, factors))
    folders = [str(tmp_path / name) for name in ("low", "kept", "tinted")]
    monkeypatch.setattr("sys.argv", ["color_shift.py", *folders])
    color_shift.main()
    heading, row = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(("| image", "| 1.png"))
    )
    assert heading == ["image", "chroma, kept", "cast, kept", "chroma, tinted", "cast, tinted"]
    assert abs(float(row[2])) < 0.5
    assert float(row[4]) > 5
