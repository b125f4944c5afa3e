"""`zero_leinr.enhance`: every kind of image in, the same kind out; wrong ones named in one line."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from support.helpers import one_line

import zero_leinr
from zero_leinr import InputError, enhance, inference, load_released
from zero_leinr.adjust import blend, set_exposure
from zero_leinr.image_kinds import on_pixels
from zero_leinr.images import read_image


@pytest.fixture(scope="module")
def photo():
    """A dark scene with colors, uint8 (40, 48, 3): tells rows from columns."""
    y, x = np.mgrid[0:40, 0:48]
    return np.stack([x, y, 60 - (x + y) // 2], axis=-1).astype(np.uint8)


@pytest.fixture(scope="module")
def enhanced(photo):
    return inference.enhance(load_released(), photo, "minimal")


def negative(pixels):
    """A function of pixels that is easily foretold."""
    assert pixels.shape[2] == 3
    assert pixels.dtype in (np.uint8, np.float32)
    return (255 if pixels.dtype == np.uint8 else 1) - pixels


def test_a_uint8_array_is_enhanced_as_by_the_command_line(photo, enhanced):
    made = enhance(photo)
    assert np.array_equal(made, enhanced)
    assert made.mean() > 2 * photo.mean()


def test_a_path_gives_a_pillow_image(photo, enhanced, tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path, icc_profile=b"a profile")
    for given in (path, str(path)):
        made = enhance(given)
        assert np.array_equal(np.asarray(made), enhanced)
        assert made.info["icc_profile"] == b"a profile"
    made.save(tmp_path / "out.png")
    assert Image.open(tmp_path / "out.png").info["icc_profile"] == b"a profile"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_a_turned_photo_comes_back_upright(photo, tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / f"turned{suffix}"
    Image.fromarray(photo).save(path, exif=exif)
    for given in (path, Image.open(path)):
        made = on_pixels(lambda pixels: pixels, given)
        assert np.array_equal(np.asarray(made), read_image(path))
        made.save(tmp_path / f"again{suffix}", quality=100)
        assert Image.open(tmp_path / f"again{suffix}").size == (40, 48)


def test_float_and_sixteen_bit_images_are_not_rounded_to_8_bits(photo, enhanced):
    """A gradient finer than 1/255 stays one, and both differ from 8 bits by rounding alone."""
    floats = enhance(photo / 255)
    assert floats.dtype == np.float64
    assert len(np.unique(floats)) > 256
    # Rounding before the denoiser, too, moves a pixel by less than 3/255.
    assert np.abs(floats * 255 - enhanced).max() < 3
    words = enhance((photo * 257.0).astype(np.uint16))
    assert words.dtype == np.uint16
    assert np.abs(words / 65535 - floats).max() < 1e-4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(40, 48), (40, 48, 1), (40, 48, 2), (40, 48, 3), (40, 48, 4)])
def test_arrays_come_back_as_they_are(shape, dtype):
    """Gray stays gray, alpha is kept, and nothing but the function changes a value."""
    white = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    array = (np.random.default_rng(0).random(shape) * white).astype(dtype)
    before = array.copy()
    made = on_pixels(negative, array)
    assert (made.dtype, made.shape) == (array.dtype, array.shape)
    assert np.array_equal(array, before), "the input was changed"
    expected = white - array.astype(np.float64)
    if array.ndim == 3 and array.shape[2] in (2, 4):
        expected[..., -1] = array[..., -1]
    assert np.abs(made - expected).max() <= (0 if white == 255 else 1e-3 * white)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("shape", [(1, 40, 48), (3, 40, 48), (2, 3, 40, 48), (1, 4, 40, 48)])
def test_tensors_come_back_as_they_are(shape, dtype):
    tensor = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    tensor = (tensor * 255).to(dtype) if dtype == torch.uint8 else tensor.to(dtype)
    made = on_pixels(negative, tensor.requires_grad_(dtype != torch.uint8))
    assert (made.dtype, made.shape, made.device) == (tensor.dtype, tensor.shape, tensor.device)
    assert made.is_contiguous()
    expected = (255 if dtype == torch.uint8 else 1) - tensor.detach().float()
    if shape[-3] == 4:
        expected[..., 3, :, :] = tensor.detach()[..., 3, :, :]
    tolerance = 2**-8 if dtype == torch.bfloat16 else 1e-6
    assert torch.allclose(made.float(), expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize(
    ("mode", "comes_back"),
    [
        *[(mode, mode) for mode in ("L", "LA", "RGB", "RGBA", "I;16")],
        *[("1", "L"), ("P", "RGB"), ("CMYK", "RGB"), ("YCbCr", "RGB"), ("I", "I;16")],
    ],
)
def test_pillow_images_come_back_as_they_are(photo, mode, comes_back):
    image = Image.fromarray(photo).convert("L" if "I" in mode else mode)
    if "I" in mode:
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
        image = image.convert("I") if mode == "I" else image
    made = on_pixels(lambda pixels: pixels, image)
    assert (made.mode, made.size) == (comes_back, image.size)
    assert np.array_equal(np.asarray(made), np.asarray(image.convert(comes_back)))


def test_a_transparent_palette_keeps_its_transparency(photo):
    image = Image.fromarray(photo).convert("P")
    image.info["transparency"] = int(np.asarray(image)[0, 0])
    made = on_pixels(negative, image)
    assert made.mode == "RGBA"
    assert np.asarray(made)[0, 0, 3] == 0
    assert np.asarray(made)[39, 47, 3] == 255


def test_strength_and_exposure(photo, enhanced):
    assert np.array_equal(enhance(photo, strength=0), photo)
    half = enhance(photo, strength=0.5).astype(int)
    assert np.abs(half - (photo.astype(int) + enhanced) / 2).max() <= 0.5
    for level in (0.2, 0.5, 0.7):
        assert enhance(photo, exposure=level).mean() / 255 == pytest.approx(level, abs=0.003)
        made = enhance(photo / 255, strength=0.5, exposure=level)
        assert made.mean() == pytest.approx(level, abs=1e-4)


def test_exposure_keeps_black_white_and_the_order_of_brightness():
    ramp = np.linspace(0, 1, 300, dtype=np.float32).reshape(10, 10, 3)
    for level in (0.02, 0.3, 0.9):
        made = set_exposure(ramp, level).ravel()
        assert made[0] == 0
        assert made[-1] == 1
        assert (np.diff(made) >= 0).all()
    black = np.zeros((4, 4, 3), np.uint8)
    assert np.array_equal(set_exposure(black, 0.5), black)
    dim = np.full((4, 4, 3), 1e-4, np.float32)
    assert dim.mean() < set_exposure(dim, 0.5).mean() <= 0.5


def test_blending_uint8_neither_wraps_around_nor_drifts():
    low, high = np.full((1, 1, 3), 250, np.uint8), np.full((1, 1, 3), 3, np.uint8)
    assert blend(low, high, 0.5).tolist() == [[[127, 127, 127]]]
    assert np.array_equal(blend(low, low, 0.3), low)


def nan(shape=(40, 48, 3)):
    return np.full(shape, np.nan)


WRONG = [
    (np.full((40, 48, 3), 20.0), r"float pixels from 20 to 20; scale them to \[0, 1\]"),
    (nan(), "float pixels from nan to nan"),
    (np.full((40, 48, 3), -0.1), "float pixels from -0.1"),
    (np.zeros((40, 48, 3), np.int64), "int64 pixels; give uint8, uint16 or float"),
    (np.zeros((40, 48), bool), "bool pixels"),
    (np.zeros((3, 40, 48), np.uint8), r"shape \(3, 40, 48\); give \(H, W\) or \(H, W, C\)"),
    (np.zeros((2, 40, 48, 3), np.uint8), r"shape \(2, 40, 48, 3\)"),
    (np.zeros((0, 0, 3), np.uint8), "0x0 px; each side must be at least 32 px"),
    (np.zeros((40, 20, 3), np.uint8), "20x40 px; each side must be at least 32 px"),
    (torch.zeros(40, 48, 3), r"a tensor of shape \(40, 48, 3\); give \(C, H, W\)"),
    (torch.zeros(0, 3, 40, 48), r"a tensor of shape \(0, 3, 40, 48\)"),
    (torch.full((3, 40, 48), 255.0), "float pixels from 255 to 255"),
    (Image.new("F", (48, 40)), "floating-point pixels"),
    (Image.fromarray(np.full((40, 48), 70000, np.int32)), "more than 16 bits"),
    (Image.new("RGB", (20, 40)), "20x40 px"),
    ("nowhere.png", "nowhere.png: no such file"),
    ([[1, 2], [3, 4]], "a list is not an image"),
    (None, "a NoneType is not an image"),
]


@pytest.mark.parametrize(("image", "message"), WRONG)
def test_a_wrong_image_is_named_in_one_line(image, message):
    with pytest.raises(InputError, match=message) as error:
        enhance(image)
    assert one_line(error)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 1.5}, "strength 1.5: give a number from 0 to 1"),
        ({"strength": float("nan")}, "strength nan"),
        ({"exposure": 0}, "exposure 0: give a number between 0 and 1"),
        ({"exposure": 128}, "exposure 128"),
        ({"weights": "nowhere.safetensors"}, "nowhere.safetensors: no such weights"),
        ({"weights": 3}, "weights: a int; give a path or a ZeroLEINR"),
        ({"device": "tpu"}, "device tpu: not known; use auto, cpu, cuda or mps"),
        ({"padding": "round"}, "padding 'round': not known"),
        ({"tile": 33}, "tile 33"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(photo, options, message):
    with pytest.raises(InputError, match=message) as error:
        enhance(photo, **options)
    assert one_line(error)


def test_a_missing_gpu_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="device cuda: not on this machine") as error:
        load_released("cuda")
    assert "use cpu or auto" in one_line(error)


def test_weights_are_a_file_or_a_model(photo, enhanced):
    stage1 = load_released()
    stage1.enrb = None
    made = enhance(photo, weights=stage1)
    assert np.array_equal(made, inference.enhance(stage1, photo, "minimal"))
    assert not np.array_equal(made, enhanced)
    assert np.array_equal(enhance(photo, weights=zero_leinr.released.RELEASED), enhanced)


def test_importing_the_package_needs_no_torch():
    code = (
        "import sys, zero_leinr; assert zero_leinr.__version__; dir(zero_leinr)\n"
        "assert not {'torch', 'numpy', 'PIL'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    for name in zero_leinr.__all__:
        assert getattr(zero_leinr, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'enhanced'"):
        _ = zero_leinr.enhanced
