"""The way back from a table's cell."""

import json

import pytest
from support.fake_study import make_study, write

from experiments.cli.main import main
from experiments.report.explain import explain
from zero_leinr.errors import InputError

CELL = ["--method", "full", "--dataset", "pairs", "--metric", "psnr"]


def test_a_cell_is_traced_to_its_images_and_runs(tmp_path, capsys):
    folder = make_study(tmp_path / "small")
    record = {"seed": 1, "steps": 40, "git_commit": "abc", "device": "cpu", "device_name": "Z"}
    write(folder / "runs" / "full" / "seed1" / "run.json", json.dumps(record))
    assert main(["explain", str(folder), *CELL]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Zero-LEINR†, Pairs, PSNR (standard): 4.20 ± 0.14 over seeds\n")
    assert "3 images, 2 seeds" in said
    assert "Training budget reduced: 2 epochs" not in said  # study.json has no recipe of it
    assert "commit: abc" in said
    assert "device: cpu (Z)" in said
    assert "sha256 of the weights" not in said  # there are none
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line[:2].isdigit()}
    assert rows["02"] == ["4.100", "4.300"]
    assert said.endswith(
        "Make it again:\n  snakemake --cores all --forceall results/small/scores/full\n"
    )


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (("nobody", "pairs", "psnr", "standard"), "no method 'nobody'; it has input, he"),
        (("he", "lol", "psnr", "standard"), "no data set 'lol'; it has pairs, single"),
        (("he", "pairs", "mse", "standard"), "no metric 'mse'; it has psnr, ssim"),
        (("he", "pairs", "psnr", "mean"), "no protocol 'mean'; it has standard"),
        (("he", "single", "psnr", "standard"), r"no psnr \(standard\) of he on single"),
    ],
)
def test_a_cell_that_is_not_there_is_told(tmp_path, cell, message):
    with pytest.raises(InputError, match=message):
        explain(make_study(tmp_path / "small"), *cell)
