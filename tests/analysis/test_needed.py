"""What would decide a test follows from how much seeds and images vary."""

import numpy as np
import pytest

from experiments.analysis.needed import MOST_IMAGES, MOST_SEEDS, needed, with_numbers
from experiments.analysis.statistics import estimate


def drawn(seeds, images, *, of_seed, of_image, of_rest, mean=1.0):
    rng = np.random.default_rng(5)
    return (
        mean
        + of_seed * rng.standard_normal((seeds, 1))
        + of_image * rng.standard_normal(images)
        + of_rest * rng.standard_normal((seeds, images))
    )


def above_zero(found):
    return bool(found.interval()[0] > 0)


def test_the_numbers_that_are_there_give_the_same_estimate():
    observed = estimate(drawn(4, 12, of_seed=1, of_image=2, of_rest=0.5))
    same = with_numbers(observed, 4, 12)
    for name in ("by_image", "by_seed", "rest"):
        np.testing.assert_allclose(getattr(same, name), getattr(observed, name))


def test_more_of_both_give_the_estimate_of_a_larger_draw():
    """The variances of 400 seeds and images, told from those of a part of them."""
    scores = drawn(400, 400, of_seed=1, of_image=2, of_rest=3)
    told = with_numbers(estimate(scores[:200, :200]), 400, 400)
    found = estimate(scores)
    np.testing.assert_allclose(told.by_seed, found.by_seed, rtol=0.2)
    np.testing.assert_allclose(told.by_image, found.by_image, rtol=0.2)
    np.testing.assert_allclose(told.rest, found.rest, rtol=0.05)


@pytest.mark.parametrize(("of_seed", "of_image"), [(0.5, 0.1), (0.1, 4.0), (0.8, 2.0)])
def test_the_fewest_decide_and_one_less_does_not(of_seed, of_image):
    observed = estimate(drawn(3, 10, of_seed=of_seed, of_image=of_image, of_rest=0.3))
    assert not above_zero(observed)
    found = needed(observed, above_zero)
    at = [(found.seeds, 10), (3, found.images), found.both or (None, None)]
    at = [(seeds, images) for seeds, images in at if seeds and images]
    assert at
    for seeds, images in at:
        assert above_zero(with_numbers(observed, seeds, images))
        fewer = (seeds - 1, images) if seeds > 3 else (seeds, images - 1)
        assert not above_zero(with_numbers(observed, *fewer))


def test_where_images_alone_vary_no_number_of_seeds_decides():
    observed = estimate(drawn(3, 10, of_seed=0, of_image=20, of_rest=0.01))
    found = needed(observed, above_zero)
    assert found.seeds is None
    assert str(found) == f"about {found.images} images would decide"


def test_an_effect_of_nothing_stays_open():
    observed = estimate(drawn(3, 10, of_seed=1, of_image=1, of_rest=1, mean=0) * 0 + 1e-9)
    found = needed(observed, lambda _: False)
    assert str(found) == f"{MOST_SEEDS} seeds and {MOST_IMAGES} images would not decide"
