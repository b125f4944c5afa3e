"""What holds for each of LIME, BIMEF, NPE, the retinexes and Dong, and their scores on LOL."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.helpers import needs_data
from support.pictures import dim_scene

from baselines import bimef, dong, lime, msrcr, npe
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
    np.testing.assert_array_equal(METHODS[name](dim_scene()), METHODS[name](dim_scene()))


@each_method
def test_gray_stays_gray(name):
    gray = np.repeat(dim_scene()[..., :1], 3, axis=2)
    enhanced = METHODS[name](gray).astype(int)
    assert np.ptp(enhanced, axis=2).max() <= (1 if name == "bimef" else 0)


@each_method
def test_dark_scene_gets_brighter(name):
    assert METHODS[name](dim_scene()).mean() > 1.3 * dim_scene().mean()


@pytest.mark.parametrize(("name", "margin"), [("lime", 0), ("bimef", 3)])
def test_no_pixel_gets_darker(name, margin):
    # BIMEF's code takes 0.01, 2.55 steps, off the computed exposure.
    gain = METHODS[name](dim_scene()).astype(int) - dim_scene()
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
