"""Noise and kept detail, in the `claims` protocol (docs/protocols.md).

Every metric has the signature that `score.run` calls:
`metric(enhanced, reference, device) -> float`; these need no device.
"""

import math

import numpy as np

from experiments.score.fidelity import LUMA

SCALE = 2.0  # px: what is coarser than this Gaussian is no noise
FLAT = 0.25  # share of the reference's pixels that count as flat
FEWEST = 256  # flat pixels that a spread can be taken of
CLIPPED = (2, 253)  # levels; outside, noise of the reference's scene would be cut off
#: Standard deviation of unit white noise after the high-pass: sqrt(1 - 2 g(0) + sum of g^2).
GAIN = math.sqrt(1 - 2 / (2 * math.pi * SCALE**2) + 1 / (4 * math.pi * SCALE**2))
MAD_TO_SIGMA = 1.482602  # of a normal distribution


def noise_residual(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Noise that the reference does not have: high-frequency residual in its flat regions.

    Both images lose what a Gaussian of `SCALE` px keeps, and with it any brightness offset. Of what
    is left in the flat pixels of the reference, each channel of the enhanced image loses its
    least-squares multiple of the reference's, and with it any factor of contrast, and the grain of
    the reference itself. The spread of the rest is taken by its median absolute deviation, which
    few stray edges do not move. Flat are the `FLAT` pixels with the smallest gradient at the same
    scale, in the reference alone, so that all methods are judged at the same pixels; nearly black
    and nearly white ones are left out.

    Args:
        enhanced: uint8 (H, W, 3), RGB.
        reference: the same shape.
        device: unused.

    Returns:
        Mean of R, G and B in 8-bit levels, at least 0; additive white noise of standard deviation s
        gives s. Not-a-number where the reference has under `FEWEST` flat pixels.
    """
    flat = _flat(reference)
    if np.count_nonzero(flat) < FEWEST:
        return math.nan
    sigmas = []
    for channel in range(3):
        noisy, clean = (_high_pass(image[..., channel])[flat] for image in (enhanced, reference))
        energy = clean @ clean
        rest = noisy - (noisy @ clean / energy) * clean if energy > 0 else noisy
        deviation = np.abs(rest - np.median(rest))
        sigmas.append(MAD_TO_SIGMA * float(np.median(deviation)) / GAIN)
    return sum(sigmas) / 3


def blind_noise(
    enhanced: np.ndarray, reference: np.ndarray | None = None, device: str = "cpu"
) -> float:
    """Noise estimated without a reference, from the finest diagonal wavelet coefficients.

    Fine texture counts as noise, and smoothing lowers the estimate whether it removed noise or
    detail.

    Args:
        enhanced: uint8 (H, W, 3), RGB.
        reference: unused.
        device: unused.

    Returns:
        Standard deviation in 8-bit levels, mean of R, G and B; at least 0.

    Source:
        D. L. Donoho, I. M. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika
        1994; scikit-image's `estimate_sigma`.
    """
    from skimage.restoration import estimate_sigma

    image = enhanced.astype(np.float32)
    return float(estimate_sigma(image, average_sigmas=True, channel_axis=-1))


def gradient_correlation(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Detail kept: correlation of the luma's signed gradients with the reference's.

    The mean of Pearson's correlations of the horizontal and of the vertical Sobel derivative; a
    direction in which the reference does not change is left out.
    Neither brightness nor a factor of contrast moves it; blur and noise both lower it.

    Args:
        enhanced: uint8 (H, W, 3), RGB.
        reference: the same shape.
        device: unused.

    Returns:
        In [-1, 1], 1 for identical images. 0 where the enhanced image alone is flat: nothing is
        kept; not-a-number where the reference is.

    Source:
        G. P. Penney et al., A comparison of similarity measures for use in 2-D-3-D medical image
        registration, IEEE TMI 1998.
    """
    from scipy.ndimage import sobel

    one, other = (image @ LUMA.astype(np.float32) for image in (enhanced, reference))
    both = [_correlation(sobel(one, axis), sobel(other, axis)) for axis in (0, 1)]
    known = [correlation for correlation in both if not math.isnan(correlation)]
    return sum(known) / len(known) if known else math.nan


def _flat(reference: np.ndarray) -> np.ndarray:
    """Tell the flat, unclipped pixels of a reference: bool (H, W)."""
    from scipy.ndimage import gaussian_gradient_magnitude

    gradient = gaussian_gradient_magnitude(reference @ LUMA.astype(np.float32), SCALE)
    low, high = CLIPPED
    usable = ((reference >= low) & (reference <= high)).all(axis=-1)
    limit = np.quantile(gradient[usable], FLAT) if usable.any() else 0
    return np.logical_and(usable, gradient <= limit)


def _high_pass(channel: np.ndarray) -> np.ndarray:
    """Return what a Gaussian of `SCALE` px does not keep; float32 (H, W)."""
    from scipy.ndimage import gaussian_filter

    values = channel.astype(np.float32)
    return values - gaussian_filter(values, SCALE)


def _correlation(enhanced: np.ndarray, reference: np.ndarray) -> float:
    """Pearson's correlation; 0 where `enhanced` alone is constant, NaN where `reference` is."""
    one, other = (array - array.mean(dtype=np.float64) for array in (enhanced, reference))
    energy, known = float((one**2).sum()), float((other**2).sum())
    if known == 0:
        return math.nan
    return float((one * other).sum()) / math.sqrt(energy * known) if energy > 0 else 0.0
