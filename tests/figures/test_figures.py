"""Figures: the panels, marks and notes that a study's scores, losses and images ask for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from support.fake_study import LEVELS, make_study, write

from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.figures.qualitative import (
    ZOOM,
    busiest_corner,
    even_columns,
    pick,
    write_qualitative,
)
from experiments.figures.scores import draw as draw_scores
from experiments.figures.scores import row_positions, write_score_figure
from experiments.figures.style import cut_long_lines, looks, paper_style
from experiments.figures.training import arrange, read_losses, smooth, write_training_curves
from experiments.figures.training import draw as draw_losses
from zero_leinr.errors import InputError
from zero_leinr.images import write_image


def assert_written(folder, files, *names):
    """PDF with embedded TrueType fonts (Type 42) and PNG, and nothing else in the folder."""
    expected = {f"{name}.{suffix}" for name in names for suffix in ("pdf", "png")}
    assert {file.name for file in files} == expected
    assert {file.name for file in (folder / "figures").iterdir()} == expected
    for file in files:
        content = file.read_bytes()
        assert content.startswith(b"%PDF" if file.suffix == ".pdf" else b"\x89PNG")
        assert b"/Type3" not in content


def texts(figure):
    return " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


def shown(axes):
    return [axis for axis in axes if axis.axison]


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
        *("Classical", "Input", "Histogram_eq"),
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
    assert "Training budget reduced: 2 epochs." in note
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
    write(path, path.read_text().replace("Histogram_eq", "cost $x_{$"))
    assert_written(tmp_path, write_score_figure(tmp_path, "pairs"), "scores_pairs")
    axis = score_figure(tmp_path, "pairs").axes[0]
    assert axis.get_xscale() == "log"
    assert {"1", "1000"} <= {text.get_text() for text in axis.get_xticklabels()}
    assert "cost $x_{$" in [text.get_text() for text in axis.get_yticklabels()]


def test_row_positions_count_every_group_once(tmp_path):
    places, groups = row_positions(read_study(make_study(tmp_path)).methods)
    assert groups == {0: "Classical", 3: "Networks"}
    assert places == {"input": 1, "he": 2, "zero_dce": 4, "full": 5}


def test_same_scores_make_the_same_bytes(tmp_path):
    first = [path.read_bytes() for path in write_score_figure(make_study(tmp_path), "pairs")]
    assert first == [path.read_bytes() for path in write_score_figure(tmp_path, "pairs")]


def test_looks_tell_many_trained_methods_apart(tmp_path):
    study = read_study(make_study(tmp_path))
    many = [type(study.trained[0])(f"m{i}", "", "", "trained here", [0]) for i in range(20)]
    study.methods.extend(many)
    drawn = [looks(study)[method.name] for method in study.trained]
    assert len(set(drawn)) == 21


def test_training_curves_have_a_row_a_network_and_the_total_last(tmp_path):
    make_study(tmp_path)
    study = read_study(tmp_path)
    figure = draw_losses(study, read_losses(tmp_path, study))
    assert [axis.get_title() for axis in shown(figure.axes)] == [
        *("light: exposure", "light: total", "color: angle", "color: total"),
        *("denoiser: reconstruction", "denoiser: total"),
    ]
    # Two thin seeds and their mean; log only where a loss is positive and spans a decade.
    assert [len(axis.lines) for axis in figure.axes] == [3] * 6
    assert figure.axes[4].get_yscale() == "log"
    assert figure.axes[2].get_yscale() == "linear"
    assert "5% of a run's steps" in texts(figure)
    assert "reduced" in texts(figure)
    assert_written(tmp_path, write_training_curves(tmp_path), "training_curves")


def test_bold_line_is_the_mean_of_the_seeds(tmp_path):
    make_study(tmp_path)
    study = read_study(tmp_path)
    axis = draw_losses(study, read_losses(tmp_path, study)).axes[0]
    first, second, mean = (np.asarray(line.get_ydata(), float) for line in axis.lines)
    np.testing.assert_allclose(mean, (first + second) / 2)
    np.testing.assert_allclose(second - first, 1)


@given(st.integers(1, 900), st.floats(-2, 2))
def test_smoothing_keeps_lines_and_thins_them(steps, slope):
    step = np.arange(1, steps + 1)
    smoothed = smooth(pd.DataFrame({"step": step, "light/total": 1.0, "color/total": slope * step}))
    assert len(smoothed) <= 600
    np.testing.assert_allclose(smoothed["light/total"], 1)
    half = round(steps * 0.05) // 2 + 1
    inside = smoothed[(smoothed["step"] > half) & (smoothed["step"] <= steps - half)]
    np.testing.assert_allclose(inside["color/total"], slope * inside["step"], atol=1.01)


def test_losses_are_arranged_by_part():
    arranged = arrange(["light/total", "light/spatial", "plain", "denoiser/total"])
    assert arranged == {"light": ["spatial", "total"], "": ["plain"], "denoiser": ["total"]}


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


@pytest.fixture
def grid(monkeypatch, tmp_path):
    """Draws a qualitative grid and gives the figure as it is saved."""
    import experiments.figures.qualitative as module

    def draw(dataset):
        kept = []
        save = module.save

        def keep(figure, path):
            kept.append(figure)
            return save(figure, path)

        monkeypatch.setattr(module, "save", keep)
        files = write_qualitative(make_study(tmp_path), dataset)
        assert_written(tmp_path, files, f"qualitative_{dataset}")
        return kept[0]

    return draw


def labels(figure):
    return [text.get_text().replace("\n", " ") for axis in figure.axes for text in axis.texts]


def test_grid_of_pairs_shows_input_methods_and_reference(grid):
    figure = grid("pairs")
    expected = ["Input 1.00 dB", "Histogram_eq 2.00 dB", "Zero-DCE 3.00 dB", "Zero-LEINR† 4.00 dB"]
    assert labels(figure)[:5] == [*expected, "Reference"]
    assert len(labels(figure)) == 3 * 5
    assert len(figure.axes) == 2 * 3 * 5
    assert "first seed" in texts(figure)
    assert "reduced" in texts(figure)


def test_grid_without_references_shows_no_scores(grid):
    figure = grid("single")
    assert labels(figure) == 2 * ["Input", "Histogram_eq", "Zero-DCE", "Zero-LEINR†"]


def test_grid_shows_the_input_as_it_is_and_marks_the_crop(grid):
    figure = grid("pairs")
    whole, crop = figure.axes[:2]
    pixels = np.asarray(whole.images[0].get_array())
    assert pixels.max() == 200 // 4
    (frame,) = whole.patches
    x, y = (int(value) for value in frame.get_xy())
    zoomed = np.asarray(crop.images[0].get_array())
    assert zoomed.shape == (64 // ZOOM, 96 // ZOOM, 3)
    np.testing.assert_array_equal(zoomed, pixels[y : y + zoomed.shape[0], x : x + zoomed.shape[1]])


def test_grid_shows_a_cropped_image_at_its_place(tmp_path):
    import experiments.figures.qualitative as module

    image = np.full((60, 94, 3), 7, np.uint8)
    write_image(tmp_path / "cropped.png", image)
    tile = module.Tile(["a"], tmp_path / "cropped.png")
    example = module.Example([tile], (64, 96), (48, 72))
    figure = module.Figure()
    layout = module._layout([example], 4)
    module._draw_tile(figure, tile, example, layout, 0, 0)
    whole, zoomed = (np.asarray(axes.images[0].get_array()) for axes in figure.axes)
    assert whole.shape == (64, 96, 3)
    np.testing.assert_array_equal(whole[:60, :94], image)
    assert (whole[60:] == 255).all()
    np.testing.assert_array_equal(zoomed, whole[48:64, 72:96])


def test_grid_names_a_missing_image(tmp_path):
    path = make_study(tmp_path) / "images" / "he" / "seed0" / "pairs" / "01.png"
    path.unlink()
    with pytest.raises(InputError) as error:
        write_qualitative(tmp_path, "pairs")
    assert str(path) in str(error.value)


def test_grid_of_an_unknown_dataset_is_refused(tmp_path):
    with pytest.raises(InputError, match="no dataset 'lol'; it has pairs, single"):
        write_qualitative(make_study(tmp_path), "lol")


@given(st.integers(0, 47), st.integers(0, 71))
def test_crop_lies_where_the_edges_are(y, x):
    image = np.zeros((64, 96, 3), np.uint8)
    image[y : y + 16, x : x + 24] = 255
    top, left = busiest_corner(image)
    assert 0 <= top <= 64 - 16
    assert 0 <= left <= 96 - 24
    # The crop holds edges of the planted square: it overlaps it without lying in its inside alone.
    assert abs(top - y) <= 16
    assert abs(left - x) <= 24


def test_crop_ignores_noise():
    rng = np.random.default_rng(0)
    image = np.zeros((200, 200, 3))
    image[:, :100] += 20 * rng.standard_normal((200, 100, 1))
    image[150:, 150:] = 255
    top, left = busiest_corner(np.clip(image, 0, 255).astype(np.uint8))
    assert top > 80
    assert left > 80


@given(st.integers(1, 30), st.integers(1, 3))
def test_examples_are_spread_over_the_dataset(images, count):
    chosen = pick(list(range(images)), count)
    assert len(chosen) == min(count, images)
    assert chosen == sorted(set(chosen))
    assert chosen[0] >= 0
    assert chosen[-1] < images


@given(st.integers(1, 40))
def test_rows_of_tiles_are_filled_evenly(tiles):
    for columns in even_columns(tiles):
        rows = -(-tiles // columns)
        assert rows * columns - tiles < rows or tiles < columns


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
