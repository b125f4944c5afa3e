"""PSNR and SSIM: equal to pyiqa's, and as their definitions say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support.pictures import noisy, scene
from support.tensors import to_tensor

from experiments.score import fidelity

FULL_REFERENCE = [fidelity.psnr, fidelity.psnr_luma]
STRUCTURAL = [fidelity.ssim, fidelity.ssim_gaussian, fidelity.ssim_luma]
images = hnp.arrays(np.uint8, st.tuples(st.integers(11, 24), st.integers(11, 24), st.just(3)))


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


def images(seed: int, side: tuple[int, int] = (40, 60)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    reference = rng.integers(40, 200, (*side, 3)).astype(np.uint8)
    return (reference // 3).astype(np.uint8), reference


def test_gt_mean_forgives_any_exposure():
    reference = np.random.default_rng(0).integers(0, 85, (40, 60, 3)).astype(np.uint8) * 3
    enhanced = (reference // 3).astype(np.uint8)
    assert fidelity.psnr(enhanced, reference) < 15
    assert fidelity.psnr_gt_mean(enhanced, reference) > 100
    assert fidelity.ssim_gt_mean(enhanced, reference) == pytest.approx(1)
    assert np.isnan(fidelity.psnr_gt_mean(np.zeros_like(reference), reference))


def test_scaled_images_have_the_mean_gray_of_the_reference():
    enhanced, reference = images(1)
    scaled = fidelity.scale_to_mean(enhanced, reference)
    gray = [(image @ fidelity.LUMA).mean() for image in (scaled, reference)]
    assert gray[0] == pytest.approx(gray[1], rel=1e-3)  # little is clipped here


def test_the_scripts_resize_between_pixel_centers_and_crop():
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 64, 0)
    square = fidelity.resize_and_crop(np.repeat(ramp, 3, 2))
    assert square.shape == (504, 504, 3)
    # Pixel k of 512 lies at (k + .5) / 8 - .5 of 64, where the ramp has four times that.
    assert square[7, 100, 0] == pytest.approx(4 * ((104 + 0.5) / 8 - 0.5))
