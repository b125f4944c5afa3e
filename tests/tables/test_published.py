"""Published figures beside measured ones, as a table."""

import math

import pandas as pd
from support.fake_study import make_study
from support.planted import published_sheet

from experiments.sheets.published import FIGURES
from experiments.tables.published import write_published


def test_rows_follow_the_study_and_print_the_digits_of_the_source(tmp_path):
    make_study(tmp_path)
    path = published_sheet(
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
