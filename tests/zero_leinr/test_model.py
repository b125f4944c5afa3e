"""The model's weights."""

import torch

from zero_leinr.model import ZeroLEINR, flush_subnormals


def test_subnormal_weights_are_flushed():
    model = ZeroLEINR(("light",), denoise=False).initialize(0)
    layer = model.cpleb.branches["light"].e_conv1
    with torch.no_grad():
        layer.weight[0] = 1e-40
        layer.weight[1] = -2e-39
    assert flush_subnormals(model) == 2 * 27
    assert not layer.weight[:2].any()
    assert flush_subnormals(model) == 0
