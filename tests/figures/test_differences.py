"""The figure of differences."""

import numpy as np
import pytest

from experiments.analysis.differences import differences
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures import differences as figures_differences


@pytest.mark.parametrize(("outlier", "scale"), [(30, "linear"), (1.5, "symlog")])
def test_a_variant_keeps_its_row_where_another_has_no_score(planted, monkeypatch, outlier, scale):
    monkeypatch.setattr(figures_differences, "OUTLIER", outlier)
    study = read_study(planted)
    found = differences(study, read_scores(planted, study))
    found = found[(found["dataset"] == "pairs") & (found["method"] != "light_only")]
    axis = figures_differences.draw(study, "pairs", found).axes[0]
    dots = [line for line in axis.lines if line.get_marker() in ("o", "^", "v")]
    names = [label.get_text() for label in axis.get_yticklabels()]
    shown = {names[line.get_ydata()[0]].strip("†"): line.get_xdata()[0] for line in dots}
    assert shown == pytest.approx({"w/o ENRB": -2, "w/o spatial": 0}, abs=0.1)
    assert axis.get_xscale() == scale
    assert "0" in [label.get_text() for label in axis.get_xticklabels()] or scale == "linear"


@pytest.mark.parametrize("infinite", [["no_enrb"], ["no_enrb", "zero_leinr"]])
def test_an_infinite_difference_is_drawn(planted, infinite):
    study = read_study(planted)
    scores = read_scores(planted, study)
    exact = scores["method"].isin(infinite) & (scores["image"] == "p03")
    scores.loc[exact & (scores["metric"] == "psnr"), "value"] = np.inf
    found = differences(study, scores)
    chosen = found[found["dataset"] == "pairs"]
    figures_differences.draw(study, "pairs", chosen).draw_without_rendering()
