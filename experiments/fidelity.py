"""PSNR and SSIM against a reference, one function a protocol (docs/protocols.md).

Every metric has the signature that `experiments.scores` calls:
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
    negative part of the structure term, which pyiqa sets to zero. Arguments as in `ssim`.
    """
    return _ssim_gaussian(enhanced, reference)


def ssim_luma(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Gaussian SSIM on full-range Y rounded to 8 bits, as pyiqa's `ssim`. Arguments as in `ssim`.

    Not on Y in [16, 235], as `psnr_luma`: the offset of 16 counts as likeness where both images
    are dark, and doubles the score of LOL's input (.395 instead of .193).
    """
    return _ssim_gaussian(np.rint(enhanced @ LUMA), np.rint(reference @ LUMA))


def _ssim_gaussian(enhanced: np.ndarray, reference: np.ndarray) -> float:
    """SSIM of (H, W) or (H, W, 3); scikit-image's window is separable, hence fast."""
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


def _studio_luma(image: np.ndarray) -> np.ndarray:
    """Y of BT.601 as in video: 16 is black, 235 is white. float64 (H, W)."""
    return 16 + image @ LUMA * (219 / 255)
