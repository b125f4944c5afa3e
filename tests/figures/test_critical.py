"""The critical-difference diagram of a data set, and of all."""

import pytest
from support.fake_study import make_study
from support.figures import assert_written

from experiments.figures.critical import write_critical, write_critical_all
from experiments.figures.style import Request, caption_of
from zero_leinr.errors import InputError


def test_the_figure_is_written_and_says_its_test(tmp_path):
    files = write_critical(make_study(tmp_path), "pairs")
    assert_written(tmp_path, files, "critical_pairs")
    assert "over 3 images of Pairs" in caption_of(files[1])
    with pytest.raises(InputError, match="three methods and two images"):
        write_critical(tmp_path, "pairs", Request(methods=("he", "full")))


def test_the_figure_of_all_sets_says_how_they_weigh(tmp_path):
    files = write_critical_all(make_study(tmp_path))
    assert_written(tmp_path, files, "critical_all")
    assert "over 5 images of Pairs, Single" in caption_of(files[1])
