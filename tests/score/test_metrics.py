"""Metrics equal a second implementation and behave as their definitions say."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.helpers import needs_data
from support.pictures import noisy, scene

from experiments.score import fidelity, perceptual

FULL_REFERENCE = [fidelity.psnr, fidelity.psnr_luma]
STRUCTURAL = [fidelity.ssim, fidelity.ssim_gaussian, fidelity.ssim_luma]
images = hnp.arrays(np.uint8, st.tuples(st.integers(11, 24), st.integers(11, 24), st.just(3)))


def to_tensor(image):
    import torch

    return torch.from_numpy(image.transpose(2, 0, 1).copy())[None] / 255


# ------------------------------------------------------------------ against pyiqa


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (fidelity.psnr, "psnr", {}),
        (fidelity.psnr_luma, "psnry", {"color_space": "ycbcr"}),
        (fidelity.ssim_gaussian, "ssimc", {}),
        (fidelity.ssim_luma, "ssim", {}),
    ],
)
@pytest.mark.parametrize("sigma", [4, 12])
def test_fidelity_equals_pyiqa(ours, theirs, options, sigma):
    """Up to sigma 12 no window has a negative covariance, which pyiqa's SSIM sets to zero."""
    import pyiqa

    reference = scene(96, 120)
    enhanced = noisy(reference // 2, sigma)
    expected = float(
        pyiqa.create_metric(theirs, device="cpu", **options)(
            to_tensor(enhanced), to_tensor(reference)
        )
    )
    assert ours(enhanced, reference) == pytest.approx(expected, abs=1e-4)


def test_gaussian_ssim_keeps_negative_covariance():
    """An inverted image is unlike the original: official code gives less than 0, pyiqa clamps."""
    image = scene(64, 64)
    assert fidelity.ssim_gaussian(255 - image, image) < -0.1


@needs_data
def test_lpips_equals_pyiqa(monkeypatch):
    """pyiqa's own LPIPS, filled with the trunk and with the linear weights that lpips ships."""
    import lpips
    import pyiqa
    import torch
    import torchvision

    alexnet = torchvision.models.alexnet  # pyiqa would download its weights
    monkeypatch.setattr(torchvision.models, "alexnet", lambda **_: alexnet(weights=None))

    linear = Path(lpips.__file__).parent / "weights/v0.1/alex.pth"
    other = pyiqa.create_metric(
        "lpips", device="cpu", net="alex", pnet_rand=True, pretrained=False, eval_mode=True
    ).net
    state = torch.load(linear, map_location="cpu", weights_only=True)
    assert not other.load_state_dict(state, strict=False).unexpected_keys
    assert torch.equal(other.lin4.model[1].weight, state["lin4.model.1.weight"])
    trunk = np.load(perceptual.metric_weights("lpips_trunk"))
    for key, value in other.net.state_dict().items():
        _, layer, kind = key.split(".")
        value.copy_(torch.from_numpy(trunk[f"features.{layer}.{kind}"]))
    reference = scene()
    enhanced = noisy(reference // 3, 10)
    with torch.no_grad():
        expected = float(other(to_tensor(enhanced), to_tensor(reference), normalize=True))
    assert perceptual.lpips(enhanced, reference) == pytest.approx(expected, abs=1e-5)
    assert expected > 0.05  # random or untrained weights would give next to nothing


@needs_data
@pytest.mark.parametrize("change", ["none", "dark", "noise", "flat half", "one flat block"])
def test_niqe_equals_pyiqa(change):
    """To the fourth digit and more; blocks without contrast count as pyiqa counts them."""
    import pyiqa

    image = {"none": scene(288, 400), "dark": scene() // 9, "noise": noisy(scene(), 30)}.get(change)
    if image is None:
        image = scene(300, 300)
        image[:, 200:] = 77 if change == "flat half" else image[:, 200:]
        image[:96, :96] = 200
    # Halfway between two levels pyiqa's rounding depends on the processor.
    halfway = image.astype(int) @ [299, 587, 114] % 1000 == 500
    image = np.where(halfway[..., None], image ^ np.uint8([0, 0, 1]), image)
    path = str(perceptual.metric_weights("niqe"))
    theirs = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=path)
    assert perceptual.niqe(image) == pytest.approx(float(theirs(to_tensor(image))), rel=1e-5)


# ------------------------------------------------------------------ by definition


@given(st.integers(0, 200), st.integers(1, 55))
@settings(deadline=None)
def test_psnr_of_a_constant_offset(level, offset):
    """Every difference is `offset`, so PSNR is 20 log10(255 / offset); on Y the range shrinks."""
    reference = np.full((12, 15, 3), level, np.uint8)
    enhanced = reference + np.uint8(offset)
    expected = 20 * math.log10(255 / offset)
    assert fidelity.psnr(enhanced, reference) == pytest.approx(expected)
    narrower = 20 * math.log10(255 / 219)
    assert fidelity.psnr_luma(enhanced, reference) == pytest.approx(expected + narrower)


@given(images)
@settings(max_examples=25, deadline=None)
def test_identical_images_score_the_best(image):
    assert all(metric(image, image) == math.inf for metric in FULL_REFERENCE)
    assert all(metric(image, image) == pytest.approx(1) for metric in STRUCTURAL)


@given(images, st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_order_of_the_two_images_does_not_matter(image, seed):
    other = np.random.default_rng(seed).integers(0, 256, image.shape, dtype=np.uint8)
    for metric in FULL_REFERENCE + STRUCTURAL:
        assert metric(image, other) == pytest.approx(metric(other, image), abs=1e-9)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_more_noise_scores_worse(seed):
    reference = scene(48, 48)
    for metric in FULL_REFERENCE + STRUCTURAL:
        values = [metric(noisy(reference, sigma, seed), reference) for sigma in (4, 12, 36)]
        assert values == sorted(values, reverse=True)


def test_ssim_weighs_channels_equally_and_ignores_their_order():
    reference, enhanced = scene(40, 40), noisy(scene(40, 40), 20)
    turned = [image[..., ::-1] for image in (enhanced, reference)]
    for metric in (fidelity.psnr, fidelity.ssim, fidelity.ssim_gaussian):
        assert metric(*turned) == pytest.approx(metric(enhanced, reference))
    assert fidelity.psnr_luma(*turned) != pytest.approx(fidelity.psnr_luma(enhanced, reference))


@needs_data
def test_lpips_is_zero_for_identical_images_and_grows_with_noise():
    reference = scene(64, 64)
    values = [perceptual.lpips(noisy(reference, sigma), reference) for sigma in (0, 8, 30)]
    assert values[0] == 0
    assert values == sorted(values)
