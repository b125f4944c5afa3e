"""CoLIE: its random numbers are its own."""

import numpy as np
import torch
from baseline_inputs import dark_photo

from baselines import registry


def test_colie_does_not_disturb_the_global_random_stream_and_keeps_black_black():
    method = registry.build({"method": "colie", "settings": {"iterations": 1}})
    state = torch.get_rng_state()
    method(dark_photo())
    assert torch.equal(torch.get_rng_state(), state)
    assert not method(np.zeros((32, 40, 3), np.uint8)).any()
