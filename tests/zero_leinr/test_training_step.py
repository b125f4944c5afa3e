"""One training step: learning rate, overflow, compilation."""

import functools

import pytest
import torch
import torch._inductor.config

from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe
from zero_leinr.training_step import COMPILED, TrainingStep, denoiser_lr, training_step

SMALL = {"epochs": 3, "batch": 2, "image_size": 64, "steps_per_epoch": 2}


def weights(model, part):
    net = model.enrb if part == "denoiser" else model.cpleb.branches[part]
    return torch.cat([weight.flatten() for weight in net.state_dict().values()])


def test_learning_rate_follows_the_official_scheduler():
    official = [20, 40, 60, 80]
    for epochs, halvings in [*((n, official) for n in (100, 10, 7, 200)), (100, [70, 90])]:
        recipe = Recipe(epochs=epochs).replace({"denoiser_halvings": halvings})
        assert halvings != official or recipe == Recipe(epochs=epochs)
        optimizer = torch.optim.Adam([torch.zeros(1)], lr=recipe.denoiser_lr)
        milestones = [int(k * epochs / 100) - 1 for k in halvings]
        scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=0.5)
        for epoch in range(epochs):
            assert denoiser_lr(recipe, epoch) == pytest.approx(scheduler.get_last_lr()[0])
            optimizer.step()
            scheduler.step()


@torch._inductor.config.patch(deterministic=False)
@pytest.mark.parametrize(
    ("compiled", "count"), [(("networks",), 4), (("losses",), 2), (COMPILED, 6)]
)
def test_each_part_is_compiled_for_whole_batches_and_fixed_sizes(monkeypatch, compiled, count):
    """Two branches, and ENRB at half and at full size; the losses of two branches."""
    graphs = []

    def backend(graph, inputs):
        assert not any(isinstance(value, torch.SymInt) for value in inputs)
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=backend))
    torch._dynamo.reset()
    recipe = Recipe().replace(SMALL)
    step = training_step(recipe, 0, "cpu", compiled=compiled)
    plain = training_step(recipe, 0, "cpu")
    assert torch._inductor.config.deterministic
    batch = torch.full((2, 3, 64, 64), 0.2)
    for number, images in enumerate((batch, batch, batch[:1], batch)):
        found, expected = step(images, 1, number), plain(images, 1, number)
        assert {k: v.item() for k, v in found.items()} == pytest.approx(
            {k: v.item() for k, v in expected.items()}
        )
        assert number == 0 or len(graphs) == count
    torch._dynamo.reset()


def test_a_step_that_overflows_spoils_no_weight():
    recipe = Recipe().replace(SMALL | {"noise": "none"})
    model = ZeroLEINR().initialize(0)
    step = TrainingStep(model, recipe, seed=0)
    bright = torch.full((2, 3, 64, 64), 0.2)
    bright[0, :, :16, :16] = 1e30  # as Poisson noise does to a bright pixel, in the extreme
    values = step(bright, epoch=1, step=0)
    assert not all(torch.isfinite(value) for value in values.values())
    for part in ("light", "color", "denoiser"):
        assert torch.isfinite(weights(model, part)).all()
    values = step(torch.full((2, 3, 64, 64), 0.2), epoch=1, step=1)
    assert all(torch.isfinite(value) for value in values.values())


def test_a_step_that_overflows_is_left_out():
    """Weights and moments stay as they are, and a clipped gradient has the recipe's norm."""
    step = training_step(Recipe().replace(SMALL | {"denoiser": None, "color": None}), 0, "cpu")
    branch, moments = step.model.cpleb.branches["light"], step.optimizers["light"].state
    step.train_branch("light", torch.full((1, 3, 32, 32), 0.2))
    norm = torch.nn.utils.get_total_norm([weight.grad for weight in branch.parameters()])
    assert norm.item() == pytest.approx(0.1, rel=1e-4)
    before = [weight.clone() for weight in branch.parameters()]
    values = step.train_branch("light", torch.full((1, 3, 32, 32), 1e30))
    assert not torch.isfinite(values["light/total"])
    for weight, old in zip(branch.parameters(), before, strict=True):
        assert torch.equal(weight, old)
        assert moments[weight]["step"] == 1
