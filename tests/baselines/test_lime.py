"""LIME: its weights and its denoising."""

import numpy as np
from support.pictures import dim_scene

from baselines import lime


def test_lime_weights_are_low_on_an_edge_and_high_on_texture():
    x = np.arange(60)
    image = np.tile(np.where(x < 20, 0.2, 0.8) + 0.05 * (x > 30) * (-1) ** x, (40, 1))
    weight_x, _ = lime.structure_weights(image, 0.15, 2)
    edge, texture, flat = weight_x[20, 19], weight_x[20, 45], weight_x[20, 8]
    assert edge < texture / 20 < flat
    assert not weight_x[:, -1].any()


def test_lime_denoising_acts_on_the_dark_part():
    noisy = dim_scene(60, 80)
    noisy[:, 40:] = 250 - noisy[:, 40:] // 8
    plain, denoised = (lime.build({"denoise": d}, None, "cpu")(noisy) for d in (0, 50))
    change = np.abs(plain.astype(int) - denoised)
    assert change[:, :30].mean() > 4 * change[:, 50:].mean()


def test_lime_denoising_keeps_the_color_difference():
    rng = np.random.default_rng(0)
    enhanced = rng.uniform(0.3, 0.7, (20, 20, 3))
    result = lime.recompose(enhanced, np.full((20, 20, 1), 0.2), 0.1)
    np.testing.assert_allclose(
        result[..., 0] - result[..., 2], enhanced[..., 0] - enhanced[..., 2], atol=1e-12
    )
