"""Controls: deterministic, of known worth, and never ranked."""

import numpy as np
import pytest
from support.baselines import SHEET

from baselines.registry import build
from experiments.data.listing import Item
from experiments.enhance.run import references
from zero_leinr.errors import InputError

CONTROLS = {name: entry for name, entry in SHEET.items() if "control" in entry}


def image(seed=0, level=120):
    return np.random.default_rng(seed).integers(level - 20, level + 20, (64, 80, 3), np.uint8)


def test_all_controls_stand_in_a_group_of_their_own():
    assert {entry["group"] for entry in CONTROLS.values()} == {"Controls"}
    assert {name for name, entry in SHEET.items() if entry["group"] == "Controls"} == set(CONTROLS)
    assert {entry["control"] for entry in CONTROLS.values()} == {"positive", "negative"}


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_gives_the_same_image_in_any_order(name):
    first, second = image(0), image(1)
    made = build(CONTROLS[name])(first), build(CONTROLS[name])(second)
    again = build(CONTROLS[name])
    np.testing.assert_array_equal(again(second), made[1])
    np.testing.assert_array_equal(again(first), made[0])


def test_the_reference_is_not_touched():
    np.testing.assert_array_equal(build(CONTROLS["reference"])(image()), image())


def test_noise_and_cast_are_those_that_the_entry_names():
    made = build(CONTROLS["degraded_reference"])(image()).astype(float)
    settings = CONTROLS["degraded_reference"]["settings"]
    gains = made.mean(axis=(0, 1)) / image().mean(axis=(0, 1))
    np.testing.assert_allclose(gains, [1.1, 1, 0.9], atol=0.01)
    rest = made - image() * gains
    assert rest.std() == pytest.approx(settings["noise"], rel=0.05)
    with pytest.raises(InputError, match="'noise' must be at least 0"):
        build({**CONTROLS["degraded_reference"], "settings": {"noise": -1.0}})


def test_random_brightness_draws_a_factor_for_each_image():
    control = build(CONTROLS["random_brightness"])
    dark = np.random.default_rng(0).integers(5, 25, (20, 40, 40, 3), np.uint8)
    factors = [float(control(one).mean() / one.mean()) for one in dark]
    assert factors == [float(control(one).mean() / one.mean()) for one in dark]
    assert 0.9 < min(factors) < 2 < 6 < max(factors) < 10.1


def test_a_positive_control_gets_references_in_place_of_low_light_images():
    assert references("reference", [Item("1", "low.png", "high.png")]) == [
        Item("1", "high.png", "high.png")
    ]
    with pytest.raises(InputError, match="method reference is made of references"):
        references("reference", [Item("1", "low.png", "high.png"), Item("2", "b.png", None)])
