"""What can be seen of training on a GPU without one: tensors with a device, and without values."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from baselines import sci
from baselines.recipe import BaselineRecipe, make_recipe
from baselines.registry import find
from experiments.study import load_studies
from zero_leinr import enrb, streams, training
from zero_leinr.training_step import training_step

IMAGES = np.zeros((5, 128, 128, 3), np.uint8)
SMALL = {"epochs": 2, "batch": 2, "image_size": 128, "crop": 64}
METHODS = ["zero_leinr", "light_only", "no_enrb"]
METHODS += ["zero_dce_retrained", "zero_dce_pp_retrained", "sci_retrained"]


@pytest.fixture
def gpu(monkeypatch):
    """A GPU that knows types, shapes and devices: tensors of two devices do not go together.

    It has no random streams, and modules cannot be moved to it, so they are made there.
    """
    no_stream = SimpleNamespace(manual_seed=lambda _: None)
    monkeypatch.setattr(streams, "torch", SimpleNamespace(Generator=lambda _: no_stream))
    monkeypatch.setattr(nn.Module, "to", lambda module, *_, **__: module)
    monkeypatch.setattr(training, "resident", lambda images, _: torch.from_numpy(images).cuda())
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
    for number, epoch, batch in training.batches(IMAGES, recipe, 0, 0, "cuda"):
        values = step(batch, epoch, number)
    assert number == 5
    assert {value.device.type for value in values.values()} == {"cuda"}
    with pytest.raises(DataDependentOutputException):  # so none of all this asked for a value
        next(iter(values.values())).item()
