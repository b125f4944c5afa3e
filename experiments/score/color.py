"""Color errors against a reference, in the `claims` protocol (docs/protocols.md).

Both have the signature that `score.run` calls: `metric(enhanced, reference, device)`.
"""

import math

import numpy as np


def ciede2000(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Mean CIEDE2000 color difference over all pixels: lightness, chroma and hue together.

    Args:
        enhanced: uint8 (H, W, 3), sRGB.
        reference: the same shape.
        device: unused.

    Returns:
        0 for identical images; about 1 is just visible in large patches, black against white is
        100.

    Source:
        G. Sharma, W. Wu, E. N. Dalal, The CIEDE2000 color-difference formula: implementation notes,
        supplementary test data, and mathematical observations, Color Research & Application 2005;
        scikit-image's implementation (Lab with the white point D65).
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    return float(deltaE_ciede2000(rgb2lab(reference), rgb2lab(enhanced)).mean())


def angular_error(enhanced: np.ndarray, reference: np.ndarray, device: str = "cpu") -> float:
    """Mean angle between the RGB vectors of a pixel and its reference, on 8-bit sRGB values.

    A brightness factor, even one that differs from pixel to pixel, leaves it as it is, but for
    rounding and clipping. A pixel that is black in one of the images has no direction and is left
    out.

    Args:
        enhanced: uint8 (H, W, 3), RGB.
        reference: the same shape.
        device: unused.

    Returns:
        Degrees in [0, 90]; not-a-number where no pixel has a direction in both.

    Source:
        The angle of color constancy (G. D. Finlayson et al., Color constancy at a pixel, JOSA A
        2001), as in Zero-LEINR's color-angle loss.
    """
    # Products of 8-bit values are exact in float32, so that equal directions give exactly 0.
    one, other = enhanced.astype(np.float32), reference.astype(np.float32)
    seen = one.any(axis=-1) & other.any(axis=-1)
    if not seen.any():
        return math.nan
    r, g, b = np.moveaxis(one, -1, 0)
    u, v, w = np.moveaxis(other, -1, 0)
    cross = np.sqrt((g * w - b * v) ** 2 + (b * u - r * w) ** 2 + (r * v - g * u) ** 2)
    angle = np.arctan2(cross, r * u + g * v + b * w)
    return math.degrees(angle[seen].mean(dtype=np.float64))
