"""Error maps, curve maps and what ENRB takes away."""

import numpy as np
import pytest
from support.fake_study import make_study
from support.figures import assert_written
from support.study_to_report import change, whole_study

from experiments.figures.curves import mean_curves, write_curve_maps
from experiments.figures.denoising import GAIN, residual, write_denoising
from experiments.figures.errors import error_of, write_error_maps
from experiments.figures.profile import write_profile
from experiments.figures.style import Request, caption_of
from zero_leinr.errors import InputError


def test_errors_are_those_of_the_shown_part():
    reference = np.full((8, 10, 3), 100, np.uint8)
    image = np.full((6, 9, 3), 90, np.uint8)
    image[..., 0] = 103
    error = error_of(image, reference)
    assert error.shape == (8, 10)
    np.testing.assert_allclose(error[:6, :9], (3 + 10 + 10) / 3)
    assert np.isnan(error[6:]).all()


def test_error_maps_need_references(tmp_path):
    files = write_error_maps(make_study(tmp_path), "pairs")
    assert_written(tmp_path, files, "errors_pairs")
    with pytest.raises(InputError, match="has no references"):
        write_error_maps(tmp_path, "single")


def test_the_residual_is_what_is_taken_away_around_gray():
    before, after = np.full((2, 2, 3), 100, np.uint8), np.full((2, 2, 3), 90, np.uint8)
    assert (residual(before, after) == 128 + GAIN * 10).all()
    assert (residual(after, before) == 128 - GAIN * 10).all()
    assert (residual(np.uint8([[[255] * 3]]), np.uint8([[[0] * 3]])) == 255).all()


def test_denoising_compares_a_method_with_itself_without_enrb(tmp_path):
    files = write_denoising(whole_study(tmp_path), "pairs", Request(tmp_path / "out"))
    assert "Zero-LEINR† on" in caption_of(files[1])
    with pytest.raises(InputError, match="both with and without ENRB"):
        write_denoising(make_study(tmp_path / "other"), "pairs")


def test_mean_curves_bend_as_the_method_does():
    curves = np.zeros((8, 3, 2, 2))
    curves[0, 1] = -1
    bent = mean_curves(curves, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(bent[0], [0, 0.5, 1])
    np.testing.assert_allclose(bent[1], [0, 0.75, 1])


def test_curve_maps_of_the_released_weights(tmp_path):
    def released(content):
        content["methods"][-1] |= {
            "name": "zero_leinr_released",
            "weights": "released",
        }

    folder = make_study(tmp_path)
    change(folder, released)
    files = write_curve_maps(folder, "pairs")
    assert_written(tmp_path, files, "curves_pairs")
    assert "Curve maps of Zero-LEINR (rel)" in caption_of(files[1])


def test_profile_names_its_row(tmp_path):
    files = write_profile(make_study(tmp_path), "pairs")
    assert_written(tmp_path, files, "profile_pairs")
    assert "along row" in caption_of(files[1])
