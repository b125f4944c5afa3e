"""How the ranking moves with the protocol."""

import pytest
from support import fake_study
from support.planted import swapped_study

from experiments.analysis.protocols import rank
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores


def test_ranks_follow_each_protocol(tmp_path):
    study = swapped_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study)).set_index(["metric", "protocol"])
    assert ranks.loc["psnr", "standard"]["rank"].tolist() == [4, 3, 2, 1]
    assert ranks.loc["psnr", "luma"]["rank"].tolist() == [3, 4, 2, 1]
    # Of six pairs of methods one is turned: (5 - 1) / 6.
    assert ranks.loc["psnr", "luma"]["tau"].tolist() == pytest.approx([2 / 3] * 4)
    assert set(ranks.loc["ssim"]["tau"]) == {1.0}
    assert "lpips" not in ranks.index  # one protocol alone


def test_equal_printed_means_share_the_rank(tmp_path):
    fake_study.make_study(
        tmp_path, ("pairs",), levels={"input": 1.0, "he": 2.001, "zero_dce": 2.002, "full": 0.5}
    )
    study = read_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study))
    assert ranks["rank"].tolist()[:4] == [3, 1, 1, 4]


def test_ranks_are_those_of_the_printed_means(tmp_path):
    """2.675 prints as 2.67, being a little less in binary, though numpy rounds it to 2.68."""
    levels = {"input": 2.674, "he": 2.675, "zero_dce": 3.0, "full": 0.5}
    fake_study.make_study(tmp_path, ("pairs",), levels=levels, images={"pairs": ["01"]})
    study = read_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study)).set_index(["metric", "protocol"])
    assert ranks.loc["psnr", "standard"]["rank"].tolist() == [2, 2, 1, 4]
    assert ranks.loc["ssim", "standard"]["rank"].tolist() == [3, 2, 1, 4]


def test_a_sum_over_one_image_less_than_one_is_no_score(tmp_path):
    metrics = {"psnr": ("PSNR", "dB", "up", True, ["standard", "zero_leinr_scripts"])}
    fake_study.make_study(tmp_path, ("pairs",), images={"pairs": ["01"]}, metrics=metrics)
    study = read_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study))
    assert set(ranks.query("metric == 'psnr'")["protocol"]) == {"standard"}
