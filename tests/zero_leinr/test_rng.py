"""Random streams: repeatable, and separate from each other."""

import pytest
import torch

from zero_leinr.rng import STREAMS, stream


def test_streams_differ_by_seed_name_and_step_and_repeat():
    def draw(*key):
        return torch.rand(4, generator=stream(*key)).tolist()

    keys = [(seed, name, step) for seed in (0, 1) for name in STREAMS for step in (0, 1, 10)]
    drawn = [draw(*key) for key in keys]
    assert len({tuple(values) for values in drawn}) == len(keys)
    assert drawn == [draw(*key) for key in keys]
    with pytest.raises(KeyError):
        stream(0, "unknown")
