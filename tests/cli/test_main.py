"""The command line: what its commands do, and one clear line for every mistake."""

import errno
import os
import shutil

import pandas as pd
import pytest
import torch
from support.command_line import fails

from experiments.cli.main import main
from zero_leinr.images import read_image


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


@pytest.mark.parametrize(
    "raised",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        torch.AcceleratorError("CUDA error: out of memory"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_too_little_memory_is_one_line(photos, tmp_path, monkeypatch, capsys, raised):
    def read(_):
        raise raised

    monkeypatch.setattr("experiments.enhance.photo_files.read_image", read)
    line = fails(capsys, "enhance", photos, "--method", "gamma", "--out", tmp_path / "out")
    assert "not enough memory: take smaller images" in line


def test_no_write_permission_is_one_line(photos, tmp_path, capsys):
    shutil.copy(photos / "0.png", tmp_path / "occupied")
    line = fails(capsys, "enhance", photos, "--method", "gamma", "--out", tmp_path / "occupied")
    assert "occupied" in line


def test_help_teaches_every_command(capsys):
    commands = (
        "enhance export train score study fetch ablate recipes prepare leaks check tables figures"
    )
    commands += " protocols differences claims costs published"
    for command in commands.split():
        with pytest.raises(SystemExit) as stopped:
            main([command, "--help"])
        assert stopped.value.code == 0
        assert f"zero-leinr {command} " in capsys.readouterr().out


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EACCES"])
def test_what_the_system_refuses_is_one_line(capsys, monkeypatch, number):
    def refused(*_, **__):
        code = getattr(errno, number)
        raise OSError(code, os.strerror(code), "results/a.csv")

    monkeypatch.setattr("experiments.cli.common.find_study", refused)
    monkeypatch.setattr("experiments.cli.study.find_study", refused)
    said = fails(capsys, "check", "demo")
    assert said.startswith("error: results/a.csv: ")
