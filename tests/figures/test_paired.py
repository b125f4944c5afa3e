"""The own method against its rival, and the front of quality and cost."""

import pytest
from support.fake_study import make_study
from support.figures import assert_written
from support.study_to_report import whole_study

from experiments.figures.costs import pareto
from experiments.figures.paired import write_paired
from experiments.figures.style import Request, caption_of
from zero_leinr.errors import InputError


def test_the_caption_counts_on_how_many_images_it_is_better(tmp_path):
    files = write_paired(whole_study(tmp_path / "a"), "pairs", Request(tmp_path / "figures"))
    assert_written(tmp_path, files, "paired_pairs")
    said = caption_of(files[1])
    assert "Zero-LEINR† against Zero-DCE on Pairs" in said
    assert "PSNR 3 of 3, SSIM 3 of 3, LPIPS 0 of 3" in said


def test_two_methods_can_be_chosen(tmp_path):
    request = Request(tmp_path, methods=("he", "input"))
    assert "HE against Input" in caption_of(write_paired(make_study(tmp_path), "pairs", request)[1])
    with pytest.raises(InputError, match="name two methods, not 1"):
        write_paired(tmp_path, "pairs", Request(methods=("he",)))


def test_without_an_own_method_one_line_says_so(tmp_path):
    with pytest.raises(InputError, match="needs the own method and another one"):
        write_paired(make_study(tmp_path), "pairs")


def test_the_front_holds_what_no_other_beats():
    points = [(1, 5), (2, 4), (2, 7), (3, 7), (4, 9), (0.5, 1)]
    assert pareto(points) == [(0.5, 1), (1, 5), (2, 7), (4, 9)]
