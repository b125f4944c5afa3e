"""Clipping and skipping where fused Adam does neither; elsewhere: test_training_step."""

import math

import pytest
import torch

from zero_leinr import clip_or_skip as module
from zero_leinr.clip_or_skip import clip_or_skip, fused_adam_obeys


@pytest.fixture
def deaf(monkeypatch):
    """A fused Adam that ignores ``grad_scale`` and ``found_inf``, as on some versions of MPS."""
    step = torch.optim.Adam.step

    def plain_step(adam):
        for name in ("grad_scale", "found_inf"):
            vars(adam).pop(name, None)
        return step(adam)

    fused_adam_obeys.cache_clear()
    monkeypatch.setattr(module, "UNPROVEN", ("cpu",))
    yield lambda: monkeypatch.setattr(torch.optim.Adam, "step", plain_step)
    fused_adam_obeys.cache_clear()


def test_an_adam_that_ignores_overflows_is_found_out_and_not_trusted(deaf):
    cpu = torch.device("cpu")
    assert fused_adam_obeys(cpu)
    fused_adam_obeys.cache_clear()
    deaf()
    assert not fused_adam_obeys(cpu)
    weight = torch.nn.Parameter(torch.ones(1))
    adam = torch.optim.Adam([weight], lr=0.5, fused=True)
    weight.grad = torch.tensor([math.inf])
    assert not clip_or_skip(adam, 0.1)
    assert (weight.item(), len(adam.state)) == (1, 0)
    weight.grad = torch.tensor([3.0])
    assert clip_or_skip(adam, 0.1)
    assert weight.grad.item() == pytest.approx(0.1, rel=1e-4)
    assert weight.item() == 0.5
