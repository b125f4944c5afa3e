"""Variants against the full method: planted effects are found."""

import pytest
from support import fake_study
from support.planted import VARIANTS

from experiments.analysis.differences import differences
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.cli.main import main


def test_a_planted_effect_is_found_with_its_size(planted):
    study = read_study(planted)
    found = differences(study, read_scores(planted, study))
    found = found.set_index(["dataset", "metric", "method"])
    assert set(found.index.get_level_values("method")) == set(VARIANTS) - {"zero_leinr"}
    row = found.loc["pairs", "psnr", "light_only"]
    assert row["difference"] == pytest.approx(2, abs=0.03)
    assert 0 < row["ci_high"] - row["ci_low"] < 0.2
    assert (row["p_holm"] < 0.01, row["effect_size"]) == (True, 1)
    assert found.loc["pairs", "psnr", "no_spatial"]["p_holm"] > 0.05


def test_a_study_without_variants_has_no_differences(tmp_path, capsys):
    fake_study.make_study(tmp_path)
    assert main(["differences", str(tmp_path)]) == 2
    assert "needs zero_leinr and a variant" in capsys.readouterr().err
