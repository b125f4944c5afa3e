"""What must hold for any input: curves, fusion, sub-images, noise, streams, recipes, inference."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zero_leinr.checkpoint import load_model, save_model
from zero_leinr.cpleb import CPLEB, fuse
from zero_leinr.curves import apply_curves
from zero_leinr.enrb import ENRB, NEIGHBOR_PAIRS, draw_neighbors, subsample
from zero_leinr.errors import InputError
from zero_leinr.fused_conv import conv_joined, conv_upsampled_joined
from zero_leinr.inference import (
    CPLEB_MARGIN,
    ENRB_MARGIN,
    enhance,
    pad,
    round_to_8bit,
    to_tensor,
    to_uint8,
)
from zero_leinr.model import ZeroLEINR, flush_subnormals
from zero_leinr.noise import add_noise
from zero_leinr.recipe import Recipe, parse_noise
from zero_leinr.rng import STREAMS, stream
from zero_leinr.training_step import denoiser_lr

seeds = st.integers(0, 10**6)


def rand(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_curves_keep_images_in_range_and_zero_curves_change_nothing(seed):
    image, curves = rand(1, 3, 8, 8, seed=seed), rand(1, 24, 8, 8, seed=seed + 1) * 2 - 1
    enhanced = apply_curves(image, curves)
    assert enhanced.min() >= 0
    assert enhanced.max() <= 1
    assert torch.equal(apply_curves(image, torch.zeros_like(curves)), image)
    assert (apply_curves(image, -curves.abs()) >= image - 1e-6).all()


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_fusion_has_the_light_magnitude_and_the_color_direction(seed):
    light, color = rand(1, 3, 8, 8, seed=seed), rand(1, 3, 8, 8, seed=seed + 1) + 0.01
    fused = fuse(light, color)
    assert torch.allclose(fused.norm(dim=1), light.norm(dim=1), atol=1e-5)
    cosine = torch.cosine_similarity(fused, color, dim=1)
    assert torch.allclose(cosine, torch.ones_like(cosine), atol=1e-5)
    assert torch.equal(fuse(light, torch.zeros_like(color)), torch.zeros_like(light))


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_subimages_hold_adjacent_pixels_of_every_cell(seed):
    numbers = torch.arange(2 * 3 * 8 * 12.0).view(2, 3, 8, 12)
    neighbors = draw_neighbors(numbers, torch.Generator().manual_seed(seed))
    first, second = subsample(numbers, neighbors)
    for b, i, j in np.ndindex(2, 4, 6):
        pair = tuple(neighbors[b, :, i, j].tolist())
        assert pair in NEIGHBOR_PAIRS
        cell = numbers[b, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].reshape(3, 4)
        assert torch.equal(first[b, :, i, j], cell[:, pair[0]])
        assert torch.equal(second[b, :, i, j], cell[:, pair[1]])


@given(
    channels=st.tuples(st.integers(1, 9), st.integers(1, 5)),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    seed=seeds,
)
@settings(max_examples=20, deadline=None)
def test_a_convolution_of_joined_maps_is_that_of_their_concatenation(channels, size, seed):
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(2, c, *size, generator=generator) for c in channels)
    conv = torch.nn.Conv2d(sum(channels), 4, 3, padding=1)
    expected = conv(torch.cat([first, second], dim=1))
    made = conv_joined(conv, first, second)
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
    gradients = [torch.autograd.grad(y.square().sum(), conv.weight)[0] for y in (made, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-3)


@given(
    channels=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5)),
    size=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    seed=seeds,
)
@settings(max_examples=20, deadline=None)
def test_upsampling_is_merged_into_the_convolution_after_it(channels, size, seed):
    generator = torch.Generator().manual_seed(seed)
    inner, own, other = channels
    below = torch.randn(2, inner, *size, generator=generator)
    skip = torch.randn(2, other, *(2 * side for side in size), generator=generator)
    upsample = torch.nn.ConvTranspose2d(inner, own, 2, stride=2)
    conv = torch.nn.Conv2d(own + other, 4, 3, padding=1)
    expected = conv(torch.cat([upsample(below), skip], dim=1))
    made = conv_upsampled_joined(conv, upsample, below, skip)
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
    weights = [*conv.parameters(), *upsample.parameters()]
    gradients = [torch.autograd.grad(y.square().sum(), weights) for y in (made, expected)]
    for of_made, of_expected in zip(*gradients, strict=True):
        torch.testing.assert_close(of_made, of_expected, rtol=1e-3, atol=1e-3)


def test_all_eight_pairs_are_drawn_about_equally_often():
    neighbors = draw_neighbors(torch.zeros(1, 1, 256, 256), torch.Generator().manual_seed(0))
    pairs, counts = neighbors.flatten(2)[0].unique(dim=1, return_counts=True)
    assert sorted(map(tuple, pairs.T.tolist())) == sorted(NEIGHBOR_PAIRS)
    assert counts.min() > 0.9 * 256 * 256 / 4 / 8


@pytest.mark.parametrize(
    ("name", "std"),
    [("poisson30", (0.25 / 30) ** 0.5), ("gauss25", 25 / 255), ("none", 0.0)],
)
def test_noise_has_its_standard_deviation(name, std):
    image = torch.full((4, 3, 64, 64), 0.25)
    noise = add_noise(image, name, torch.Generator().manual_seed(0)) - image
    assert noise.std().item() == pytest.approx(std, rel=0.03)
    assert noise.mean().item() == pytest.approx(0, abs=0.005)


def test_mixed_noise_adds_both_variances():
    image = torch.full((4, 3, 64, 64), 0.25)
    noise = add_noise(image, "mix20", torch.Generator().manual_seed(0)) - image
    assert noise.var().item() == pytest.approx(0.25 / 20 + (20 / 255) ** 2, rel=0.05)


@pytest.mark.parametrize("name", ["salt", "poisson", "poisson50_5", "gauss0", "poisson-3"])
def test_wrong_noise_names_are_refused(name):
    with pytest.raises(InputError, match="noise"):
        parse_noise(name)


def test_streams_differ_by_seed_name_and_step_and_repeat():
    def draw(*key):
        return torch.rand(4, generator=stream(*key)).tolist()

    keys = [(seed, name, step) for seed in (0, 1) for name in STREAMS for step in (0, 1, 10)]
    drawn = [draw(*key) for key in keys]
    assert len({tuple(values) for values in drawn}) == len(keys)
    assert drawn == [draw(*key) for key in keys]
    with pytest.raises(KeyError):
        stream(0, "unknown")


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


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"epoch": 3}, "did you mean epochs"),
        ({"light": {"spatail": 0}}, r"light\.spatail; did you mean spatial"),
        ({"light": None, "color": None}, "keep at least one branch"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "takes a int"),
        ({"lr": {"a": 1}}, "lr must be a number above 0"),
        ({"lr": None}, "lr must be a number above 0, not None"),
        ({"lr": -1.0}, "lr must be a number above 0"),
        ({"clip": 0}, "clip must be a number above 0"),
        ({"clip": None}, "clip must be a number"),
        ({"denoiser_lr": float("inf")}, "denoiser_lr must be a number above 0"),
        ({"exposure_level": None}, "exposure_level must be a number from 0 up"),
        ({"ramp": True}, "ramp must be a number from 0 up"),
        ({"light": 3}, "loss weights"),
        ({"light": {1: 1}}, r"unknown light\.1; known"),
        ({"light": {"spatial": "much"}}, r"light\.spatial must be a number from 0 up, not 'much'"),
        ({"light": {"spatial": [1]}}, r"light\.spatial must be a number"),
        ({"light": {"spatial": float("nan")}}, r"light\.spatial must be a number"),
        ({"color": {"angle": -1}}, r"color\.angle must be a number"),
        ({"denoiser": {"regularization": None}}, r"denoiser\.regularization must be a number"),
        (
            {"denoiser": {"reconstruction": 0, "regularization": 0}},
            "denoiser has no loss of weight above 0; leave the part out with null",
        ),
        ({"light": dict.fromkeys(Recipe().light, 0)}, "light has no loss of weight above 0"),
        ({"crop": 100}, "multiple of 64"),
        ({"crop": 512}, "exceeds image_size"),
        ({"batch": None}, "batch"),
        ({"steps_per_epoch": True}, "steps_per_epoch must be a whole number"),
        ({"precision": "float16"}, "precision"),
        ({"precision": None}, "unknown precision; known: float32"),
        ({"noise": "snow"}, "not a noise model"),
        ({"noise": None}, "None is not a noise model; write none"),
        ({"denoiser_halvings": [0, 50]}, "whole percents"),
        ({"denoiser_halvings": [50.5]}, "whole percents"),
        ({"denoiser_halvings": 50}, "takes a list"),
        ({"denoiser_halvings": None}, "whole percents"),
    ],
)
def test_recipe_refuses_what_cannot_be(overrides, message):
    with pytest.raises(InputError, match=message):
        Recipe().replace(overrides)


def test_recipe_merges_loss_weights_and_survives_json():
    recipe = Recipe().replace({"light": {"constancy": 0}, "denoiser": None, "crop": 80})
    assert recipe.light == {"smoothness": 200, "spatial": 1, "exposure": 10, "constancy": 0}
    assert recipe.branches == ("light", "color")
    assert Recipe().replace(recipe.to_dict()) == recipe


def test_recipe_reads_numbers_that_yaml_takes_for_text():
    recipe = Recipe().replace({"lr": "1e-4", "clip": 1, "light": {"spatial": "1e1"}})
    assert (recipe.lr, recipe.clip, recipe.light["spatial"]) == (1e-4, 1.0, 10)
    assert Recipe(lr="1e-4") == Recipe(lr=1e-4)


def test_settings_of_zero_and_null_that_make_sense_stay():
    optional = {"color": None, "denoiser": None, "steps_per_epoch": None, "crop": None}
    zero = {"weight_decay": 0, "ramp": 0, "light": {"constancy": 0}}
    recipe = Recipe().replace(optional | zero)
    assert recipe.to_dict().items() >= (optional | {"weight_decay": 0, "ramp": 0}).items()
    assert Recipe().replace({"denoiser": {"regularization": 0}}).denoiser["reconstruction"] == 1


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


def contrasted(branches=("light", "color"), denoise=True) -> ZeroLEINR:
    """An untrained model whose output is no flat grey: weights ten times the usual."""
    model = ZeroLEINR(branches, denoise).initialize(0).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 10 if weight.ndim > 1 else 1
    return model.requires_grad_(False)


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
    monkeypatch.setattr("zero_leinr.inference.TILE", 64)
    assert np.abs(enhance(model, image).astype(int) - whole).max() <= 1
    assert sizes[1:] == [(71, 71), (71, 33), (23, 71), (23, 33)]


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


def test_enrb_names_the_size_it_wants():
    with pytest.raises(ValueError, match="multiples of 32"):
        ENRB()(torch.zeros(1, 3, 40, 64))


@pytest.mark.parametrize("branches", [("light",), ("color",), ("light", "color")])
@pytest.mark.parametrize("denoise", [True, False])
def test_saved_models_enhance_alike(tmp_path, branches, denoise):
    parts = {b: None for b in ("light", "color") if b not in branches}
    recipe = Recipe().replace(parts | ({} if denoise else {"denoiser": None}))
    model = ZeroLEINR(branches, denoise).initialize(seed=3).eval()
    save_model(model, recipe, tmp_path / "model.safetensors")
    image = (rand(40, 50, 3) * 255).to(torch.uint8).numpy()
    again = load_model(tmp_path / "model.safetensors")
    enhanced = enhance(again, image, "minimal")
    assert enhanced.shape == image.shape
    assert enhanced.dtype == np.uint8
    assert np.array_equal(enhanced, enhance(model, image, "minimal"))


def test_weights_may_be_read_by_whoever_reads_the_files_beside_them(tmp_path):
    path, beside = tmp_path / "model.safetensors", tmp_path / "losses.csv"
    save_model(ZeroLEINR().initialize(0), Recipe(), path)
    beside.touch()
    assert path.stat().st_mode == beside.stat().st_mode


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_unreadable_weights_are_one_clear_line(tmp_path, content):
    path = tmp_path / "model.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.safetensors: .*") as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_truncated_and_foreign_weights_are_refused(tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    save_model(ZeroLEINR().initialize(0), Recipe(), path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match="damaged"):
        load_model(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not weights that"):
        load_model(path)


def test_subnormal_weights_are_flushed():
    model = ZeroLEINR(("light",), denoise=False).initialize(0)
    layer = model.cpleb.branches["light"].e_conv1
    with torch.no_grad():
        layer.weight[0] = 1e-40
        layer.weight[1] = -2e-39
    assert flush_subnormals(model) == 2 * 27
    assert not layer.weight[:2].any()
    assert flush_subnormals(model) == 0
