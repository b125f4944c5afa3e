"""PSNR and SSIM against a reference, one function a protocol (docs/protocols.md).

Every metric has the signature that `score.run` calls:
`metric(enhanced, reference, device) -> float`; these need no device.
"""

import math

import numpy as np

#: R, G, B weights of luma Y in BT.601, full range: 0 is black, 255 is white.
LUMA = np.array([0.299, 0.587, 0.114])


def psnr(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Peak signal-to-noise ratio over all pixels and channels, peak 255.

    Args:
        enhanced: uint8 (H, W, 3), RGB; or any float array on the same 0 to 255 scale.
        reference: the same shape and scale.
        device: unused.

    Returns:
        dB; infinite for identical images.
    """
    from skimage.metrics import peak_signal_noise_ratio

    if np.array_equal(enhanced, reference):
        return math.inf
    return float(peak_signal_noise_ratio(reference, enhanced, data_range=255))


def psnr_luma(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """PSNR on Y in [16, 235], not rounded: pyiqa's `psnry` with `color_space="ycbcr"`.

    The narrower range alone adds 20 log10(255/219) = 1.32 dB to the PSNR on full-range Y, which is
    what `psnry` gives by default. Arguments and result as in `psnr`.
    """
    return psnr(_studio_luma(enhanced), _studio_luma(reference))


def ssim(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """SSIM by scikit-image's defaults: uniform 7x7 window, sample covariance, mean of R, G and B.

    Args:
        enhanced: uint8 (H, W, 3), RGB.
        reference: the same shape.
        device: unused.

    Returns:
        The mean over positions where the window fits: at most 1, 1 for identical images.

    Source:
        Z. Wang et al., Image quality assessment: from error visibility to structural similarity,
        IEEE TIP 2004; scikit-image's implementation.
    """
    from skimage.metrics import structural_similarity

    return float(structural_similarity(reference, enhanced, channel_axis=-1, data_range=255))


def ssim_gaussian(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """SSIM with the 11x11 Gaussian window (sigma 1.5) of Wang et al., mean of R, G and B.

    The same number as Zero-LEINR's official `validate()`, and as pyiqa's `ssimc` but for the
    negative part of the structure term, which pyiqa sets to zero. Arguments as in `ssim`; here one
    channel, (H, W), does as well.
    """
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            reference,
            enhanced,
            channel_axis=-1 if reference.ndim == 3 else None,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def ssim_luma(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Gaussian SSIM on full-range Y rounded to 8 bits, as pyiqa's `ssim`. Arguments as in `ssim`.

    Not on Y in [16, 235], as `psnr_luma`: the offset of 16 counts as likeness where both images
    are dark, and doubles the score of LOL's input (.395 instead of .193).
    """
    return ssim_gaussian(_whole_luma(enhanced), _whole_luma(reference))


def psnr_gt_mean(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """PSNR after `scale_to_mean`; not-a-number for a black image. Arguments as in `psnr`."""
    return psnr(scale_to_mean(enhanced, reference), reference) if enhanced.any() else math.nan


def ssim_gt_mean(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """SSIM after `scale_to_mean`; not-a-number for a black image. Arguments as in `ssim`."""
    return ssim(scale_to_mean(enhanced, reference), reference) if enhanced.any() else math.nan


def psnr_scripts(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """PSNR as in Zero-LEINR's official `metrics/` scripts, of one image. Arguments as in `psnr`."""
    return psnr(resize_and_crop(enhanced), resize_and_crop(reference))


def ssim_scripts(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """SSIM as in Zero-LEINR's official `metrics/` scripts, of one image. Arguments as in `ssim`."""
    return ssim(resize_and_crop(enhanced), resize_and_crop(reference))


def scale_to_mean(enhanced: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Scale an image by one factor so that its mean gray becomes the reference's.

    Gray is Y of BT.601 in [0, 255], not rounded; what exceeds 255 is clipped afterwards, and the
    result is not rounded, as where this habit comes from (KinD, LLFlow).

    Args:
        enhanced: uint8 (H, W, 3), RGB, not all black.
        reference: the same shape.

    Returns:
        float64 (H, W, 3) in [0, 255].
    """
    factor = (reference @ LUMA).mean() / (enhanced @ LUMA).mean()
    return np.clip(enhanced * factor, 0, 255)


def resize_and_crop(image: np.ndarray) -> np.ndarray:
    """Resize to 512x512 whatever the proportions, bilinearly, and cut 4 pixels off at each side.

    Half-pixel centers, no antialiasing and no rounding: OpenCV's `resize` of a float image.

    Args:
        image: uint8 (H, W, 3).

    Returns:
        float64 (504, 504, 3) in [0, 255].
    """
    square = _stretch(_stretch(image.astype(np.float64), 512, 0), 512, 1)
    return square[4:-4, 4:-4]


def _stretch(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Resize (H, W, 3) along one axis by linear interpolation between pixel centers."""
    count = values.shape[axis]
    place = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
    before = place.astype(int)
    share = np.expand_dims(place - before, [other for other in range(3) if other != axis])
    one, next_one = (values.take(np.minimum(k, count - 1), axis) for k in (before, before + 1))
    return one + share * (next_one - one)


def _whole_luma(image: np.ndarray) -> np.ndarray:
    """Y of BT.601 in [0, 255], rounded, halves to even. uint8 (H, W, 3) -> float64 (H, W).

    Of whole thousandths, so that a half is one on every CPU.
    """
    return np.rint(image @ np.array([299, 587, 114]) / 1000)


def _studio_luma(image: np.ndarray) -> np.ndarray:
    """Y of BT.601 as in video: 16 is black, 235 is white. float64 (H, W)."""
    return 16 + image @ LUMA * (219 / 255)
