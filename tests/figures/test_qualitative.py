"""The grid of images: its tiles, crops and labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_study import make_study
from support.figures import assert_written, texts
from support.study_to_report import change

from experiments.analysis.results import read_study
from experiments.figures.pictures import ZOOM, default_crops, pick
from experiments.figures.qualitative import even_columns, write_qualitative
from experiments.figures.style import Page, Request, caption_of, parse_crop
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
    return [text.get_text().replace("\n", " ") for text in figure.texts]


def test_grid_of_pairs_shows_input_methods_and_reference(grid):
    figure = grid("pairs")
    names = ["Input", "HE", "Zero-DCE", "Zero-LEINR†"]
    expected = [f"{name} {k}.00 / {k}.000" for k, name in enumerate(names, start=1)]
    assert labels(figure)[:5] == [*expected, "Reference"]
    assert len(labels(figure)) == 3 * 5
    assert len(figure.axes) == 3 * 3 * 5  # the whole image and two crops
    assert "first seed" in texts(figure)
    assert "reduced" in texts(figure)


def test_grid_without_references_shows_no_scores(grid):
    assert labels(grid("single")) == 2 * ["Input", "HE", "Zero-DCE", "Zero-LEINR†"]


def test_images_crops_and_methods_can_be_chosen(tmp_path):
    request = Request(
        tmp_path / "own", images=("02",), crops=(("", (0, 0, 8, 8)),), methods=("he", "full")
    )
    pdf, png = write_qualitative(make_study(tmp_path), "pairs", request)
    assert pdf.parent == tmp_path / "own"
    caption = caption_of(png)
    assert "Pairs, from top to bottom: 02." in caption
    assert "strongest edges" not in caption


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"images": ("9",)}, "no image '9'; it has 01, 02, 03"),
        ({"methods": ("a",)}, "no method 'a'; it has input, he"),
        ({"crops": (("", (90, 0, 8, 8)),)}, "crop 90,0,8,8 leaves its 96x64 pixels"),
    ],
)
def test_what_is_not_there_is_one_line(tmp_path, wanted, message):
    with pytest.raises(InputError, match=message):
        write_qualitative(make_study(tmp_path), "pairs", Request(**wanted))


def test_grid_shows_the_input_as_it_is_and_marks_the_crop(grid):
    figure = grid("pairs")
    whole, crop = figure.axes[:2]
    pixels = np.asarray(whole.images[0].get_array())
    assert pixels.max() == 200 // 4
    frame, _ = whole.patches
    x, y = (int(value) for value in frame.get_xy())
    zoomed = np.asarray(crop.images[0].get_array())
    assert zoomed.shape == (64 // ZOOM, 96 // ZOOM, 3)
    np.testing.assert_array_equal(zoomed, pixels[y : y + zoomed.shape[0], x : x + zoomed.shape[1]])


def test_grid_shows_a_cropped_image_at_its_place(tmp_path):
    import experiments.figures.qualitative as module

    image = np.full((60, 94, 3), 7, np.uint8)
    write_image(tmp_path / "cropped.png", image)
    tile = module.Tile(["a"], tmp_path / "cropped.png")
    figure = module.draw([module.Example([tile], (64, 96), [(72, 48, 24, 16)])])
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
    with pytest.raises(InputError, match="no data set 'lol'; known: pairs, single"):
        write_qualitative(make_study(tmp_path), "lol")


@given(st.integers(0, 47), st.integers(0, 71))
def test_crop_lies_where_the_edges_are(y, x):
    image = np.zeros((64, 96, 3), np.uint8)
    image[y : y + 16, x : x + 24] = 255
    left, top, _, _ = default_crops(image, image)[0]
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
    image = np.clip(image, 0, 255).astype(np.uint8)
    left, top, _, _ = default_crops(image, image)[0]
    assert top > 80
    assert left > 80


@given(st.integers(1, 30), st.integers(1, 3))
def test_examples_are_spread_over_the_dataset(images, count):
    chosen = pick(list(range(images)), count)
    assert len(chosen) == min(count, images)
    assert chosen == sorted(set(chosen))
    assert chosen[0] >= 0
    assert chosen[-1] < images


def test_the_second_crop_is_dark_flat_and_apart():
    image = np.full((80, 120, 3), 200, np.uint8)
    image[:40, :60] = (
        np.random.default_rng(0).integers(0, 255, (10, 15, 1)).repeat(4, 0).repeat(4, 1)
    )
    image[40:, 60:] = 60
    (left, top, w, h), (x, y, _, _) = default_crops(image, image)
    assert left < 60
    assert top < 40
    assert image[y : y + h, x : x + w].max() == 60
    assert abs(x - left) >= w or abs(y - top) >= h


@given(st.integers(1, 40), st.integers(1, 9))
def test_rows_of_tiles_are_filled_evenly(tiles, most):
    columns = even_columns(tiles, most)
    rows = -(-tiles // columns)
    assert columns <= most
    assert rows * columns - tiles < rows


def test_what_the_config_chooses_stands_where_no_option_does(tmp_path):
    grid = {
        "images": ["03", "01"],
        "crops": ["01:0,0,8,8"],
        "methods": ["full"],
        "labels": {"full": "Ours"},
    }
    change(make_study(tmp_path), lambda content: content.update(grids={"pairs": grid}))
    study = read_study(tmp_path)
    wanted = Request().completed(study, "pairs")
    assert wanted.images == ("03", "01")
    assert wanted.crops == (("01", (0, 0, 8, 8)),)
    assert wanted.label(study, study.methods[-1]) == "Ours†"
    assert Request(images=("02",)).completed(study, "pairs").images == ("02",)
    assert Request().completed(study, "single") == Request()
    _, png = write_qualitative(tmp_path, "pairs")
    caption = caption_of(png)
    assert "from top to bottom: 03, 01." in caption
    assert "equal distances" not in caption
    assert "Own method and the best" not in caption


def test_a_crop_is_of_one_image_or_of_all():
    assert parse_crop("120,80,150,100") == ("", (120, 80, 150, 100))
    assert parse_crop("a:b:0,0,1,1") == ("a:b", (0, 0, 1, 1))
    for bad in ("1,2,3", "1,2,0,4", "179", "1,2,-3,4"):
        with pytest.raises(InputError, match="write left,top,width,height"):
            parse_crop(bad)


def test_the_caption_names_the_rule_of_methods(tmp_path):
    page = Page(width=3.9)
    _, png = write_qualitative(make_study(tmp_path), "pairs", Request(page=page))
    assert "Best of the 3 methods by PSNR." in caption_of(png)
