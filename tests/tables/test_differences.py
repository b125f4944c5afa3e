"""The table of differences."""

import dataclasses

import numpy as np
import pytest

from experiments.analysis.differences import differences
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.tables.differences import layout as difference_layout


@pytest.mark.parametrize(
    ("infinite", "shown"), [(["no_enrb"], "+inf"), (["no_enrb", "zero_leinr"], "–")]
)
def test_a_difference_of_two_infinities_is_a_dash(planted, infinite, shown):
    study = read_study(planted)
    scores = read_scores(planted, study)
    exact = scores["method"].isin(infinite) & (scores["image"] == "p03")
    scores.loc[exact & (scores["metric"] == "psnr"), "value"] = np.inf
    found = differences(study, scores)
    rows = difference_layout(study, found).groups["Pairs"]
    (cell,) = [row[1].text for row in rows if row[0].text.startswith("no_enrb")]
    assert cell == shown


def test_the_caption_says_what_one_seed_cannot_know(planted):
    study = read_study(planted)
    scores = read_scores(planted, study)
    single = dataclasses.replace(
        study, methods=[dataclasses.replace(method, seeds=[0]) for method in study.methods]
    )
    captions = [difference_layout(s, differences(s, scores)).caption for s in (study, single)]
    assert ["other seeds" in caption for caption in captions] == [True, False]
    assert "one seed: only image variability" in captions[1]
