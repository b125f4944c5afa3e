"""Verdicts on the paper's claims, with planted effects."""

import dataclasses
import json
import shutil

import pandas as pd
import pytest
from support import fake_study

from experiments.analysis.claims import judge
from experiments.analysis.differences import differences
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.cli.main import main
from experiments.sheets.claims import load_claims


@pytest.fixture(scope="module")
def judged(planted):
    study = read_study(planted)
    return judge(study, read_scores(planted, study), load_claims())


def verdicts(judged, **where) -> list[str]:
    chosen = judged[(judged[list(where)] == pd.Series(where)).all(axis=1)]
    return chosen["verdict"].tolist()


def test_verdicts_follow_what_was_planted(judged):
    # The light branch alone has the larger color error, and without ENRB there is less noise.
    assert verdicts(judged, metric="ciede2000", against="light_only", dataset="pairs") == [
        "supported"
    ]
    assert verdicts(judged, metric="blind_noise", dataset="pairs") == ["contradicted"]
    assert verdicts(judged, metric="blind_noise", dataset="single") == ["contradicted"]
    assert verdicts(judged, metric="gradient_correlation", dataset="pairs") == ["supported"]
    # No effect, and the interval lies within the margin of .2 dB.
    assert verdicts(judged, metric="psnr", against="no_spatial") == ["not supported"]


def test_what_cannot_be_decided_says_why(judged):
    rows = judged.set_index(["metric", "against", "dataset"])
    assert rows.loc["angular_error", "light_only", "pairs"]["reason"].endswith("was not scored")
    assert "needs references" in rows.loc["ciede2000", "light_only", "single"]["reason"]
    assert rows.loc["psnr", "no_angle", "pairs"]["reason"] == "the study has no no_angle"
    assert set(judged.loc[judged["reason"] != "", "verdict"]) == {"not decidable"}


def test_claims_on_variants_that_a_study_lacks_are_left_out(planted, judged):
    assert set(judged["claim"]) == {"color", "noise", "unseen", "losses"}
    study = read_study(planted)
    both = [m for m in study.methods if m.name in ("zero_leinr", "no_spatial")]
    other = dataclasses.replace(study, methods=both)
    found = judge(other, read_scores(planted, study), load_claims())
    assert set(found["claim"]) == {"losses"}
    # A study that no claim is about says of every test what it lacks.
    none = dataclasses.replace(study, methods=[m for m in study.methods if m.name == "zero_leinr"])
    found = judge(none, read_scores(planted, study), load_claims())
    assert set(found["claim"]) == set(load_claims()["claims"])
    assert found["reason"].str.startswith("the study has no ").all()


def fail(folder, *seeds):
    for seed in seeds:
        run = folder / "runs" / "no_enrb" / f"seed{seed}" / "run.json"
        fake_study.write(run, json.dumps({"failed_parts": ["light"]}))


def test_a_training_that_failed_is_left_out(planted, judged, tmp_path):
    broken = tmp_path / "study"
    shutil.copytree(planted, broken)
    fail(broken, 1)
    file = fake_study.score_file(broken, "no_enrb", 1, "pairs")
    file.write_text(file.read_text().replace(",0.", ",9."))  # of no account
    study = read_study(broken)
    assert "no_enrb: 1 of 3 trainings failed and are left out" in study.remarks_in_words()
    found = judge(study, read_scores(broken, study), load_claims())
    compared = found[found["p"].notna()]
    assert set(compared.loc[compared["against"] == "no_enrb", "n_seeds"]) == {2}
    assert set(compared.loc[compared["against"] == "no_spatial", "n_seeds"]) == {3}


def test_no_claim_is_decided_where_every_training_failed(planted, judged, tmp_path):
    broken = tmp_path / "study"
    shutil.copytree(planted, broken)
    fail(broken, 0, 1, 2)
    study = read_study(broken)
    found = judge(study, read_scores(broken, study), load_claims())
    rows = found[found["against"] == "no_enrb"]
    assert set(rows["verdict"]) == {"not decidable"}
    assert "every training of no_enrb† failed" in set(rows["reason"])
    assert rows["p"].isna().all()
    others = found["against"] != "no_enrb"
    others &= found["method"] != "no_enrb"
    assert found[others]["verdict"].tolist() == judged[others]["verdict"].tolist()


def test_a_variant_without_scores_leaves_those_of_the_others(planted, tmp_path):
    broken = tmp_path / "study"
    shutil.copytree(planted, broken)
    for seed in (0, 1, 2):
        file = fake_study.score_file(broken, "no_enrb", seed, "single")
        file.write_text("image,metric,protocol,value\n")
    study = read_study(broken)
    scores = read_scores(broken, study)
    found = judge(study, scores, load_claims())
    rows = found[(found["metric"] == "blind_noise") & (found["against"] == "no_enrb")]
    reasons = dict(zip(rows["dataset"], rows["reason"], strict=True))
    assert reasons["single"] == "one of them lacks this score on more than half of the images"
    compared = differences(study, scores).groupby("dataset")["method"].agg(set)
    assert compared["single"] == {"light_only", "no_spatial"}
    assert compared["pairs"] == {"light_only", "no_spatial", "no_enrb"}
    for command in ("differences", "claims", "figures"):
        assert main([command, str(broken)]) == 0


def test_one_seed_decides_nothing(planted):
    study = read_study(planted)
    scores = read_scores(planted, study)
    single = dataclasses.replace(
        study, methods=[dataclasses.replace(method, seeds=[0]) for method in study.methods]
    )
    found = judge(single, scores[scores["seed"] == 0], load_claims())
    tested = found[found["ci_low"].notna()]
    assert len(tested) == 5
    assert set(tested["verdict"]) == {"not decidable"}
    assert set(tested["reason"]) == {"one seed: only image variability is known"}
    # What was measured is shown all the same.
    planted = tested[(tested["metric"] == "ciede2000") & (tested["against"] == "light_only")]
    assert planted["difference"].item() == pytest.approx(-2, abs=0.05)
    assert (study.one_seed, single.one_seed) == (False, True)


def test_no_claim_is_decided_against_a_control(planted):
    study = read_study(planted)
    methods = [
        dataclasses.replace(method, control="negative" if method.name == "light_only" else None)
        for method in study.methods
    ]
    study = dataclasses.replace(study, methods=methods)
    judged = judge(study, read_scores(planted, study), load_claims())
    rows = judged[(judged["method"] == "light_only") | (judged["against"] == "light_only")]
    assert len(rows)
    assert set(rows["verdict"]) == {"not decidable"}
    assert set(rows["reason"]) <= {"light_only is a control", "the study has no paired set"}
