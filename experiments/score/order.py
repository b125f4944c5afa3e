"""LOE: how far enhancing turned around which of two places is the brighter one."""

import numpy as np

SAMPLES = 100


def loe(enhanced: np.ndarray, original: np.ndarray, device: str = "cpu") -> float:
    """Lightness order error of an enhanced image against its input.

    Lightness is the largest of R, G and B, taken at 100x100 places. For each place, it counts the
    places that are at least as light as it in one image and not in the other; the error is the mean
    of these counts. A monotone curve over all pixels has 0.

    Args:
        enhanced: uint8 (H, W, 3), RGB, at least 100 px a side.
        original: the low-light image, the same shape.
        device: unused.

    Returns:
        From 0 to 10,000 places; lower is better.

    Source:
        S. Wang et al., Naturalness preserved enhancement algorithm for non-uniform illumination
        images, IEEE TIP 2013; sampled as in BIMEF's ``loe100x100.m``.

    Examples:
        >>> ramp = np.arange(200 * 200 * 3).reshape(200, 200, 3) // 480 % 256
        >>> loe(np.sqrt(ramp / 255) * 255 // 1, ramp) > 0, loe(ramp * 2, ramp)
        (True, 0.0)
    """
    levels = [_lightness(image) for image in (original, enhanced)]
    # Of two images with few levels, pairs of levels are counted in place of pairs of places.
    codes = [np.unique(light, return_inverse=True)[1].ravel() for light in levels]
    counts = np.zeros([code.max() + 1 for code in codes])
    np.add.at(counts, tuple(codes), 1)
    at_least = counts[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1]
    in_one = at_least[:, :1] + at_least[:1, :] - 2 * at_least
    return float((counts * in_one).sum() / counts.sum())


def _lightness(image: np.ndarray) -> np.ndarray:
    """Return the largest of R, G and B at 100x100 places."""
    rows, columns = (
        np.floor(np.linspace(1, side, SAMPLES) + 0.5).astype(int) - 1 for side in image.shape[:2]
    )
    return image[rows[:, None], columns].max(axis=2)
