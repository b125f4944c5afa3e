"""Input, gamma, HE and CLAHE against their definitions; the registry against wrong entries."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2hsv

import baselines
from baselines import classical, registry
from baselines.registry import build, options, settings_of
from experiments.sheets.reading import PACKAGE, load_checked
from zero_leinr.errors import InputError

SHEET = load_checked(PACKAGE / "config" / "methods.yaml", "methods.schema.yaml")
METHODS = {name: build(SHEET[name]) for name in ("input", "gamma", "he", "clahe")}
each_method = pytest.mark.parametrize("name", METHODS)


def scene(height=64, width=80):
    """A dark, colored gradient with noise."""
    rng = np.random.default_rng(0)
    light = np.linspace(5, 90, width)[None, :, None] * np.array([1.0, 0.7, 0.5])
    return rng.poisson(np.broadcast_to(light, (height, width, 3))).astype(np.uint8)


def gray(values):
    return np.repeat(np.asarray(values, np.uint8)[..., None], 3, axis=2)


# ------------------------------------------------------------------------- the methods


@each_method
@settings(deadline=None, max_examples=20)
@given(image=arrays(np.uint8, st.tuples(st.integers(9, 20), st.integers(9, 20), st.just(3))))
def test_any_image_gives_one_of_its_size_and_stays_as_it_is(name, image):
    before = image.copy()
    enhanced = METHODS[name](image)
    assert enhanced.dtype == np.uint8
    assert enhanced.shape == image.shape
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(enhanced, image)


def test_the_input_is_returned_as_it_is():
    np.testing.assert_array_equal(METHODS["input"](scene()), scene())


def test_gamma_is_a_power_of_the_unit_range_rounded():
    levels = gray(np.arange(256).reshape(16, 16))
    bright = METHODS["gamma"](levels)
    np.testing.assert_array_equal(bright, np.rint(255 * (levels / 255) ** (1 / 2.2)))
    unchanged = build({"method": "classical:gamma", "settings": {"gamma": 1}})
    np.testing.assert_array_equal(unchanged(levels), levels)


def test_histogram_equalization_gives_each_value_its_rank():
    dark = scene()[..., 0]
    rank = np.array([(dark <= value).mean() for value in range(256)])
    np.testing.assert_array_equal(METHODS["he"](gray(dark)), gray(np.rint(255 * rank[dark])))


def test_clahe_spreads_local_contrast_and_more_with_a_higher_limit():
    image = scene(160, 200)
    spread = [image.std()]
    for limit in (0.01, 0.05, 0.3):
        method = build({"method": "classical:clahe", "settings": {"clip_limit": limit}})
        spread.append(method(image).std())
    assert spread == sorted(set(spread))


@pytest.mark.parametrize("name", ["he", "clahe"])
def test_hue_and_saturation_stay(name):
    before, after = rgb2hsv(scene()), rgb2hsv(METHODS[name](scene()))
    bright = (before[..., 2] > 0.2) & (before[..., 1] > 0.2)  # elsewhere 8 bit is too coarse
    turn = np.abs(before[..., 0] - after[..., 0])[bright]
    assert np.minimum(turn, 1 - turn).max() < 0.01
    assert np.abs(before[..., 1] - after[..., 1])[bright].max() < 0.01


# ------------------------------------------------------------------------- the registry


@pytest.mark.parametrize("name", [name for name in SHEET if "method" in SHEET[name]])
def test_every_entry_of_the_sheet_names_code_that_is_there(name):
    assert callable(registry.find(SHEET[name]["method"]))


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("abent", "no file baselines/abent.py"),
        ("classical", "no function 'build'"),
        ("classical:gama", "no function 'gama'"),
        ("../cli", "no file"),
    ],
)
def test_an_unknown_method_is_named_with_where_it_was_looked_for(method, message):
    with pytest.raises(InputError, match=message):
        build({"method": method})


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("classical:gamma", {"gama": 2}, r"unknown setting 'gama' \(known: gamma\)"),
        ("classical:gamma", {"gamma": "2"}, "'gamma' cannot be '2'"),
        ("classical:gamma", {"gamma": True}, "'gamma' cannot be True"),
        ("classical:gamma", {"gamma": 0}, "above 0"),
        ("classical:clahe", {"clip_limit": 2}, r"in \(0, 1\]"),
        ("classical:identity", {"any": 1}, "it has none"),
        ("classical:histogram_equalization", {"bins": 8}, "unknown setting 'bins'"),
    ],
)
def test_wrong_settings_are_refused(method, given, message):
    with pytest.raises(InputError, match=message):
        build({"method": method, "settings": given})


def test_a_whole_number_does_for_a_number():
    assert options({"gamma": 2}, gamma=2.2) == {"gamma": 2}
    assert options({}, gamma=2.2) == {"gamma": 2.2}


def test_pairlie_has_another_exponent_on_lol():
    assert settings_of(SHEET["pairlie"], "lol_eval15") == {"exponent": 0.14}
    assert settings_of(SHEET["pairlie"], "dicm") == {"exponent": 0.2}
    assert settings_of(SHEET["pairlie"]) == {"exponent": 0.2}


def test_settings_of_a_dataset_reach_the_method():
    entry = {"method": "classical:gamma", "settings_for": {"lol_eval15": {"gamma": 1}}}
    np.testing.assert_array_equal(build(entry, dataset="lol_eval15")(scene()), scene())
    assert build(entry, dataset="dicm")(scene()).mean() > scene().mean()


@pytest.mark.parametrize(
    "returned", ["image / 255", "image[1:]", "image[..., 0]", "image.astype('uint16')"]
)
def test_a_baseline_that_returns_something_else_is_named(returned, tmp_path, monkeypatch):
    (tmp_path / "newcomer.py").write_text(
        f"def build(s, w, d):\n    return lambda image: {returned}\n"
    )
    monkeypatch.setattr(baselines, "__path__", [*baselines.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "baselines.newcomer", raising=False)
    with pytest.raises(TypeError, match="newcomer"):
        build({"method": "newcomer"})(scene())


def test_a_crop_must_be_announced_and_be_the_one_announced(monkeypatch):
    monkeypatch.setattr(
        classical, "corner", lambda *_: lambda image: image[:60, :72], raising=False
    )
    entry = {"method": "classical:corner"}
    assert build(entry | {"crops_to": 12})(scene(64, 80)).shape == (60, 72, 3)
    with pytest.raises(TypeError, match="corner"):
        build(entry)(scene(64, 80))
    with pytest.raises(TypeError, match="corner"):
        build(entry | {"crops_to": 16})(scene(64, 80))


def test_methods_without_a_network_start_without_torch():
    code = (
        "import sys, numpy; from baselines.registry import build;"
        "build({'method': 'classical:gamma'})(numpy.zeros((9, 9, 3), 'uint8'));"
        "sys.exit('torch' in sys.modules or 'skimage' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
