"""Edge-aware smoothing solves its least-squares problem."""

import numpy as np
import pytest
from support.pictures import dim_scene

from baselines import lime, smoothing
from baselines.pixels import to_unit


def random_system(shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random(shape), 10 ** rng.uniform(-3, 3, shape), 10 ** rng.uniform(-3, 3, shape)


@pytest.mark.parametrize("shape", [(7, 9), (8, 8), (5, 12)])
@pytest.mark.parametrize("wraps", [True, False])
def test_smooth_solves_the_least_squares_problem(shape, wraps, monkeypatch):
    monkeypatch.setattr(smoothing, "COARSEST", 4)  # so that a tiny image needs several grids
    monkeypatch.setattr(smoothing, "TOLERANCE", 1e-10)
    image, weight_x, weight_y = random_system(shape)
    if not wraps:
        weight_x[:, -1] = 0
        weight_y[-1] = 0
    identity = np.eye(image.size)
    differences = [
        (np.roll(identity.reshape(*shape, -1), -1, axis).reshape(image.size, -1) - identity)
        for axis in (1, 0)
    ]
    dense = identity.copy()
    for difference, weight in zip(differences, (weight_x, weight_y), strict=True):
        dense += difference.T @ np.diag(weight.ravel()) @ difference
    expected = np.linalg.solve(dense, image.ravel()).reshape(shape)
    np.testing.assert_allclose(smoothing.smooth(image, weight_x, weight_y), expected, atol=1e-8)


def test_smooth_is_accurate_to_a_fraction_of_a_gray_level():
    from scipy.sparse.linalg import spsolve

    first = to_unit(dim_scene(120, 150)).max(axis=2)
    weights = lime.structure_weights(first, 0.15, 2)
    exact = spsolve(smoothing.system(*weights).tocsc(), first.ravel()).reshape(first.shape)
    assert np.abs(smoothing.smooth(first, *weights) - exact).max() < 0.1 / 255


def test_smooth_keeps_range_and_mean():
    image, weight_x, weight_y = random_system((60, 70))
    smoothed = smoothing.smooth(image, weight_x, weight_y)
    assert smoothed.min() >= image.min()
    assert smoothed.max() <= image.max()
    assert smoothed.mean() == pytest.approx(image.mean(), rel=1e-3)
    assert smoothed.std() < image.std() / 2


def test_multigrid_cycle_is_symmetric_and_positive(monkeypatch):
    monkeypatch.setattr(smoothing, "COARSEST", 4)
    _, weight_x, weight_y = random_system((6, 7))
    cycle = smoothing.multigrid(smoothing.system(weight_x, weight_y), (6, 7))
    matrix = np.array([cycle(column) for column in np.eye(42)])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert np.linalg.eigvalsh(matrix).min() > 0
