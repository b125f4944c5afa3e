"""Published figures are compared like with like."""

import numpy as np
from support.fake_study import make_study
from support.planted import published_sheet

from experiments.analysis.published import beside_measured
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.sheets.published import load_published


def test_each_figure_is_compared_in_the_protocol_of_its_source(tmp_path):
    make_study(tmp_path)
    # Planted scores are the same in all protocols: move those of one.
    study = read_study(tmp_path)
    scores = read_scores(tmp_path, study)
    scores.loc[scores["protocol"] == "gaussian", "value"] += 0.3
    path = published_sheet(
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
