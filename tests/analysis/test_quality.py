"""Quality control: each flag rises where it should, and only there."""

import pandas as pd
import pytest
from support.fake_study import make_study, score_file

from experiments.analysis import quality
from experiments.analysis.quality import last_losses, make_bands, recipe_id, with_quality
from experiments.analysis.results import open_study, read_study
from experiments.analysis.score_files import read_scores
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from experiments.tables.scores import write_tables

CONTROLS = {"reference": "positive", "degraded": "positive", "dice": "negative"}
# Sound on a metric where more is better: the reference above all, chance below all.
SOUND = {"input": 2.0, "he": 3.0, "zero_dce": 4.0, "full": 5.0}
SOUND |= {"reference": 9.0, "degraded": 7.0, "dice": 1.0}
UP = {"psnr": ("PSNR", "dB", "up", True, ["standard"])}


def found(folder):
    study = with_quality(folder, *open_study(folder))
    return study.remarks_in_words("quality")


def planted(folder, metrics=UP, **levels):
    return make_study(
        folder,
        datasets=("pairs",),
        levels=SOUND | levels,
        controls=CONTROLS,
        metrics=metrics,
    )


def test_a_sound_study_has_no_remarks(tmp_path):
    assert found(planted(tmp_path)) == []


def test_what_is_as_good_as_the_reference_itself_is_flagged(tmp_path):
    assert found(planted(tmp_path, he=9.0001)) == [
        "Pairs: as good as the reference itself by PSNR, which no method can be: "
        "Histogram_eq (3 images)"
    ]


def test_without_a_reference_no_score_is_too_good(tmp_path):
    metrics = {"niqe": ("NIQE", "", "up", False, ["standard"])}
    assert found(planted(tmp_path, metrics, he=9.0001)) == []


def test_what_is_worse_than_the_negative_control_is_flagged(tmp_path):
    assert found(planted(tmp_path, input=0.5)) == ["Pairs: worse than Dice by PSNR: Input"]


def test_worse_follows_the_direction_of_the_metric(tmp_path):
    metrics = {"lpips": ("LPIPS", "", "down", True, ["standard"])}
    levels = {name: 10 - level for name, level in SOUND.items()}
    assert found(planted(tmp_path / "sound", metrics, **levels)) == []
    said = found(planted(tmp_path / "worse", metrics, **levels | {"input": 9.5}))
    assert said == ["Pairs: worse than Dice by LPIPS: Input"]


def test_a_metric_that_prefers_another_control_to_the_reference_is_flagged(tmp_path):
    (said,) = found(planted(tmp_path, degraded=9.5))
    assert said.startswith("Pairs: PSNR prefers Degraded (9.60) to the reference (9.10)")


def test_equal_images_of_two_methods_are_flagged(tmp_path):
    (said,) = found(planted(tmp_path, he=4.0))
    assert said.startswith("Pairs: Histogram_eq and Zero-DCE have the same scores, so the same")
    assert said.endswith("images, 3 times of 3")


@pytest.mark.parametrize(("count", "flags"), [(1, 0), (2, 1)])
def test_one_equal_image_may_be_chance(tmp_path, count, flags):
    own, other = (score_file(planted(tmp_path), name) for name in ("he", "zero_dce"))
    lines, equal = own.read_text().splitlines(), other.read_text().splitlines()
    own.write_text("\n".join([*equal[: count + 1], *lines[count + 1 :]]) + "\n")
    said = found(tmp_path)
    assert len(said) == flags
    assert all(text.endswith("2 times of 3") for text in said)


def test_remarks_stand_under_the_tables(tmp_path):
    planted(tmp_path, input=0.5)
    write_tables(tmp_path)
    table = (tmp_path / "tables" / "scores_standard.md").read_text(encoding="utf-8")
    assert "worse than Dice by PSNR: Input" in table


# ----------------------------------------------------------------------------- trainings


@pytest.fixture
def bands(tmp_path, monkeypatch):
    """Write a band for the one recipe of the planted study: its last light/total is about .22."""

    def write(low, high):
        path = tmp_path / "bands.csv"
        row = [recipe_id({}), "full", "light/total", low, high, 3]
        pd.DataFrame([row], columns=quality.BAND_COLUMNS).to_csv(path, index=False)
        monkeypatch.setattr(quality.read_bands, "__defaults__", (path,))

    return write


def test_a_training_outside_its_band_is_flagged(tmp_path, bands):
    bands(0.1, 0.5)
    assert found(planted(tmp_path / "study")) == []
    bands(0.5, 0.9)
    said = found(planted(tmp_path / "study"))
    assert len(said) == 2  # seeds
    assert said[0].startswith("Zero-LEINR, seed 0: the last light/total is 0.2")
    assert said[0].endswith("outside of 0.5 to 0.9, where sound trainings by this recipe end")


def test_another_recipe_has_no_band(tmp_path, monkeypatch):
    monkeypatch.setattr(quality, "recipe_id", lambda recipe: "another")
    assert found(planted(tmp_path)) == []


def test_the_bands_are_those_of_the_kept_study():
    folder = CONFIG.parents[1] / "results" / "reference" / "ablation"
    made = make_bands(folder, read_study(folder))
    pd.testing.assert_frame_equal(quality.read_bands(), made)
    assert {"zero_leinr", "zero_dce_retrained"} <= set(made["method"])


def test_the_study_of_the_bands_still_has_their_recipes():
    study = load_study(CONFIG / "studies" / "ablation.yaml")
    known = set(quality.read_bands()["recipe"])
    assert recipe_id(study.methods["zero_leinr"].recipe) in known


def test_a_loss_on_which_seeds_disagree_has_no_band():
    losses = pd.DataFrame(
        [("m", 0, "light/total", 1, 5.0), ("m", 0, "light/total", 2, 3.0)],
        columns=["method", "seed", "loss", "step", "value"],
    )
    assert last_losses(losses) == {("m", 0): {"light/total": 3.0}}
    bands = quality.read_bands()
    assert (bands["low"] > 0).all()
    assert not ((bands["method"] == "no_angle") & (bands["loss"] == "color/total")).any()


def test_kept_studies_raise_no_flag():
    folder = CONFIG.parents[1] / "results" / "reference" / "ablation"
    study = read_study(folder)
    assert with_quality(folder, study, read_scores(folder, study)).remarks == study.remarks
