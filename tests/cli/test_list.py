"""`zero-leinr list`: names, licences, and what is here."""

import pytest

from experiments.cli.main import main


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("methods", ["zero_dce ", "weights not here yet; licence: CC BY-NC 4.0", "no_enrb "]),
        ("methods", ["random_brightness ", "Controls", "made of references: on paired sets alone"]),
        ("datasets", ["sice ", "229 pairs, not here yet; licence: none stated", "csjcai/SICE"]),
        ("datasets", ["mef ", "17 images, not here yet; licence: none stated", "EnlightenGAN"]),
        ("metrics", ["loe ", "lower is better; needs the input", "niqe "]),
        ("metrics", ["musiq ", "musiq_koniq_ckpt-e95806b9.pth: missing; put it into"]),
        ("metrics", ["piqe ", "pyiqa's licence: PolyForm Noncommercial 1.0.0"]),
        ("studies", ["ablation ", "16 methods, 13 of them trained; on lol_eval15, lime, dicm"]),
    ],
)
def test_everything_a_study_can_name_is_listed(kind, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    assert main(["list", kind]) == 0
    out = capsys.readouterr().out
    for words in said:
        assert words in out


def test_what_is_there_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    (tmp_path / "mef").mkdir()
    assert main(["list", "datasets"]) == 0
    assert "17 images, here;" in capsys.readouterr().out
