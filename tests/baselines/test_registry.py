"""The registry: it builds what the config names, and refuses wrong entries."""

import subprocess
import sys

import numpy as np
import pytest
from support.baselines import SHEET
from support.pictures import scene

import baselines
from baselines import classical, registry
from baselines.registry import build, options, settings_of
from zero_leinr.errors import InputError


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
        ("classical:gamma", {"gama": 2}, r"unknown setting 'gama'; did you mean gamma\?"),
        ("classical:gamma", {"gamma": "2"}, "'gamma' cannot be '2'"),
        ("classical:gamma", {"gamma": True}, "'gamma' cannot be True"),
        ("classical:gamma", {"gamma": 0}, "above 0"),
        ("classical:clahe", {"clip_limit": 2}, r"in \(0, 1\]"),
        ("classical:identity", {"any": 1}, "known: none"),
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
