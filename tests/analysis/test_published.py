"""Published figures: every one has a source, and the table compares like with like."""

import math

import numpy as np
import pandas as pd
import pytest
import yaml
from support.fake_study import make_study

from experiments.analysis.published import beside_measured
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.sheets.published import COLUMNS, FIGURES, load_published
from experiments.sheets.reading import CONFIG
from experiments.tables.published import write_published
from zero_leinr.errors import InputError

# Of the methods that no file in baselines/ runs; the others must be names of methods.yaml.
NOT_HERE = {"retinexnet", "srie", "enlightengan", "retinexformer"}
ROW = {
    "dataset": "pairs",
    "method": "zero_dce",
    "metric": "ssim",
    "protocol": "",
    "value": "3.50",
    "source": "A & B, table 7",
    "grade": "paper",
    "reason": "",
    "note": "",
}


def sheet(path, *changes):
    pd.DataFrame([ROW | change for change in changes], columns=COLUMNS).to_csv(path, index=False)
    return path


def test_the_sheet_that_ships_names_known_methods_and_data():
    figures = load_published()
    methods = yaml.safe_load((CONFIG / "methods.yaml").read_text())
    assert set(figures["method"]) - set(methods) == NOT_HERE
    datasets = yaml.safe_load((CONFIG / "datasets.yaml").read_text())["datasets"]
    assert set(figures["dataset"]) <= set(datasets)
    assert not figures["source"].str.contains("same").any()
    assert not figures.duplicated(["dataset", "method", "metric", "source", "value"]).any()
    assert set(figures["reason"].str.partition(":")[0]) <= {
        "", "protocol", "weights", "implementation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": ""}, "line 3: a figure needs a source"),
        ({"value": "high"}, "line 3: value is not a number"),
        ({"grade": "rumor"}, "line 3: grade must be one of paper"),
        ({"metric": "pnsr"}, "unknown metric 'pnsr'"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, change, message):
    path = sheet(tmp_path / "published.csv", {}, change)
    with pytest.raises(InputError, match=message):
        load_published(path)


def test_each_figure_is_compared_in_the_protocol_of_its_source(tmp_path):
    make_study(tmp_path)
    # Planted scores are the same in all protocols: move those of one.
    study = read_study(tmp_path)
    scores = read_scores(tmp_path, study)
    scores.loc[scores["protocol"] == "gaussian", "value"] += 0.3
    path = sheet(
        tmp_path / "published.csv",
        {},
        {"protocol": "standard"},
        {"protocol": "gaussian"},
        {"protocol": "gt_mean"},
        {"method": "another"},
        {"dataset": "elsewhere"},
        {"metric": "psnr", "dataset": "single"},
    )
    compared = beside_measured(study, scores, load_published(path))
    assert list(compared["protocol"]) == ["", "standard", "gaussian", "gt_mean"]
    assert np.allclose(compared["standard"], 3.1)
    assert np.allclose(compared["same_protocol"], [np.nan, np.nan, 3.4, np.nan], equal_nan=True)
    assert np.allclose(compared["difference"], [-0.4, -0.4, -0.1, np.nan], equal_nan=True)
    assert list(compared["n_images"]) == [3] * 4


def test_rows_follow_the_study_and_print_the_digits_of_the_source(tmp_path):
    make_study(tmp_path)
    path = sheet(
        tmp_path / "published.csv",
        {"value": "3.5", "reason": "weights: others"},
        {"method": "he", "source": "elsewhere"},
    )
    files = write_published(tmp_path, path)
    assert [file.name for file in files] == ["published.csv", "published.md"]
    lines = files[1].read_text().splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    assert rows[0].startswith("| *Pairs (3 of 3 images measured)* |")
    assert rows[1].startswith(r"| Histogram\_eq | SSIM | 3.50 | not stated | 2.10 | – | −1.40 |")
    assert rows[2].startswith("| Zero-DCE | SSIM | 3.5 | not stated | 3.1 | – | −0.4 | weights: o")
    assert r"\[2\] A & B, table 7" in lines
    numbers = pd.read_csv(files[0])
    assert math.isclose(numbers["difference"][0], -1.4, rel_tol=1e-4)


def test_a_study_without_published_figures_says_so(tmp_path):
    make_study(tmp_path, datasets=("single",))
    _, markdown = write_published(tmp_path, FIGURES)
    assert "No published figure is known" in markdown.read_text()
