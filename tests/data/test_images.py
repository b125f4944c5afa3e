"""Images are read as what they show, and bad files are named in one line."""

import os
import stat
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.helpers import one_line

from experiments.data import images
from zero_leinr.errors import InputError


@pytest.fixture
def picture():
    """Return a smooth 40x48 colour image: survives JPEG and tells rows from columns."""
    y, x = np.mgrid[0:40, 0:48]
    return np.stack([x * 5, y * 6, 255 - x * 2 - y * 2], axis=-1).astype(np.uint8)


def test_rgb_round_trip_is_exact(tmp_path, picture):
    images.write_image(tmp_path / "new" / "a.png", picture)
    np.testing.assert_array_equal(images.read_image(tmp_path / "new" / "a.png"), picture)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.png"]  # no temporary file left


def test_grey_becomes_three_equal_channels(tmp_path, picture):
    Image.fromarray(picture[..., 0]).save(tmp_path / "a.png")
    shown = images.read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(shown, np.repeat(picture[..., :1], 3, axis=-1))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path, suffix):
    values = np.linspace(0, 65535, 40 * 48).reshape(40, 48).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / f"a{suffix}")
    shown = images.read_image(tmp_path / f"a{suffix}")
    expected = np.floor(values / 65535 * 255 + 0.5).astype(np.uint8)
    np.testing.assert_array_equal(shown[..., 1], expected)
    assert shown.shape == (40, 48, 3)


def test_transparent_parts_show_the_page(tmp_path, picture):
    alpha = np.full((40, 48, 1), 255, np.uint8)
    alpha[:10] = 0
    Image.fromarray(np.concatenate([picture, alpha], axis=-1)).save(tmp_path / "a.png")
    shown = images.read_image(tmp_path / "a.png")
    assert (shown[:10] == 255).all()
    np.testing.assert_array_equal(shown[10:], picture[10:])


def test_transparent_palette_shows_the_page(tmp_path):
    index = np.zeros((40, 48), np.uint8)
    index[:, 24:] = 1
    image = Image.fromarray(index, mode="P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.save(tmp_path / "plain.png")
    image.save(tmp_path / "clear.png", transparency=0)
    plain, clear = (images.read_image(tmp_path / f"{n}.png") for n in ("plain", "clear"))
    assert plain[0, 0].tolist() == [10, 20, 30]
    assert clear[0, 0].tolist() == [255, 255, 255]
    assert plain[0, 40].tolist() == clear[0, 40].tolist() == [200, 100, 50]


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_shows_the_same_colours(tmp_path, picture, suffix):
    Image.fromarray(picture).convert("CMYK").save(tmp_path / f"a{suffix}", quality=95)
    shown = images.read_image(tmp_path / f"a{suffix}")
    assert np.abs(shown.astype(int) - picture).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, picture, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / "a.png", exif=exif)
    turned = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, -1),
        7: picture[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(picture),
    }[orientation]
    shown = images.read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(shown, turned)
    assert images.image_size(tmp_path / "a.png") == shown.shape[1::-1]


def exif_of(*tags):
    """EXIF data of tags as they are given: number, type, count, four bytes."""
    entries = b"".join(struct.pack("<HHI4s", *tag) for tag in tags)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


TURNED = (0x0112, 3, 1, b"\6")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize(
    ("exif", "upright"),
    [
        (exif_of(TURNED, (0x0102, 2, 4, b"abc")), False),  # another tag has text for a number
        (exif_of(TURNED, (0x011A, 2, 4, b"abc")), False),
        (exif_of((0x0112, 2, 2, b"6")), True),  # the orientation has
        (b"Exif\0\0no tags at all", True),
    ],
)
def test_a_photo_with_damaged_tags_still_opens(tmp_path, picture, suffix, exif, upright):
    path = tmp_path / f"a{suffix}"
    Image.fromarray(picture).save(path, exif=exif)
    shown = images.read_image(path)
    assert shown.shape == (picture.shape if upright else np.rot90(picture).shape)
    assert images.image_size(path) == shown.shape[1::-1]


def test_a_tiff_whose_tags_are_of_the_wrong_kind_is_named(tmp_path, picture):
    path = tmp_path / "a.tif"
    Image.fromarray(picture).save(path)
    place_of_pixels = struct.pack("<HH", 0x0111, 4)
    text = struct.pack("<HH", 0x0111, 2)
    path.write_bytes(path.read_bytes().replace(place_of_pixels, text))
    with pytest.raises(InputError, match=r"a\.tif: cannot be read as an image"):
        images.read_image(path)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file") as error:
        images.read_image(tmp_path / "absent.png")
    assert "absent.png" in one_line(error)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_truncated_file(tmp_path, suffix):
    rng = np.random.default_rng(0)
    whole = tmp_path / f"whole{suffix}"
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(whole)
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cannot be read as an image") as error:
        images.read_image(cut)
    assert f"cut{suffix}" in one_line(error)


def test_not_an_image(tmp_path):
    (tmp_path / "notes.png").write_text("this is text")
    with pytest.raises(InputError, match="not an image") as error:
        images.read_image(tmp_path / "notes.png")
    assert "notes.png" in one_line(error)


def test_floating_point_image_is_refused(tmp_path):
    Image.fromarray(np.zeros((40, 40), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match="floating-point"):
        images.read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("size", [(31, 64), (64, 31)])
def test_under_32_px(tmp_path, size):
    Image.new("RGB", size).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="at least 32 px") as error:
        images.read_image(tmp_path / "a.png")
    assert f"{size[0]}x{size[1]}" in one_line(error)


def test_no_permission_to_read(tmp_path, picture, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Image, "open", refuse)  # a real chmod means nothing to root
    with pytest.raises(InputError, match="no permission to read"):
        images.read_image(tmp_path / "a.png")


def test_no_permission_to_write(tmp_path, picture):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(InputError, match="cannot be written"):
        images.write_image(folder / "a.png", picture)


def test_file_where_a_folder_is_needed(tmp_path, picture):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="cannot be written") as error:
        images.write_image(tmp_path / "taken" / "a.png", picture)
    assert "a.png" in one_line(error)


def test_a_failed_write_keeps_the_old_file(tmp_path, picture, monkeypatch):
    path = tmp_path / "a.png"
    images.write_image(path, picture)

    def disk_full(self, target, **kwargs):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", disk_full)
    with pytest.raises(InputError, match="No space left"):
        images.write_image(path, picture + 1)
    np.testing.assert_array_equal(images.read_image(path), picture)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_only_8_bit_rgb_is_written(tmp_path, picture):
    with pytest.raises(TypeError, match="uint8"):
        images.write_image(tmp_path / "a.png", picture / 255)


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
