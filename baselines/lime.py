"""LIME: low-light image enhancement via illumination map estimation.

Guo, Li and Ling, IEEE Transactions on Image Processing 26(2), 2017 (first as arXiv 1605.05034).
The image is reflectance times illumination; the illumination is the largest of R, G and B at each
pixel, smoothed but for its main edges, and the image is divided by its power gamma. This is the
paper's sped-up solver.

Where the parameters come from: alpha = 0.15, sigma = 2 and gamma = 0.8 are the paper's and those
of the authors' demo. The paper leaves the small constants of the weights open; 0.001 and 0.02, and
the Gaussian of round(5 sigma) taps, are those of the public MATLAB copy of the code (github
Sy-Zhang/LIME), which takes them from relative total variation (Xu et al., SIGGRAPH Asia 2012).
That copy also adds 0.02 to the first map; the paper does not, and neither do the outputs of the
authors' program (github baidut/OpenCE, branch gh-pages): so it is left out.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import correlate1d

from baselines.pixels import to_uint8, to_unit
from baselines.registry import Method, options
from baselines.smoothing import smooth
from zero_leinr.errors import InputError

# Floors of the two gradients in the weights.
LOCAL_FLOOR, GRADIENT_FLOOR = 0.001, 0.02
# Smallest illumination to divide by: only an all-black neighborhood is darker.
DARKEST = 1e-4


def build(settings: Mapping[str, Any], weights: Path | None, device: str) -> Method:
    """LIME with the sped-up solver.

    Settings:
        alpha: Weight of the smoothness term, 0.15 if not given.
        sigma: Standard deviation of the weights' Gaussian, in pixels; 2 if not given.
        gamma: Power of the illumination that the image is divided by; 0.8 if not given.
        denoise: Standard deviation of the noise that the last step removes, in 8-bit steps; 0, no
            denoising, if not given. The authors' demo takes 50.

    Raises:
        InputError: A setting is unknown or out of range.
    """
    given = options(settings, alpha=0.15, sigma=2.0, gamma=0.8, denoise=0.0)
    for key in ("alpha", "sigma", "gamma"):
        if given[key] <= 0:
            raise InputError(f"setting '{key}' must be above 0, not {given[key]}")
    if given["denoise"] < 0:
        raise InputError(f"setting 'denoise' must be 0 or more, not {given['denoise']}")

    def method(image: np.ndarray) -> np.ndarray:
        low = to_unit(image)
        first = low.max(axis=2)
        refined = smooth(first, *structure_weights(first, given["alpha"], given["sigma"]))
        illumination = np.maximum(refined, DARKEST)[..., None] ** given["gamma"]
        enhanced = np.clip(low / illumination, 0, 1)
        if given["denoise"]:
            enhanced = recompose(enhanced, illumination, given["denoise"] / 255)
        return to_uint8(enhanced)

    return method


def structure_weights(
    illumination: np.ndarray, alpha: float, sigma: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smoothness weights: low on main edges, high on texture and in flat regions.

    A main edge is where the gradient keeps its sign within the Gaussian's reach; in texture it
    averages out (the paper's third weighting strategy).

    Args:
        illumination: (H, W) in [0, 1].
        alpha: Factor of both weights.
        sigma: Standard deviation of the Gaussian, in pixels.

    Returns:
        The weights in x and in y, (H, W) each, in (0, alpha / (0.001 * 0.02)]; zero in the last
        column and the last row, which have no further neighbor.
    """
    gradient = np.hypot(*_differences(illumination))
    local_x, local_y = _differences(_gaussian(illumination, sigma))
    common = alpha / np.maximum(gradient, GRADIENT_FLOOR)
    weight_x = common / np.maximum(np.abs(local_x), LOCAL_FLOOR)
    weight_y = common / np.maximum(np.abs(local_y), LOCAL_FLOOR)
    weight_x[:, -1] = 0
    weight_y[-1] = 0
    return weight_x, weight_y


def recompose(enhanced: np.ndarray, illumination: np.ndarray, noise: float) -> np.ndarray:
    """Denoise the luma and blend: the darker a pixel was, the more of the denoised image it gets.

    The paper's last step with non-local means in the place of BM3D, which no library at hand
    offers. Adding the change of luma to R, G and B is the same as replacing Y in YCbCr.

    Args:
        enhanced: (H, W, 3) in [0, 1].
        illumination: (H, W, 1), the map that the image was divided by.
        noise: Standard deviation of the noise, in units of [0, 1].

    Returns:
        (H, W, 3), about in [0, 1].
    """
    from skimage.restoration import denoise_nl_means

    luma = enhanced @ [0.299, 0.587, 0.114]
    denoised = denoise_nl_means(
        luma, patch_size=5, patch_distance=6, h=0.8 * noise, sigma=noise, fast_mode=True
    )
    return enhanced + np.clip(1 - illumination, 0, 1) * (denoised - luma)[..., None]


def _differences(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forward differences in x and y; zero at the last column and row."""
    return (
        np.diff(image, axis=1, append=image[:, -1:]),
        np.diff(image, axis=0, append=image[-1:]),
    )


def _gaussian(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur, cut after 2.5 sigma, dark beyond the border (MATLAB's ``conv2`` 'same')."""
    reach = (round(5 * sigma) | 1) // 2
    kernel = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    rows = correlate1d(image, kernel, axis=1, mode="constant")
    return correlate1d(rows, kernel, axis=0, mode="constant")
