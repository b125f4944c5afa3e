"""Folders of images are listed in natural order and paired by stem."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.helpers import one_line

from experiments.data import images
from zero_leinr.errors import InputError


def test_list_is_natural_and_passes_over_the_rest(tmp_path):
    for name in ["10.png", "2.png", "1.PNG", ".hidden.png", "notes.txt"]:
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [p.name for p in images.list_images(tmp_path)] == ["1.PNG", "2.png", "10.png"]


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_natural_order_is_the_order_of_numbers(numbers):
    names = [f"img{n}_b.png" for n in numbers]
    ordered = sorted(names, key=images.natural_key)
    assert ordered == [f"img{n}_b.png" for n in sorted(numbers)]


@given(st.lists(st.text(max_size=6)))
def test_natural_key_compares_any_names(names):
    sorted(names, key=images.natural_key)


def test_empty_and_missing_folders(tmp_path):
    with pytest.raises(InputError, match="no images in this folder"):
        images.list_images(tmp_path)
    with pytest.raises(InputError, match="cannot be listed"):
        images.list_images(tmp_path / "absent")


def test_two_files_with_one_stem(tmp_path):
    for name in ["a.png", "a.jpg"]:
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"a\.jpg and a\.png have the same stem"):
        images.list_images(tmp_path)


def make_pair_folders(tmp_path, low, high):
    for folder, files in (("low", low), ("high", high)):
        (tmp_path / folder).mkdir()
        for name, size in files.items():
            Image.new("RGB", size).save(tmp_path / folder / name)
    return tmp_path / "low", tmp_path / "high"


def test_pairs_are_matched_by_stem(tmp_path):
    size = (40, 40)
    low, high = make_pair_folders(
        tmp_path,
        {"2.png": size, "10.png": size},
        {"10.bmp": size, "2.bmp": size},
    )
    pairs = images.match_pairs(low, high)
    assert [(a.name, b.name) for a, b in pairs] == [("2.png", "2.bmp"), ("10.png", "10.bmp")]


@pytest.mark.parametrize("lonely", ["low", "high"])
def test_missing_partner(tmp_path, lonely):
    files = {"low": {"1.png": (40, 40)}, "high": {"1.png": (40, 40)}}
    files[lonely] = files[lonely] | {"2.png": (40, 40)}
    folders = make_pair_folders(tmp_path, files["low"], files["high"])
    with pytest.raises(InputError, match="no partner") as error:
        images.match_pairs(*folders)
    assert f"{lonely}/2.png" in one_line(error)


def test_pair_with_two_sizes_names_both(tmp_path):
    folders = make_pair_folders(tmp_path, {"1.png": (40, 40)}, {"1.png": (41, 40)})
    with pytest.raises(InputError, match=r"40x40.*41x40") as error:
        images.match_pairs(*folders)
    assert "low/1.png" in one_line(error)
    assert "high/1.png" in one_line(error)
