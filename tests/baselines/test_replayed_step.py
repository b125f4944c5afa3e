"""A step that is recorded and replayed: on a CPU, with a recording that is pretended."""

import pytest
import torch
from support.small_training import SMALL, files, make_step_of, recipe_of, train_small

from baselines.replayed_step import WARM_UP, ReplayedStep, faster


class Recorder:
    """Does at each replay what a CUDA graph would do again, and nothing at the recording."""

    def __init__(self):
        self.recorded = self.replayed = 0

    def __call__(self, work):
        self.recorded += 1
        losses = {}

        def replay():
            self.replayed += 1
            losses.update(work())

        return replay, losses


def make(recorder):
    return lambda *arguments: ReplayedStep(
        make_step_of(recipe_of("sci_retrained"))(*arguments), recorder
    )


def test_a_replayed_training_takes_the_same_steps(tmp_path):
    recorder = Recorder()
    train_small("sci_retrained", "cpu", tmp_path / "plain")
    train_small("sci_retrained", "cpu", tmp_path / "replayed", make(recorder))
    # Two epochs of five images, two a batch: four whole batches, and two of one image.
    assert (recorder.recorded, recorder.replayed) == (1, 4 - WARM_UP)
    assert files(tmp_path / "plain") == files(tmp_path / "replayed")


def test_other_weights_are_recorded_again():
    recorder = Recorder()
    step = make(recorder)(recipe_of("sci_retrained"), 0, "cpu")
    batch = torch.full((2, 3, SMALL["crop"], SMALL["crop"]), 0.2)
    for number in range(WARM_UP + 2):
        step(batch, 0, number)
    step.load_state_dict(step.state_dict())
    for number in range(WARM_UP + 1):
        step(batch, 0, number)
    assert (recorder.recorded, recorder.replayed) == (2, 3)


def test_losses_of_earlier_steps_stay_as_they_were():
    step = make(Recorder())(recipe_of("sci_retrained"), 0, "cpu")
    dark, bright = (torch.full((2, 3, SMALL["crop"], SMALL["crop"]), level) for level in (0.1, 0.6))
    for number in range(WARM_UP):
        step(dark, 0, number)
    first = step(dark, 0, WARM_UP)["illumination/total"]
    before = first.item()
    step(bright, 0, WARM_UP + 1)
    assert first.item() == before


def test_a_baseline_is_compiled_for_whole_batches(monkeypatch):
    graphs = []

    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    compile_ = torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda work, **options: compile_(work, backend=backend, **options)
    )
    torch._dynamo.reset()
    recipe = recipe_of("zero_dce_pp_retrained")
    plain = make_step_of(recipe)(recipe, 0, "cpu")
    compiled = faster(make_step_of(recipe), compiled=True, graphed=False)(recipe, 0, "cpu")
    batch = torch.rand(
        2, 3, SMALL["crop"], SMALL["crop"], generator=torch.Generator().manual_seed(0)
    )
    for images in (batch, batch[:1], batch):
        expected, found = plain(images, 0, 0), compiled(images, 0, 0)
        assert {k: v.item() for k, v in found.items()} == pytest.approx(
            {k: v.item() for k, v in expected.items()}
        )
    assert len(graphs) == 1
    torch._dynamo.reset()
