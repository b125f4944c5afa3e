"""Dong: its transmission and its airlight."""

import numpy as np

from baselines import dong


def test_dong_removes_a_known_veil():
    # A scene with a dark pixel in every window, seen through half a veil: as haze forms, inverted.
    rng = np.random.default_rng(0)
    clear = rng.uniform(0, 0.5, (40, 40, 3))
    clear[::3, ::3] = 0
    through = 0.6
    light = np.array([0.9, 0.85, 0.8])
    hazy = clear * through + light * (1 - through)
    darkest = dong.minimum_filter(hazy, size=(7, 7, 1), mode="nearest")
    # What is left is the share 1 - omega of the veil: 1 - omega (1 - t).
    expected = 1 - 0.8 * (1 - through)
    np.testing.assert_allclose(dong.transmission(darkest, light, 0.8), expected, atol=1e-6)


def test_transmission_is_sharpened_below_one_half():
    light = np.ones(3)
    through = dong.transmission(np.full((1, 1, 3), 0.9), light, 0.8)  # 0.28 before
    np.testing.assert_allclose(through, 2 * 0.28**2)


def test_airlight_is_the_brightest_of_the_haziest_pixels():
    hazy = np.full((30, 30, 3), 0.5)
    dark_channel = np.full((30, 30), 0.4)
    dark_channel[3:5, 3] = 0.6
    hazy[4, 3] = [0.7, 0.8, 0.9]
    hazy[20, 20] = 1.0  # brighter, but not hazy
    np.testing.assert_array_equal(dong.airlight(hazy, dark_channel), [0.7, 0.8, 0.9])
