"""Photos as files: bits, EXIF data, profiles and orientations stay what they are."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from experiments.cli.enhance import FORMATS as NAMED
from experiments.enhance.photo_files import (
    DEEP,
    EXIF_IFD,
    FORMATS,
    GPS_IFD,
    HEIGHT,
    MAKER_NOTE,
    WIDTH,
    Photo,
    PhotoFiles,
    beside,
    read_photo,
    to_8bit,
    write_photo,
)
from zero_leinr.images import TURNS, read_image

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)


@pytest.fixture
def deep():
    return np.random.default_rng(0).integers(0, 65536, (40, 60, 3)).astype(np.uint16)


def taken(path, pixels, orientation=1):
    """Save a photo as a camera does."""
    exif = Image.Exif()
    exif[0x0110], exif[0x0112], exif[0x8298] = "Camera", orientation, "Me"
    height, width = pixels.shape[:2]
    exif[EXIF_IFD] = {0x829A: 0.25, WIDTH: width, HEIGHT: height, MAKER_NOTE: b"offsets"}
    exif[GPS_IFD] = {1: "N"}
    Image.fromarray(pixels).save(path, exif=exif.tobytes(), icc_profile=SRGB, quality=95)
    return path


@pytest.mark.parametrize("kind", FORMATS)
def test_exif_and_profile_are_kept_and_the_orientation_is_applied_once(tmp_path, pixels, kind):
    source = taken(tmp_path / "a.jpg", pixels, orientation=6)
    photo, target = read_photo(source), tmp_path / f"b{FORMATS[kind]}"
    assert photo.pixels.shape == (60, 40, 3)
    write_photo(target, photo.pixels, photo, kind)
    assert read_image(target).shape == (60, 40, 3)
    if kind in DEEP:
        assert np.array_equal(read_image(target), photo.pixels)
    with Image.open(target) as image:
        exif = image.getexif()
        assert (exif[0x0110], exif[0x8298], exif.get(0x0112)) == ("Camera", "Me", None)
        assert exif.get_ifd(EXIF_IFD) == {0x829A: 0.25, WIDTH: 40, HEIGHT: 60}
        assert exif.get_ifd(GPS_IFD) == {1: "N"}
        assert image.info["icc_profile"] == SRGB


@pytest.mark.parametrize("kind", DEEP)
def test_sixteen_bits_stay_sixteen_bits(tmp_path, pixels, deep, kind):
    like = read_photo(taken(tmp_path / "a.jpg", pixels))
    path = tmp_path / f"a{FORMATS[kind]}"
    write_photo(path, deep, like, kind)
    again = read_photo(path)
    assert again.pixels.dtype == np.uint16
    assert np.array_equal(again.pixels, deep)
    assert again.profile == SRGB
    if kind == "png":
        assert again.exif == like.exif
    assert np.abs(read_image(path).astype(int) - to_8bit(deep)).max() <= 1


@pytest.mark.parametrize("turn", TURNS)
def test_sixteen_bits_are_turned_as_eight_are(tmp_path, deep, turn):
    import tifffile

    exif = Image.Exif()
    exif[0x0112] = turn
    write_photo(tmp_path / "a.png", deep, Photo(deep, exif.tobytes()))
    tifffile.imwrite(
        tmp_path / "a.tif", deep, photometric="rgb", extratags=[(274, "H", 1, turn, True)]
    )
    turned = np.asarray(Image.fromarray(to_8bit(deep)).transpose(TURNS[turn]))
    for name in ("a.png", "a.tif"):
        assert np.array_equal(to_8bit(read_photo(tmp_path / name).pixels), turned)


def test_gray_and_transparent_photos_of_sixteen_bits(tmp_path, deep):
    import cv2

    cv2.imwrite(str(tmp_path / "gray.png"), deep[..., 0])
    gray = read_photo(tmp_path / "gray.png").pixels
    assert np.array_equal(gray, deep[..., :1].repeat(3, 2))
    alpha = np.zeros((40, 60, 1), np.uint16)
    alpha[:20] = 65535
    cv2.imwrite(str(tmp_path / "alpha.png"), np.concatenate([deep[..., ::-1], alpha], 2))
    shown = read_photo(tmp_path / "alpha.png").pixels
    assert np.array_equal(shown[:20], deep[:20])
    assert (shown[20:] == 65535).all()


def test_damaged_exif_data_are_left_out(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert read_photo(tmp_path / "a.jpg").exif is None


def test_a_method_of_eight_bits_gets_eight(tmp_path, deep):
    write_photo(tmp_path / "a.png", deep, Photo(deep))
    image, _ = PhotoFiles().read(tmp_path / "a.png")
    assert image.dtype == np.float32
    assert np.array_equal((image * np.float32(65535) + 0.5).astype(np.uint16), deep)
    for files in (PhotoFiles(deep=False), PhotoFiles("jpg")):
        assert np.array_equal(files.read(tmp_path / "a.png")[0], to_8bit(deep))


def test_before_and_after_stand_side_by_side():
    before, after = np.zeros((60, 90, 3), np.uint8), np.full((60, 90, 3), 200, np.uint8)
    both = beside(before, after, width=45)
    assert both.shape == (30, 45 + 8 + 45, 3)
    assert (both[:, :45] == 0).all()
    assert (both[:, 45:53] == 255).all()
    assert (both[:, 53:] == 200).all()


def test_the_command_names_the_formats_that_there_are():
    assert set(NAMED) == set(FORMATS)
