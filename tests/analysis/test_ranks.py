"""Mean ranks and critical differences, against Demsar's formula; one number in table and figure."""

import numpy as np
import pandas as pd
import pytest
from support.fake_study import make_study

from experiments.analysis.ranks import Ranks, rank_all, rank_images, ranked_columns
from experiments.analysis.results import open_study
from experiments.figures import critical
from experiments.tables.ranks import layout, write_ranks

NAMES = ("input", "he", "zero_dce", "full")


@pytest.fixture
def study(tmp_path):
    controls = {"reference": "positive", "dice": "negative"}
    levels = {"input": 1.0, "he": 2.0, "zero_dce": 3.0, "full": 4.0, "reference": 9.0, "dice": 8.0}
    return make_study(tmp_path, levels=levels, controls=controls)


def test_paired_sets_are_ranked_by_metrics_with_references_and_the_others_by_those_without(study):
    columns = ranked_columns(*open_study(study))
    assert [(dataset.name, metric.name) for dataset, metric in columns] == [
        *(("pairs", name) for name in ("psnr", "ssim", "lpips")),
        ("single", "niqe"),
    ]


def test_ranks_follow_the_direction_and_leave_controls_out(study):
    opened, scores = open_study(study)
    pairs = opened.dataset("pairs")
    up = rank_images(opened, scores, pairs, opened.metric("psnr"))
    assert dict(up.mean) == {"full": 1, "zero_dce": 2, "he": 3, "input": 4}
    down = rank_images(opened, scores, pairs, opened.metric("lpips"))
    assert dict(down.mean) == {"input": 1, "he": 2, "zero_dce": 3, "full": 4}


def test_the_critical_difference_is_demsars(study):
    opened, scores = open_study(study)
    ranks = rank_images(opened, scores, opened.dataset("pairs"), opened.metric("psnr"))
    # Demsar's table 5a has q = 2.569 for four methods at 5 %.
    assert ranks.critical == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 3)), rel=1e-3)


def test_over_all_sets_each_has_the_same_weight(study):
    opened, scores = open_study(study)
    ranks = rank_all(opened, scores, ranked_columns(opened, scores))
    # PSNR and SSIM against LPIPS on the pairs; NIQE (less is better) alone on the others.
    assert dict(ranks.mean) == {name: 2.5 for name in NAMES}
    assert ranks.images == 5
    spread = np.sqrt((1 / 3 + 1 / 2) / 4)
    assert ranks.critical == pytest.approx(2.569 * np.sqrt(4 * 5 / 6) * spread, rel=1e-3)


def test_groups_are_the_longest_stretches():
    ranks = Ranks(pd.Series([1.0, 1.5, 2.4, 4.0, 4.2], index=list("abcde")), 1.0, 0.01, 9)
    assert ranks.groups() == [(1.0, 1.5), (1.5, 2.4), (4.0, 4.2)]


def test_the_table_and_the_figures_have_the_same_numbers(study, monkeypatch):
    drawn = {}
    monkeypatch.setattr(critical, "draw", lambda study, ranks, page: drawn.setdefault("it", ranks))
    monkeypatch.setattr(critical, "describe", lambda figure, sentences: None)
    monkeypatch.setattr(critical, "save", lambda figure, path: [path])
    table = layout(*open_study(study)).numbers.set_index(["dataset", "metric", "method"])
    for write, key in (
        (lambda: critical.write_critical(study, "pairs"), ("pairs", "psnr")),
        (lambda: critical.write_critical(study, "single"), ("single", "niqe")),
        (lambda: critical.write_critical_all(study), ("all", "all")),
    ):
        drawn.clear()
        write()
        for name, rank in drawn["it"].mean.items():
            row = table.loc[(*key, name)]
            assert (row["mean_rank"], row["critical_difference"]) == (rank, drawn["it"].critical)


def test_a_study_with_too_little_to_rank_gets_a_table_that_says_so(tmp_path):
    methods = [("input", "Input", "Classical", "none", [0]), ("he", "HE", "Classical", "none", [0])]
    write_ranks(make_study(tmp_path, methods=methods))
    table = (tmp_path / "tables" / "ranks.md").read_text(encoding="utf-8")
    assert "Nothing to rank: it takes three methods and two images" in table
