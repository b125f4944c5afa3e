"""LPIPS: equal to the package lpips, and no score from missing or damaged weights."""

from pathlib import Path

import numpy as np
import pytest
from support.helpers import needs_data, one_line
from support.pictures import noisy, scene
from support.tensors import to_tensor

from experiments.score import perceptual
from zero_leinr.errors import InputError


@needs_data
def test_lpips_equals_pyiqa(monkeypatch):
    """pyiqa's own LPIPS, filled with the trunk and with the linear weights that lpips ships."""
    import lpips
    import pyiqa
    import torch
    import torchvision

    alexnet = torchvision.models.alexnet  # pyiqa would download its weights
    monkeypatch.setattr(torchvision.models, "alexnet", lambda **_: alexnet(weights=None))

    linear = Path(lpips.__file__).parent / "weights/v0.1/alex.pth"
    other = pyiqa.create_metric(
        "lpips", device="cpu", net="alex", pnet_rand=True, pretrained=False, eval_mode=True
    ).net
    state = torch.load(linear, map_location="cpu", weights_only=True)
    assert not other.load_state_dict(state, strict=False).unexpected_keys
    assert torch.equal(other.lin4.model[1].weight, state["lin4.model.1.weight"])
    trunk = np.load(perceptual.metric_weights("lpips_trunk"))
    for key, value in other.net.state_dict().items():
        _, layer, kind = key.split(".")
        value.copy_(torch.from_numpy(trunk[f"features.{layer}.{kind}"]))
    reference = scene()
    enhanced = noisy(reference // 3, 10)
    with torch.no_grad():
        expected = float(other(to_tensor(enhanced), to_tensor(reference), normalize=True))
    assert perceptual.lpips(enhanced, reference) == pytest.approx(expected, abs=1e-5)
    assert expected > 0.05  # random or untrained weights would give next to nothing


@needs_data
def test_lpips_is_zero_for_identical_images_and_grows_with_noise():
    reference = scene(64, 64)
    values = [perceptual.lpips(noisy(reference, sigma), reference) for sigma in (0, 8, 30)]
    assert values[0] == 0
    assert values == sorted(values)


@pytest.fixture
def no_weights(monkeypatch):
    def unavailable(name, download=False):
        raise InputError(f"{name}: cannot be had")

    monkeypatch.setattr(perceptual, "metric_weights", unavailable)
    perceptual._lpips_weights.cache_clear()
    perceptual._niqe_model.cache_clear()


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("metric", [perceptual.lpips, perceptual.niqe])
def test_no_metric_runs_on_random_weights(metric):
    with pytest.raises(InputError, match="cannot be had"):
        metric(scene(), scene())


@pytest.mark.parametrize("damage", ["not an archive", "an array is missing", "a wrong shape"])
def test_damaged_trunk_is_refused(tmp_path, monkeypatch, damage):
    path = tmp_path / "alexnet.npz"
    shapes = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3)}
    shapes[10] = (256, 256, 3)
    arrays = {}
    for layer, (out, into, side) in shapes.items():
        arrays[f"features.{layer}.weight"] = np.zeros((out, into, side, side), np.float32)
        arrays[f"features.{layer}.bias"] = np.zeros(out, np.float32)
    if damage == "an array is missing":
        del arrays["features.6.bias"]
    elif damage == "a wrong shape":
        arrays["features.0.bias"] = np.zeros(1, np.float32)
    np.savez(path, **arrays)
    if damage == "not an archive":
        path.write_bytes(b"<html>not found</html>")
    monkeypatch.setattr(perceptual, "metric_weights", lambda name: path)
    perceptual._lpips_weights.cache_clear()
    with pytest.raises(InputError) as error:
        perceptual.lpips(scene(), scene())
    assert str(path) in one_line(error)
    perceptual._lpips_weights.cache_clear()


@needs_data
def test_trunk_from_torchvisions_file_gives_the_same_score(tmp_path, monkeypatch):
    import torch

    arrays = np.load(perceptual.metric_weights("lpips_trunk"))
    expected = perceptual.lpips(scene(64, 64), noisy(scene(64, 64), 20))
    path = tmp_path / "alexnet-owt-7be5be79.pth"
    state = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    torch.save({**state, "classifier.6.bias": torch.zeros(1000)}, path)
    monkeypatch.setattr(perceptual, "metric_weights", lambda name: path)
    perceptual._lpips_weights.cache_clear()
    assert perceptual.lpips(scene(64, 64), noisy(scene(64, 64), 20)) == expected
    perceptual._lpips_weights.cache_clear()
