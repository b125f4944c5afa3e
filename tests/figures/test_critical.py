"""Mean ranks, their critical difference and the groups that it joins."""

import pandas as pd
import pytest
from support.fake_study import make_study
from support.figures import assert_written

from experiments.analysis.results import open_study
from experiments.figures.critical import Ranks, rank_images, write_critical
from experiments.figures.style import Request, caption_of
from zero_leinr.errors import InputError


def test_ranks_follow_the_scores_and_the_direction(tmp_path):
    study, scores = open_study(make_study(tmp_path))
    for metric, order in (("psnr", "full zero_dce he input"), ("lpips", "input he zero_dce full")):
        column = scores[(scores["metric"] == metric) & (scores["protocol"] == "standard")]
        ranks = rank_images(study, column, study.metric(metric))
        assert list(ranks.mean.index) == order.split()
        assert list(ranks.mean) == [1, 2, 3, 4]


def test_the_critical_difference_is_that_of_demsar(tmp_path):
    # His table 5: q = 2.569 for four classifiers at 5 %.
    study, scores = open_study(make_study(tmp_path))
    column = scores[(scores["metric"] == "psnr") & (scores["protocol"] == "standard")]
    critical = rank_images(study, column, study.metric("psnr")).critical
    assert critical == pytest.approx(2.569 * (4 * 5 / (6 * 3)) ** 0.5, rel=1e-3)


def test_groups_are_the_longest_stretches():
    ranks = Ranks(pd.Series([1.0, 1.5, 2.4, 4.0, 4.2], index=list("abcde")), 1.0, 0.01, 9)
    assert ranks.groups() == [(1.0, 1.5), (1.5, 2.4), (4.0, 4.2)]


def test_the_figure_is_written_and_says_its_test(tmp_path):
    files = write_critical(make_study(tmp_path), "pairs")
    assert_written(tmp_path, files, "critical_pairs")
    assert "over 3 images of Pairs" in caption_of(files[1])
    with pytest.raises(InputError, match="three methods and two images"):
        write_critical(tmp_path, "pairs", Request(methods=("he", "full")))
