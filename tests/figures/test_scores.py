"""The figure of the scores: panels, marks and notes."""

import pytest
from matplotlib.text import Text
from support.fake_study import LEVELS, make_study, write
from support.figures import assert_written, shown, texts

from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.scores import draw as draw_scores
from experiments.figures.scores import row_positions, write_score_figure
from experiments.figures.style import Page, paper_style


def score_figure(folder, dataset):
    study = read_study(folder)
    scores = read_scores(folder, study).query("protocol == 'standard' and dataset == @dataset")
    with paper_style():
        return draw_scores(study, study.dataset(dataset), scores)


def test_score_figure_is_written(tmp_path):
    files = write_score_figure(make_study(tmp_path), "pairs")
    assert_written(tmp_path, files, "scores_pairs")


def test_score_figure_has_a_panel_a_metric_and_methods_from_top_to_bottom(tmp_path):
    figure = score_figure(make_study(tmp_path), "pairs")
    titles = [axis.get_title() for axis in shown(figure.axes)]
    assert titles == ["PSNR (dB) ↑", "SSIM ↑", "LPIPS ↓", "NIQE* ↓"]
    axis = figure.axes[0]
    ticks = zip(axis.get_yticks(), axis.get_yticklabels(), strict=True)
    assert [text.get_text() for _, text in sorted(ticks, key=lambda tick: tick[0])] == [
        *("Classical", "Input", "HE"),
        *("Networks", "Zero-DCE", "Zero-LEINR†"),
    ]
    bottom, top = axis.get_ylim()
    assert bottom > top


def test_score_figure_shows_means_at_their_places(tmp_path):
    axis = score_figure(make_study(tmp_path), "pairs").axes[0]
    marks = {line.get_marker(): line for line in axis.lines if line.get_marker() in "sD"}
    assert (marks["s"].get_xdata()[0], marks["s"].get_ydata()[0]) == pytest.approx((3.1, 4))
    assert (marks["D"].get_xdata()[0], marks["D"].get_ydata()[0]) == pytest.approx((4.2, 5))
    (seeds,) = (line for line in axis.lines if line.get_marker() == ".")
    assert list(seeds.get_xdata()) == pytest.approx([4.1, 4.3])


def test_score_figure_carries_its_caveats(tmp_path):
    make_study(tmp_path, missing={"lpips": "no weights"})
    note = texts(score_figure(tmp_path, "pairs"))
    assert "Trained with a reduced budget." in note
    assert "ranks badly on its own." in note.replace("\N{NO-BREAK SPACE}", " ")
    assert "LPIPS is not shown: no weights." in note


def test_score_figure_without_any_score_says_so(tmp_path):
    make_study(tmp_path, datasets=("single",), missing={"niqe": "no weights"})
    figure = score_figure(tmp_path, "single")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no score in this protocol"]
    assert_written(tmp_path, write_score_figure(tmp_path, "single"), "scores_single")


@pytest.mark.parametrize("dataset", ["pairs", "single"])
def test_no_text_of_a_score_figure_leaves_it_or_meets_another(tmp_path, dataset):
    figure = score_figure(make_study(tmp_path), dataset)
    figure.draw_without_rendering()
    axis = figure.axes[0]
    # figure.texts: the title and the note at the foot.
    parts = [*figure.texts, *axis.get_yticklabels(), axis.title, *figure.legends]
    boxes = [part.get_window_extent() for part in parts]
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 - 1 <= box.x0
        assert box.x1 <= figure.bbox.x1 + 1
        assert figure.bbox.y0 - 1 <= box.y0
        assert box.y1 <= figure.bbox.y1 + 1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_dollar_signs_in_a_label_are_no_math(tmp_path):
    path = make_study(tmp_path, levels=LEVELS | {"full": 4000.0}) / "study.json"
    write(path, path.read_text().replace('"Zero-LEINR"', '"cost $x_{$"'))
    assert_written(tmp_path, write_score_figure(tmp_path, "pairs"), "scores_pairs")
    axis = score_figure(tmp_path, "pairs").axes[0]
    assert axis.get_xscale() == "log"
    assert {"1", "1000"} <= {text.get_text() for text in axis.get_xticklabels()}
    assert "cost $x_{$†" in [text.get_text() for text in axis.get_yticklabels()]


def test_row_positions_count_every_group_once(tmp_path):
    places, groups = row_positions(read_study(make_study(tmp_path)).methods)
    assert groups == {0: "Classical", 3: "Networks"}
    assert places == {"input": 1, "he": 2, "zero_dce": 4, "full": 5}


def test_same_scores_make_the_same_bytes(tmp_path):
    first = [path.read_bytes() for path in write_score_figure(make_study(tmp_path), "pairs")]
    assert first == [path.read_bytes() for path in write_score_figure(tmp_path, "pairs")]


def test_no_interval_shows_values_that_a_metric_cannot_have(tmp_path):
    levels = {"input": 0.001, "he": 0.97, "zero_dce": 0.5, "full": 0.9}
    figure = score_figure(make_study(tmp_path, levels=levels), "pairs")
    ends = [
        x
        for axis in figure.axes[1:2]
        for line in axis.lines
        if line.get_linewidth() == 1.4
        for x in line.get_xdata()
    ]
    assert max(ends) == 1
    lpips = [line for line in figure.axes[2].lines if line.get_linewidth() == 1.4]
    assert min(x for line in lpips for x in line.get_xdata()) == 0


def test_all_text_has_seven_points(tmp_path):
    figure = score_figure(make_study(tmp_path), "pairs")
    figure.draw_without_rendering()
    sizes = [text.get_fontsize() for text in figure.findobj(Text) if text.get_text()]
    assert min(sizes) >= 7


def test_the_page_of_a_paper_bounds_the_figure(tmp_path):
    methods = [(f"m{k}", f"M{k}", "", "official", [0]) for k in range(24)]
    levels = {name: 1.0 for name, *_ in methods}
    folder = make_study(tmp_path, ("pairs",), methods=methods, levels=levels)
    study = read_study(folder)
    scores = read_scores(folder, study).query("protocol == 'standard'")
    with paper_style():
        figure = draw_scores(study, study.dataset("pairs"), scores, Page(4.8, 4.8, 6.6))
    width, height = figure.get_size_inches()
    assert width <= 4.8
    assert height <= 6.6
    assert "NIQE is not shown for want of room." in texts(figure)
