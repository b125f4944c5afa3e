"""The enhance stage: whole listings, and the device of a method."""

import numpy as np
import pytest

from experiments.data.listing import Item
from experiments.enhance.run import WRITERS, adjusted, baseline, enhance_items
from zero_leinr import images
from zero_leinr.errors import InputError


def test_a_network_without_weights_finds_its_device_too(monkeypatch):
    """CoLIE has neither weights nor a recipe, and yet a GPU to run on."""
    with pytest.raises(InputError, match="cuda: not on this machine"):
        baseline({"method": "colie"}, None, "cuda")
    found = []
    monkeypatch.setattr("zero_leinr.device.choose_device", lambda name: found.append(name) or "cpu")
    baseline({"method": "colie"}, None)
    assert found == ["auto"]


def test_all_images_of_a_listing_are_written_as_they_were_enhanced(tmp_path):
    """More images than are written at a time, in two sizes."""
    scenes = {f"{k}": np.full((40 + k % 2, 48, 3), 7 * k, np.uint8) for k in range(2 * WRITERS + 1)}
    items = []
    for name, scene in scenes.items():
        images.write_image(tmp_path / "low" / f"{name}.png", scene)
        items.append(Item(name, str(tmp_path / "low" / f"{name}.png"), None))
    enhance_items(lambda image: image + 50, items, tmp_path / "out")
    for name, scene in scenes.items():
        assert np.array_equal(images.read_image(tmp_path / "out" / f"{name}.png"), scene + 50)


def test_an_image_that_cannot_be_written_stops_the_work(tmp_path):
    images.write_image(tmp_path / "a.png", np.zeros((40, 40, 3), np.uint8))
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="out"):
        enhance_items(
            lambda image: image, [Item("a", str(tmp_path / "a.png"), None)], tmp_path / "out"
        )


def test_strength_and_exposure_steer_a_method():
    image = np.full((40, 40, 3), 50, np.uint8)
    brighter = lambda image: image + 100  # noqa: E731
    assert adjusted(brighter) is brighter
    assert (adjusted(brighter, strength=0.25)(image) == 75).all()
    assert abs(adjusted(brighter, exposure=0.4)(image).mean() / 255 - 0.4) < 0.01
    assert (adjusted(brighter, strength=0)(image) == image).all()
