"""The training curves: parts, seeds, smoothing, and broken losses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_study import make_study, write
from support.figures import assert_written, shown, texts

from experiments.analysis.losses import read_losses, smooth
from experiments.analysis.results import read_study
from experiments.figures.training import draw as draw_losses
from experiments.figures.training import write_training_curves
from zero_leinr.errors import InputError


def test_training_curves_have_a_panel_for_each_network_with_its_total(tmp_path):
    make_study(tmp_path)
    study = read_study(tmp_path)
    figure = draw_losses(study, read_losses(tmp_path, study))
    assert [axis.get_title() for axis in shown(figure.axes)] == ["light", "color", "denoiser"]
    assert {axis.get_ylabel() for axis in shown(figure.axes)} == {"total loss"}
    # Two thin seeds and their mean; log only where a loss is positive and spans a decade.
    assert [len(axis.lines) for axis in figure.axes] == [3] * 3
    assert figure.axes[2].get_yscale() == "log"
    assert figure.axes[1].get_yscale() == "linear"
    assert "5% of a run's steps" in texts(figure)
    assert "reduced" in texts(figure)
    assert_written(tmp_path, write_training_curves(tmp_path), "training_curves")


def test_a_loss_that_explodes_leaves_its_panel(tmp_path):
    path = make_study(tmp_path) / "runs" / "full" / "seed1" / "losses.csv"
    write(path, path.read_text().replace("\n40,0,", "\n40,0,1e30,1e30,1e30,1e30,1e30,1e30\n41,0,"))
    study = read_study(tmp_path)
    for axis in shown(draw_losses(study, read_losses(tmp_path, study)).axes):
        assert axis.get_ylim()[1] < 1e5


def test_bold_line_is_the_mean_of_the_seeds(tmp_path):
    make_study(tmp_path)
    study = read_study(tmp_path)
    axis = draw_losses(study, read_losses(tmp_path, study)).axes[0]
    first, second, mean = (np.asarray(line.get_ydata(), float) for line in axis.lines)
    np.testing.assert_allclose(mean, (first + second) / 2)
    np.testing.assert_allclose(second, first)


@given(st.integers(1, 900), st.floats(-2, 2))
def test_smoothing_keeps_lines_and_thins_them(steps, slope):
    step = np.arange(1, steps + 1)
    smoothed = smooth(pd.DataFrame({"step": step, "light/total": 1.0, "color/total": slope * step}))
    assert len(smoothed) <= 600
    np.testing.assert_allclose(smoothed["light/total"], 1)
    half = round(steps * 0.05) // 2 + 1
    inside = smoothed[(smoothed["step"] > half) & (smoothed["step"] <= steps - half)]
    np.testing.assert_allclose(inside["color/total"], slope * inside["step"], atol=1.01)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "step,epoch,x\n", "step,epoch,x\n1,0,y\n"])
def test_broken_losses_are_named(tmp_path, text):
    make_study(tmp_path)
    path = tmp_path / "runs" / "full" / "seed1" / "losses.csv"
    write(path, text)
    with pytest.raises(InputError, match="not a table of losses") as error:
        write_training_curves(tmp_path)
    assert str(path) in str(error.value)
    path.unlink()
    with pytest.raises(InputError, match=r"seed1.losses\.csv: missing"):
        write_training_curves(tmp_path)


def test_study_that_trains_nothing_has_no_training_curves(tmp_path):
    path = make_study(tmp_path) / "study.json"
    write(path, path.read_text().replace("trained here", "official"))
    with pytest.raises(InputError, match="trains no method"):
        write_training_curves(tmp_path)
