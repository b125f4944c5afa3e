"""The grid of images: its tiles, crops and labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_study import make_study
from support.figures import assert_written, texts

from experiments.figures.qualitative import (
    ZOOM,
    busiest_corner,
    even_columns,
    pick,
    write_qualitative,
)
from zero_leinr.errors import InputError
from zero_leinr.images import write_image


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
