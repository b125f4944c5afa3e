"""What the figures share: the looks of methods and axes that cut long lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from support.fake_study import make_study

from experiments.analysis.model import Metric
from experiments.analysis.results import read_study
from experiments.figures.style import Page, clip, cut_long_lines, looks, side_by_side
from experiments.sheets.study import VARIANTS_GROUP


def test_looks_tell_many_trained_methods_apart(tmp_path):
    study = read_study(make_study(tmp_path))
    many = [type(study.trained[0])(f"m{i}", "", "", "trained here", [0]) for i in range(20)]
    study.methods.extend(many)
    drawn = [looks(study)[method.name] for method in study.trained]
    assert len(set(drawn)) == 21


def test_a_panel_of_infinite_scores_alone_is_left_as_it_is():
    axis = Figure().subplots()
    assert not cut_long_lines(axis, [np.inf, np.inf], [], turned=False)


POINTS = st.lists(st.floats(-50, 50).map(lambda x: round(x, 2)), min_size=2, max_size=6)
REACHES = st.lists(st.floats(0, 500).map(lambda x: round(x, 2)), min_size=2, max_size=6)


@given(POINTS, REACHES, st.booleans())
def test_a_panel_shows_all_points_and_says_where_a_line_goes_on(points, reaches, turned):
    axis = Figure().subplots()
    lines = [(x - r, x + r, k, "k") for k, (x, r) in enumerate(zip(points, reaches, strict=False))]
    axis.plot(points, range(len(points)), "k.")
    for low, high, place, color in lines:
        axis.plot([low, high], [place, place], color=color)
    cut = cut_long_lines(axis, points, lines, turned)
    left, right = axis.get_xlim()
    assert left <= min(points) <= max(points) <= right
    marks = {(line.get_marker(), line.get_ydata()[0]) for line in axis.lines[len(lines) + 1 :]}
    leaving = {("<>"[turned], place) for low, _, place, _ in lines if low < left}
    leaving |= {("><"[turned], place) for _, high, place, _ in lines if high > right}
    assert marks >= leaving
    assert cut == bool(marks)
    span = max(points) - min(points)
    assert not cut or right - left <= 3.5 * span


def test_own_method_variants_and_baselines_have_their_colors(tmp_path):
    methods = [
        ("input", "Input", "Classical", "none", [0]),
        ("he", "HE", "Classical", "none", [0]),
        ("clahe", "CLAHE", "Classical", "none", [0]),
        ("zero_dce", "Zero-DCE", "Zero-reference networks", "official", [0]),
        ("zero_leinr", "Zero-LEINR", VARIANTS_GROUP, "trained here", [0]),
        ("no_enrb", "without ENRB", VARIANTS_GROUP, "trained here", [0]),
    ]
    levels = {name: 1.0 for name, *_ in methods}
    look = looks(read_study(make_study(tmp_path, methods=methods, levels=levels)))
    colors = {name: found.color for name, found in look.items()}
    assert colors["he"] == colors["clahe"]
    assert len(set(colors.values())) == 5
    own, variant = np.array(colors["zero_leinr"]), np.array(colors["no_enrb"])
    # A tint lies on the line from its color to white.
    np.testing.assert_allclose((variant - own) / (1 - own), (variant - own)[0] / (1 - own)[0])


def test_intervals_end_where_a_metric_ends():
    ssim = Metric("ssim", "SSIM", "up", True, ["standard"])
    assert clip(-1.5, 1.2, ssim) == (-1, 1)
    assert clip(-0.2, 0.4, Metric("niqe", "NIQE", "down", False, [])) == (0, 0.4)
    assert clip(-3, 30, Metric("psnr", "PSNR", "up", True, [])) == (-3, 30)


@pytest.mark.parametrize(("panels", "across"), [(0, 1), (1, 1), (4, 4), (5, 3), (9, 3), (8, 4)])
def test_rows_of_panels_are_even(panels, across):
    assert side_by_side(Page(), panels) == across
