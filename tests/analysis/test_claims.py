"""Variants against the full method, and verdicts on the paper's claims, with planted effects."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import fake_study

from experiments.analysis.claims import judge, verdict_in_words
from experiments.analysis.differences import differences
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.cli.main import main
from experiments.figures import differences as figures_differences
from experiments.sheets.claims import load_claims
from experiments.sheets.study import VARIANTS_GROUP
from experiments.tables.claims import layout
from experiments.tables.differences import layout as difference_layout
from zero_leinr.errors import InputError

VARIANTS = {"zero_leinr": 0.0, "light_only": 2.0, "no_enrb": -2.0, "no_spatial": 0.0}
METRICS = {
    "psnr": ("PSNR", "dB", "up", True, ["standard"]),
    "ciede2000": ("CIEDE2000", "", "down", True, ["claims"]),
    "blind_noise": ("Blind noise", "levels", "down", False, ["claims"]),
    "gradient_correlation": ("Gradient correlation", "", "up", True, ["claims"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """20 pairs and 12 single images, three seeds; a variant's score is moved by what is planted."""
    methods = [("input", "Input", "Classical", "none", [0])]
    methods += [(v, v, VARIANTS_GROUP, "trained here", [0, 1, 2]) for v in VARIANTS]
    images = {"pairs": [f"p{i:02}" for i in range(20)], "single": [f"s{i}" for i in range(12)]}
    path = fake_study.make_study(
        tmp_path_factory.mktemp("s"),
        levels=VARIANTS | {"input": 0},
        methods=methods,
        images=images,
        metrics=METRICS,
    )
    for k, (method, seed) in enumerate((m[0], s) for m in methods for s in m[4]):
        rng = np.random.default_rng(k)
        for dataset in ("pairs", "single"):
            file = fake_study.score_file(path, method, seed, dataset)
            frame = pd.read_csv(file)
            places = frame["image"].str[1:].astype(int)
            noise = 0.02 * rng.normal(size=len(frame)) + 0.01 * rng.normal()
            frame["value"] = VARIANTS.get(method, 0) + np.sin(places) + noise
            frame.to_csv(file, index=False)
    return path


@pytest.fixture(scope="module")
def judged(folder):
    study = read_study(folder)
    return judge(study, read_scores(folder, study), load_claims())


def verdicts(judged, **where) -> list[str]:
    chosen = judged[(judged[list(where)] == pd.Series(where)).all(axis=1)]
    return chosen["verdict"].tolist()


def test_a_planted_effect_is_found_with_its_size(folder):
    study = read_study(folder)
    found = differences(study, read_scores(folder, study))
    found = found.set_index(["dataset", "metric", "method"])
    assert set(found.index.get_level_values("method")) == set(VARIANTS) - {"zero_leinr"}
    row = found.loc["pairs", "psnr", "light_only"]
    assert row["difference"] == pytest.approx(2, abs=0.03)
    assert 0 < row["ci_high"] - row["ci_low"] < 0.2
    assert (row["p_holm"] < 0.01, row["effect_size"]) == (True, 1)
    assert found.loc["pairs", "psnr", "no_spatial"]["p_holm"] > 0.05


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


def fail(folder, *seeds):
    for seed in seeds:
        run = folder / "runs" / "no_enrb" / f"seed{seed}" / "run.json"
        fake_study.write(run, json.dumps({"failed_parts": ["light"]}))


def test_a_training_that_failed_is_left_out(folder, judged, tmp_path):
    broken = tmp_path / "study"
    shutil.copytree(folder, broken)
    fail(broken, 1)
    file = fake_study.score_file(broken, "no_enrb", 1, "pairs")
    file.write_text(file.read_text().replace(",0.", ",9."))  # of no account
    study = read_study(broken)
    assert "no_enrb: 1 of 3 trainings failed and are left out" in study.remarks_in_words()
    found = judge(study, read_scores(broken, study), load_claims())
    compared = found[found["p"].notna()]
    assert set(compared.loc[compared["against"] == "no_enrb", "n_seeds"]) == {2}
    assert set(compared.loc[compared["against"] == "no_spatial", "n_seeds"]) == {3}


def test_no_claim_is_decided_where_every_training_failed(folder, judged, tmp_path):
    broken = tmp_path / "study"
    shutil.copytree(folder, broken)
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


def test_a_variant_without_scores_leaves_those_of_the_others(folder, tmp_path):
    broken = tmp_path / "study"
    shutil.copytree(folder, broken)
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


@pytest.mark.parametrize(
    ("infinite", "shown"), [(["no_enrb"], "+inf"), (["no_enrb", "zero_leinr"], "–")]
)
def test_a_difference_of_two_infinities_is_a_dash(folder, tmp_path, infinite, shown):
    study = read_study(folder)
    scores = read_scores(folder, study)
    exact = scores["method"].isin(infinite) & (scores["image"] == "p03")
    scores.loc[exact & (scores["metric"] == "psnr"), "value"] = np.inf
    found = differences(study, scores)
    rows = difference_layout(study, found).groups["Pairs"]
    (cell,) = [row[1].text for row in rows if row[0].text.startswith("no_enrb")]
    assert cell == shown
    chosen = found[found["dataset"] == "pairs"]
    figures_differences.draw(study, "pairs", chosen).draw_without_rendering()


@pytest.mark.parametrize(("outlier", "scale"), [(30, "linear"), (1.5, "symlog")])
def test_a_variant_keeps_its_row_where_another_has_no_score(folder, monkeypatch, outlier, scale):
    monkeypatch.setattr(figures_differences, "OUTLIER", outlier)
    study = read_study(folder)
    found = differences(study, read_scores(folder, study))
    found = found[(found["dataset"] == "pairs") & (found["method"] != "light_only")]
    axis = figures_differences.draw(study, "pairs", found).axes[0]
    dots = [line for line in axis.lines if line.get_marker() in ("o", "^", "v")]
    names = [label.get_text() for label in axis.get_yticklabels()]
    shown = {names[line.get_ydata()[0]].strip("†"): line.get_xdata()[0] for line in dots}
    assert shown == pytest.approx({"w/o ENRB": -2, "w/o spatial": 0}, abs=0.1)
    assert axis.get_xscale() == scale
    assert "0" in [label.get_text() for label in axis.get_xticklabels()] or scale == "linear"


def test_one_seed_decides_nothing_and_captions_say_so(folder, tmp_path):
    study = read_study(folder)
    scores = read_scores(folder, study)
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
    captions = [difference_layout(s, differences(s, scores)).caption for s in (study, single)]
    assert ["other seeds" in caption for caption in captions] == [True, False]
    assert "one seed: only image variability" in captions[1]
    assert (study.one_seed, single.one_seed) == (False, True)


def test_a_reduced_budget_is_said_with_every_verdict(folder, judged):
    study = read_study(folder)
    table = layout(study, judged, load_claims())
    cells = [row[-1].text for rows in table.groups.values() for row in rows]
    assert cells
    assert all("at this reduced budget" in cell for cell in cells)
    assert all("at this reduced budget" in heading for heading in table.groups)
    row = judged.iloc[0].to_dict()
    assert verdict_in_words(study, row) == "supported at this reduced budget"


def test_tables_and_figures_are_written(folder):
    assert main(["claims", str(folder)]) == 0
    assert main(["differences", str(folder)]) == 0
    text = (folder / "tables" / "claims.md").read_text()
    assert "The dual branch preserves color." in text
    assert "+2.0" in (folder / "tables" / "differences.md").read_text()
    for name in ("claims", "differences_pairs", "differences_single"):
        assert (folder / "figures" / f"{name}.png").stat().st_size > 10_000


def test_a_study_without_variants_has_no_differences(tmp_path, capsys):
    fake_study.make_study(tmp_path)
    assert main(["differences", str(tmp_path)]) == 2
    assert "needs zero_leinr and a variant" in capsys.readouterr().err


def without_scores(folder: Path) -> None:
    """Empties score files, as where a metric is defined on no image."""
    for path in folder.glob("scores/*/*/*.csv"):
        path.write_text("image,metric,protocol,value\n")


def without_full(folder: Path) -> None:
    """Leaves the full method no score that counts: one alone, in a protocol that is not there."""
    for path in folder.glob("scores/zero_leinr/*/pairs.csv"):
        rows = [f"{image},psnr,other,1\n" for image in fake_study.IMAGES["pairs"]]
        path.write_text("image,metric,protocol,value\n" + "".join(rows))


@pytest.mark.parametrize(
    ("datasets", "damage", "metric"),
    [
        (("single",), without_scores, "niqe"),  # every image is too small for it
        (("single",), without_scores, "psnr"),  # none has a reference
        (("pairs",), without_full, "psnr"),
    ],
)
def test_where_nothing_can_be_compared_table_and_figure_say_so(tmp_path, datasets, damage, metric):
    methods = [(v, v, VARIANTS_GROUP, "trained here", [0, 1]) for v in ("zero_leinr", "no_enrb")]
    metrics, levels = {metric: fake_study.METRICS[metric]}, {"zero_leinr": 1.0, "no_enrb": 2.0}
    fake_study.make_study(tmp_path, datasets, levels=levels, methods=methods, metrics=metrics)
    damage(tmp_path)
    for command in ("differences", "claims", "protocols"):
        assert main([command, str(tmp_path)]) == 0
    table = (tmp_path / "tables" / "differences.md").read_text()
    assert f"{datasets[0].title()}: nothing can be compared" in table
    assert "too few" not in table
    study = read_study(tmp_path)
    found = differences(study, read_scores(tmp_path, study))
    assert found.empty
    assert {"dataset", "method", "difference", "p_holm"} <= set(found.columns)
    axis = figures_differences.draw(study, datasets[0], found).axes[0]
    assert [text.get_text() for text in axis.texts] == ["nothing can be compared"]


@pytest.mark.parametrize(
    ("against", "metric", "message"),
    [
        ("no_enrb", "ssim", "c: ssim has no margin"),
        ("no_enrbs", "psnr", "c: no sheet has a method 'no_enrbs'"),
    ],
)
def test_a_claim_needs_a_margin_and_methods_that_there_are(tmp_path, against, metric, message):
    path = tmp_path / "claims.yaml"
    path.write_text(
        "margins: {psnr: {margin: 1, reason: r}}\n"
        f"claims: {{c: {{label: l, sentence: s, paper: p, tests: [{{against: [{against}],"
        f" metric: {metric}, protocol: standard, sets: paired, expect: higher}}]}}}}\n"
    )
    with pytest.raises(InputError, match=message):
        load_claims(path)


def test_no_claim_is_decided_against_a_control(folder):
    study = read_study(folder)
    methods = [
        dataclasses.replace(method, control="negative" if method.name == "light_only" else None)
        for method in study.methods
    ]
    study = dataclasses.replace(study, methods=methods)
    judged = judge(study, read_scores(folder, study), load_claims())
    rows = judged[(judged["method"] == "light_only") | (judged["against"] == "light_only")]
    assert len(rows)
    assert set(rows["verdict"]) == {"not decidable"}
    assert set(rows["reason"]) <= {"light_only is a control", "the study has no paired set"}
