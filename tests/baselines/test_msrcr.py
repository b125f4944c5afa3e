"""The retinexes: their Gaussian, color and stretch."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support.pictures import dim_scene

from baselines import msrcr
from baselines.pixels import to_unit


@pytest.mark.parametrize("scale", [2.0, 9.0, 40.0])
def test_gaussian_by_cosine_transform_is_the_spatial_one(scale):
    image = np.random.default_rng(0).random((37, 50, 3))
    spatial = gaussian_filter(image, (scale, scale, 0), mode="reflect", truncate=8)
    np.testing.assert_allclose(msrcr.gaussian(image, [scale])[0], spatial, atol=1e-6)


def test_retinex_does_not_see_a_colored_light():
    image = to_unit(dim_scene()) + 0.01
    lit = image * [2.0, 0.7, 0.4]
    np.testing.assert_allclose(
        msrcr.retinex(lit, msrcr.SCALES), msrcr.retinex(image, msrcr.SCALES), atol=1e-9
    )


def test_color_restoration_leaves_gray_to_the_multi_scale_retinex():
    gray = np.repeat(dim_scene()[..., :1], 3, axis=2)
    restored, plain = (build({}, None, "cpu")(gray) for build in (msrcr.build, msrcr.msr))
    difference = restored.astype(int) - plain
    assert np.abs(difference).max() <= 1  # rounding alone


def test_stretch_clips_one_percent_at_either_end():
    image = np.random.default_rng(0).normal(5, 3, (100, 100, 3))
    stretched = msrcr.stretch(image)
    assert (stretched <= 0).mean() == pytest.approx(0.01, abs=1e-3)
    assert (stretched >= 1).mean() == pytest.approx(0.01, abs=1e-3)
