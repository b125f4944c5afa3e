"""Inference: padding, rounding, tiles, precision."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.random_weights import contrasted
from support.tensors import rand

from baselines import registry
from zero_leinr.cpleb import CPLEB
from zero_leinr.enrb import ENRB
from zero_leinr.errors import InputError
from zero_leinr.inference import (
    CPLEB_MARGIN,
    ENRB_MARGIN,
    enhance,
    pad,
    round_to_8bit,
    to_tensor,
    to_uint8,
)
from zero_leinr.model import ZeroLEINR


@given(st.integers(3, 80), st.integers(3, 80), st.sampled_from(["square", "minimal"]))
@settings(max_examples=30, deadline=None)
def test_padding_is_numpys_reflection(height, width, padding):
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    padded = pad(image, padding)
    side = -(-max(height, width) // 32) * 32
    sizes = (side, side) if padding == "square" else (-(-height // 32) * 32, -(-width // 32) * 32)
    assert padded.shape == (*sizes, 3)
    assert np.array_equal(padded[:height, :width], image)
    for axis, size in enumerate((height, width)):  # back and forth between the two borders
        there_and_back = [*range(size), *range(size - 2, 0, -1)]
        reflected = [there_and_back[i % len(there_and_back)] for i in range(sizes[axis])]
        assert np.array_equal(padded, padded.take(reflected, axis))


def test_eight_bit_round_trip_is_exact():
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(to_uint8(to_tensor(levels)), levels)
    assert torch.equal(round_to_8bit(to_tensor(levels)), to_tensor(levels))
    assert to_uint8(torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1)).tolist() == [[[0, 128, 255]]]


@pytest.mark.parametrize(
    ("network", "margin", "nearly"),
    [(lambda: CPLEB(("light",)), CPLEB_MARGIN, 7), (lambda: ENRB(4), ENRB_MARGIN, 96)],
)
def test_margins_cover_what_a_tile_looks_at(network, margin, nearly):
    """The gradient of a tile's pixels is zero farther away, and is not so much nearer by."""
    network = network().eval()
    for weight in network.parameters():
        torch.nn.init.uniform_(weight, 0, 1 / weight[0].numel())  # no rectifier stops it
    image = rand(1, 3, 320, 320).requires_grad_()
    network(image)[..., 128:192, 128:192].sum().backward()
    rows, columns = image.grad[0].abs().sum(dim=0).nonzero(as_tuple=True)
    for seen in (rows, columns):
        assert 128 - margin <= seen.min() <= 128 - nearly
        assert 191 + nearly <= seen.max() <= 191 + margin


@pytest.mark.parametrize(("padding", "shape"), [("minimal", (33, 390)), ("square", (390, 30))])
def test_tiles_give_the_whole_image(padding, shape):
    model = contrasted()
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    whole = enhance(model, image, padding).astype(int)
    assert whole.std() > 10
    assert np.abs(enhance(model, image, padding, tile=96) - whole).max() <= 1


def test_large_images_are_tiled_by_themselves(monkeypatch):
    model = contrasted(denoise=False)
    image = np.random.default_rng(0).integers(0, 256, (80, 90, 3)).astype(np.uint8)
    sizes = []
    model.cpleb.register_forward_hook(lambda _, inputs, output: sizes.append(output.shape[-2:]))
    whole = enhance(model, image)
    assert sizes == [(80, 90)]
    monkeypatch.setattr("zero_leinr.inference.WHOLE", 80 * 90)
    monkeypatch.setattr("zero_leinr.inference.best_tile", lambda *_: (64, 64))
    done = []
    assert np.abs(enhance(model, image, done=done.append).astype(int) - whole).max() <= 1
    assert sizes[1:] == [(71, 71), (71, 33), (23, 71), (23, 33)]
    assert done == [64 * 64, 64 * 26, 16 * 64, 16 * 26]


def test_half_precision_is_nearly_the_same():
    model = contrasted()
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    single = enhance(model, image, "minimal").astype(int)
    half = enhance(model, image, "minimal", precision="bfloat16").astype(int)
    assert 0 < np.abs(half - single).mean() < 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tile": 100}, "multiple of 32"),
        ({"tile": 0}, "multiple"),
        ({"precision": "float16"}, "GPU"),
        ({"precision": "float15"}, "float15.*one of float32"),
        ({"padding": "squar"}, "squar.*one of square, minimal"),
    ],
)
def test_enhance_refuses_what_it_cannot_do(options, message):
    with pytest.raises(InputError, match=message):
        enhance(ZeroLEINR(), np.zeros((64, 64, 3), np.uint8), **options)


def test_evaluation_computes_as_ieee_says_and_training_does_not(monkeypatch):
    """cuDNN rounds to ten bits by default: scores of official weights would move on a GPU."""
    assert torch.backends.cudnn.allow_tf32
    seen = []

    class Watched(torch.nn.Module):
        def forward(self, image):
            seen.append(torch.backends.cudnn.allow_tf32)
            return image

    model = ZeroLEINR(denoise=False)
    model.cpleb = Watched()
    model.register_parameter("any", torch.nn.Parameter(torch.zeros(1)))
    enhance(model, np.zeros((32, 32, 3), np.uint8), "minimal")
    monkeypatch.setattr(registry, "find", lambda _: lambda *_: Watched())
    registry.build({"method": "zero_dce"})(np.zeros((32, 32, 3), np.uint8))
    assert seen == [False, False]
    assert torch.backends.cudnn.allow_tf32


def test_subnormal_numbers_are_zero_while_an_image_is_enhanced(monkeypatch):
    """Weights from a GPU make them, and a CPU computes with them many times slower."""
    tiny, seen = torch.tensor(torch.finfo(torch.float32).tiny), []
    model = ZeroLEINR(("light",), denoise=False).initialize(0).eval()
    forward = model.cpleb.forward

    def watched(image):
        seen.append(bool(tiny / 4 == 0))
        return forward(image)

    monkeypatch.setattr(model.cpleb, "forward", watched)
    can = torch.set_flush_denormal(True)
    torch.set_flush_denormal(False)
    enhance(model, np.full((32, 32, 3), 40, np.uint8))
    assert seen == [can]
    assert tiny / 4 != 0  # the caller's setting is back
