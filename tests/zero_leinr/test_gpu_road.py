"""What can be seen of a GPU without one: tensors that have a device, and no values."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from baselines import pairlie, ruas, sci, zero_dce, zero_dce_pp, zero_ig
from baselines.recipe import BaselineRecipe, make_recipe
from baselines.registry import find
from experiments.score import perceptual
from experiments.sheets.study import load_studies
from zero_leinr import batches, enrb, rng
from zero_leinr.inference import enhance
from zero_leinr.model import ZeroLEINR
from zero_leinr.training_step import training_step

IMAGES = np.zeros((5, 128, 128, 3), np.uint8)
SMALL = {"epochs": 2, "batch": 2, "image_size": 128, "crop": 64}
PHOTO = np.full((64, 96, 3), 40, np.uint8)
METHODS = ["zero_leinr", "light_only", "no_enrb"]
METHODS += ["zero_dce_retrained", "zero_dce_pp_retrained", "sci_retrained"]


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that knows types, shapes and devices: tensors of two devices do not go together.

    It has no random streams, and modules cannot be moved to it, so they are made there.
    """
    no_stream = SimpleNamespace(manual_seed=lambda _: None)
    monkeypatch.setattr(rng, "torch", SimpleNamespace(Generator=lambda _: no_stream))
    monkeypatch.setattr(nn.Module, "to", lambda module, *_, **__: module)
    monkeypatch.setattr(batches, "resident", lambda images, _: torch.from_numpy(images).cuda())
    for module, kept in ((enrb, "_pairs"), (sci, "_color_space")):  # from here or from there
        monkeypatch.setattr(module, kept, getattr(module, kept).__wrapped__)
    with FakeTensorMode():
        yield torch.device("cuda")


@pytest.mark.parametrize("method", METHODS)
def test_a_training_is_all_on_the_gpu_and_never_waits_for_it(method, gpu, monkeypatch):
    recipe = make_recipe(load_studies()["ablations_real"].methods[method].recipe).replace(SMALL)
    baseline = isinstance(recipe, BaselineRecipe)
    make_step = find(f"{recipe.method}:training_step") if baseline else training_step
    with gpu:
        step = make_step(recipe, 0, "cuda")

    def backward(_: Tensor) -> None:  # there is no backward pass on such a GPU
        for weight in step.model.parameters():
            weight.grad = torch.zeros_like(weight)

    monkeypatch.setattr(Tensor, "backward", backward)
    for number, epoch, batch in batches.batches(IMAGES, recipe, 0, 0, "cuda"):
        values = step(batch, epoch, number)
    assert number == 5
    assert {value.device.type for value in values.values()} == {"cuda"}
    with pytest.raises(DataDependentOutputException):  # so none of all this asked for a value
        next(iter(values.values())).item()


@pytest.fixture
def values(monkeypatch):
    """Lets values be read, zeros all of them, but only where a processor has them."""

    def numpy(tensor: Tensor) -> np.ndarray:
        assert tensor.device.type == "cpu"
        kind = np.uint8 if tensor.dtype == torch.uint8 else np.float32
        return np.zeros(tuple(tensor.shape), kind)

    monkeypatch.setattr(Tensor, "numpy", numpy)
    monkeypatch.setattr(Tensor, "item", lambda _: 0.0)


@pytest.mark.parametrize("options", [{}, {"padding": "minimal", "tile": 32}])
def test_images_are_enhanced_on_the_gpu(options, gpu, values):
    with gpu:
        model = ZeroLEINR()
    assert enhance(model, PHOTO, **options).shape == PHOTO.shape


@pytest.mark.parametrize("baseline", [pairlie, ruas, sci, zero_dce, zero_dce_pp, zero_ig])
def test_baselines_enhance_on_the_gpu(baseline, gpu, values, monkeypatch):
    monkeypatch.setattr(baseline, "load", lambda network, *_: network.requires_grad_(False))
    with gpu:
        method = baseline.build({}, None, "cuda")
    height = 60 if baseline is zero_dce_pp else 64  # it crops to multiples of 12
    assert method(PHOTO).shape == (height, 96, 3)


def test_lpips_is_computed_on_the_gpu(gpu, values, monkeypatch):
    with gpu:
        trunk = {
            f"features.{layer.number}.{name}": torch.zeros(shape)
            for layer in perceptual.ALEXNET
            for name, shape in (("weight", layer.shape), ("bias", layer.shape[:1]))
        }
        linear = [torch.zeros(layer.shape[0], 1, 1) for layer in perceptual.ALEXNET]
    monkeypatch.setattr(perceptual, "_lpips_weights", lambda _: (trunk, linear))
    monkeypatch.setattr("zero_leinr.device.choose_device", lambda name: name)
    assert perceptual.lpips(PHOTO, PHOTO, "cuda") == 0
