"""LIME, BIMEF, NPE, the retinexes and Dong: their formulas, their limits, their scores."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import gaussian_filter
from support.helpers import needs_data

from baselines import bimef, dong, lime, msrcr, npe, smoothing
from baselines.pixels import to_uint8, to_unit
from zero_leinr.errors import InputError

BUILDERS = {
    "lime": lime.build,
    "bimef": bimef.build,
    "npe": npe.build,
    "ssr": msrcr.ssr,
    "msr": msrcr.msr,
    "msrcr": msrcr.build,
    "dong": dong.build,
}
METHODS = {name: build({}, None, "cpu") for name, build in BUILDERS.items()}
each_method = pytest.mark.parametrize("name", METHODS)


def scene(height=46, width=61, seed=0):
    """A dark, unevenly lit scene with edges, texture and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    light = 0.03 + 0.3 * (x / width) ** 2
    paint = 0.4 + 0.5 * (np.sin(x / 5) * np.sin(y / 7) > 0)
    color = np.array([1.0, 0.8, 0.6])
    image = (light * paint)[..., None] * color + rng.normal(0, 0.005, (height, width, 3))
    return to_uint8(image)


# ------------------------------------------------------------------------- every method


@each_method
@settings(deadline=None, max_examples=20)
@given(image=arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))))
def test_any_image_gives_one_of_its_size(name, image):
    before = image.copy()
    with np.errstate(all="raise", under="ignore"):
        enhanced = METHODS[name](image)
    assert enhanced.dtype == np.uint8
    assert enhanced.shape == image.shape
    np.testing.assert_array_equal(image, before)


@each_method
def test_same_image_same_result(name):
    np.testing.assert_array_equal(METHODS[name](scene()), METHODS[name](scene()))


@each_method
def test_gray_stays_gray(name):
    gray = np.repeat(scene()[..., :1], 3, axis=2)
    enhanced = METHODS[name](gray).astype(int)
    assert np.ptp(enhanced, axis=2).max() <= (1 if name == "bimef" else 0)


@each_method
def test_dark_scene_gets_brighter(name):
    assert METHODS[name](scene()).mean() > 1.3 * scene().mean()


@pytest.mark.parametrize(("name", "margin"), [("lime", 0), ("bimef", 3)])
def test_no_pixel_gets_darker(name, margin):
    # BIMEF's code takes 0.01, 2.55 steps, off the computed exposure.
    gain = METHODS[name](scene()).astype(int) - scene()
    assert gain.min() >= -margin


@each_method
def test_unknown_setting_is_named(name):
    with pytest.raises(InputError, match="'stength'"):
        BUILDERS[name]({"stength": 1}, None, "cpu")


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("lime", {"alpha": 0}),
        ("lime", {"sigma": -1}),
        ("lime", {"gamma": 0}),
        ("lime", {"denoise": -5}),
        ("bimef", {"mu": -0.1}),
        ("ssr", {"scale": 0}),
        ("dong", {"omega": 1}),
    ],
)
def test_setting_out_of_range_is_named(name, setting):
    with pytest.raises(InputError, match=f"'{next(iter(setting))}'"):
        BUILDERS[name](setting, None, "cpu")


@pytest.mark.parametrize("value", [1, 20, 90])
def test_constant_image(value):
    image = np.full((20, 30, 3), value, np.uint8)
    expected = {
        "lime": round(255 * (value / 255) ** 0.2),  # image / illumination^0.8
        "npe": 255,  # its illumination holds the whole histogram
        "ssr": 128,  # nothing stands out of its surround
        "msr": 128,
        "msrcr": 128,
        "dong": value,  # the veil is the image: nothing is left to dehaze
    }
    for name, result in expected.items():
        assert np.unique(METHODS[name](image)).tolist() == [result], name


# ---------------------------------------------------------------------------- smoothing


def random_system(shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random(shape), 10 ** rng.uniform(-3, 3, shape), 10 ** rng.uniform(-3, 3, shape)


@pytest.mark.parametrize("shape", [(7, 9), (8, 8), (5, 12)])
@pytest.mark.parametrize("wraps", [True, False])
def test_smooth_solves_the_least_squares_problem(shape, wraps, monkeypatch):
    monkeypatch.setattr(smoothing, "COARSEST", 4)  # so that a tiny image needs several grids
    monkeypatch.setattr(smoothing, "TOLERANCE", 1e-10)
    image, weight_x, weight_y = random_system(shape)
    if not wraps:
        weight_x[:, -1] = 0
        weight_y[-1] = 0
    identity = np.eye(image.size)
    differences = [
        (np.roll(identity.reshape(*shape, -1), -1, axis).reshape(image.size, -1) - identity)
        for axis in (1, 0)
    ]
    dense = identity.copy()
    for difference, weight in zip(differences, (weight_x, weight_y), strict=True):
        dense += difference.T @ np.diag(weight.ravel()) @ difference
    expected = np.linalg.solve(dense, image.ravel()).reshape(shape)
    np.testing.assert_allclose(smoothing.smooth(image, weight_x, weight_y), expected, atol=1e-8)


def test_smooth_is_accurate_to_a_fraction_of_a_gray_level():
    from scipy.sparse.linalg import spsolve

    first = to_unit(scene(120, 150)).max(axis=2)
    weights = lime.structure_weights(first, 0.15, 2)
    exact = spsolve(smoothing.system(*weights).tocsc(), first.ravel()).reshape(first.shape)
    assert np.abs(smoothing.smooth(first, *weights) - exact).max() < 0.1 / 255


def test_smooth_keeps_range_and_mean():
    image, weight_x, weight_y = random_system((60, 70))
    smoothed = smoothing.smooth(image, weight_x, weight_y)
    assert smoothed.min() >= image.min()
    assert smoothed.max() <= image.max()
    assert smoothed.mean() == pytest.approx(image.mean(), rel=1e-3)
    assert smoothed.std() < image.std() / 2


def test_multigrid_cycle_is_symmetric_and_positive(monkeypatch):
    monkeypatch.setattr(smoothing, "COARSEST", 4)
    _, weight_x, weight_y = random_system((6, 7))
    cycle = smoothing.multigrid(smoothing.system(weight_x, weight_y), (6, 7))
    matrix = np.array([cycle(column) for column in np.eye(42)])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert np.linalg.eigvalsh(matrix).min() > 0


# ------------------------------------------------------------------------ LIME and BIMEF


def test_lime_weights_are_low_on_an_edge_and_high_on_texture():
    x = np.arange(60)
    image = np.tile(np.where(x < 20, 0.2, 0.8) + 0.05 * (x > 30) * (-1) ** x, (40, 1))
    weight_x, _ = lime.structure_weights(image, 0.15, 2)
    edge, texture, flat = weight_x[20, 19], weight_x[20, 45], weight_x[20, 8]
    assert edge < texture / 20 < flat
    assert not weight_x[:, -1].any()


def test_lime_denoising_acts_on_the_dark_part():
    noisy = scene(60, 80)
    noisy[:, 40:] = 250 - noisy[:, 40:] // 8
    plain, denoised = (lime.build({"denoise": d}, None, "cpu")(noisy) for d in (0, 50))
    change = np.abs(plain.astype(int) - denoised)
    assert change[:, :30].mean() > 4 * change[:, 50:].mean()


def test_lime_denoising_keeps_the_color_difference():
    rng = np.random.default_rng(0)
    enhanced = rng.uniform(0.3, 0.7, (20, 20, 3))
    result = lime.recompose(enhanced, np.full((20, 20, 1), 0.2), 0.1)
    np.testing.assert_allclose(
        result[..., 0] - result[..., 2], enhanced[..., 0] - enhanced[..., 2], atol=1e-12
    )


@given(
    image=arrays(float, array_shapes(max_dims=2, max_side=4), elements=st.floats(0, 1)),
    first=st.floats(1, 7),
    second=st.floats(1, 7),
)
def test_exposures_multiply(image, first, second):
    twice = bimef.expose(bimef.expose(image, first), second)
    np.testing.assert_allclose(twice, bimef.expose(image, first * second), rtol=1e-9)
    np.testing.assert_allclose(bimef.expose(image, 1), image)


def test_a_longer_exposure_is_brighter():
    assert (np.diff([bimef.expose(np.array(0.3), ratio) for ratio in (1, 2, 4, 7)]) > 0).all()
    assert bimef.expose(np.array(1.0), 2) > 1


def test_entropy_in_bits():
    assert bimef.entropy(np.full(9, 0.3)) == 0
    assert bimef.entropy(np.arange(256) / 255) == pytest.approx(8)


def test_bimef_leaves_a_bright_image_as_it_is():
    image = scene() // 4 + 180
    np.testing.assert_array_equal(METHODS["bimef"](image), image)


def test_bimef_with_mu_zero_gives_the_image_back():
    np.testing.assert_array_equal(bimef.build({"mu": 0}, None, "cpu")(scene()), scene())


# --------------------------------------------------------------------------------- NPE


def test_co_occurrence_counts_the_four_neighbors(monkeypatch):
    monkeypatch.setattr(npe, "VALUES", 1)
    counts = npe.co_occurrence(np.array([[1, 2], [1, 5]], np.uint8))
    assert counts.sum() == 8
    assert counts[1, 1] == 2
    assert counts[1, 2] == counts[2, 1] == counts[2, 5] == counts[5, 1] == 1


def test_bright_pass_against_its_definition():
    lightness = np.random.default_rng(0).integers(0, 40, (12, 17)).astype(np.uint8)
    frequency = npe.co_occurrence(lightness)
    measured = npe.bright_pass(lightness, frequency)
    padded = np.pad(lightness, npe.REACH, mode="symmetric").astype(int)
    side = 2 * npe.REACH + 1
    for y, x in np.ndindex(lightness.shape):
        center = int(lightness[y, x])
        patch = padded[y : y + side, x : x + side]
        weight = frequency[center, patch] * (patch >= center)
        expected = (weight * patch).sum() / weight.sum() if weight.any() else center
        assert measured[y, x] == pytest.approx(expected, rel=1e-4)


@given(arrays(np.float64, (5, 6), elements=st.floats(0, 255)))
def test_bi_log_keeps_the_order(illumination):
    mapped = npe.bi_log(illumination)
    assert (np.diff(mapped) >= 0).all()
    assert mapped.min() >= 0
    assert mapped.max() <= 255


def test_bi_log_leaves_its_target_alone():
    # One pixel of each value: its log-weighted histogram is the logarithmic one.
    np.testing.assert_allclose(npe.bi_log(np.arange(256.0)[None]), np.arange(256), atol=1)


# ---------------------------------------------------------------------------- retinexes


@pytest.mark.parametrize("scale", [2.0, 9.0, 40.0])
def test_gaussian_by_cosine_transform_is_the_spatial_one(scale):
    image = np.random.default_rng(0).random((37, 50, 3))
    spatial = gaussian_filter(image, (scale, scale, 0), mode="reflect", truncate=8)
    np.testing.assert_allclose(msrcr.gaussian(image, [scale])[0], spatial, atol=1e-6)


def test_retinex_does_not_see_a_colored_light():
    image = to_unit(scene()) + 0.01
    lit = image * [2.0, 0.7, 0.4]
    np.testing.assert_allclose(
        msrcr.retinex(lit, msrcr.SCALES), msrcr.retinex(image, msrcr.SCALES), atol=1e-9
    )


def test_color_restoration_leaves_gray_to_the_multi_scale_retinex():
    gray = np.repeat(scene()[..., :1], 3, axis=2)
    difference = METHODS["msrcr"](gray).astype(int) - METHODS["msr"](gray)
    assert np.abs(difference).max() <= 1  # rounding alone


def test_stretch_clips_one_percent_at_either_end():
    image = np.random.default_rng(0).normal(5, 3, (100, 100, 3))
    stretched = msrcr.stretch(image)
    assert (stretched <= 0).mean() == pytest.approx(0.01, abs=1e-3)
    assert (stretched >= 1).mean() == pytest.approx(0.01, abs=1e-3)


# -------------------------------------------------------------------------------- Dong


def test_dong_removes_a_known_veil():
    # A scene with a dark pixel in every window, seen through half a veil: as haze forms, inverted.
    rng = np.random.default_rng(0)
    clear = rng.uniform(0, 0.5, (40, 40, 3))
    clear[::3, ::3] = 0
    through = 0.6
    light = np.array([0.9, 0.85, 0.8])
    hazy = clear * through + light * (1 - through)
    darkest = dong.minimum_filter(hazy, size=(7, 7, 1), mode="nearest")
    # What is left is the share 1 - omega of the veil: 1 - omega (1 - t).
    expected = 1 - 0.8 * (1 - through)
    np.testing.assert_allclose(dong.transmission(darkest, light, 0.8), expected, atol=1e-6)


def test_transmission_is_sharpened_below_one_half():
    light = np.ones(3)
    through = dong.transmission(np.full((1, 1, 3), 0.9), light, 0.8)  # 0.28 before
    np.testing.assert_allclose(through, 2 * 0.28**2)


def test_airlight_is_the_brightest_of_the_haziest_pixels():
    hazy = np.full((30, 30, 3), 0.5)
    dark_channel = np.full((30, 30), 0.4)
    dark_channel[3:5, 3] = 0.6
    hazy[4, 3] = [0.7, 0.8, 0.9]
    hazy[20, 20] = 1.0  # brighter, but not hazy
    np.testing.assert_array_equal(dong.airlight(hazy, dark_channel), [0.7, 0.8, 0.9])


# -------------------------------------------------------------------------- on real data

# Mean PSNR (dB) on LOL eval15's images 22, 547 and 748. BIMEF's is that of its authors' MATLAB
# code; the others are measured with this code (docs/classical-baselines.md tells what they are
# compared with) and guard against a change by accident.
MEASURED = {
    "lime": 17.15,
    "bimef": 15.82,
    "npe": 16.24,
    "ssr": 9.91,
    "msr": 9.88,
    "msrcr": 10.44,
    "dong": 20.24,
}


@needs_data
@pytest.mark.parametrize(("name", "expected"), MEASURED.items())
def test_score_on_lol(name, expected):
    folder = Path(os.environ["ZERO_LEINR_DATA"]) / "lol" / "eval15"
    from zero_leinr.images import read_image

    scores = []
    for stem in ("22", "547", "748"):
        enhanced = METHODS[name](read_image(folder / "low" / f"{stem}.png"))
        error = enhanced.astype(float) - read_image(folder / "high" / f"{stem}.png")
        scores.append(10 * np.log10(255**2 / np.mean(error**2)))
    assert np.mean(scores) == pytest.approx(expected, abs=0.05)
