"""Means, spreads and intervals against cases whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from experiments.statistics import bootstrap_interval, summarize

scores = arrays(float, st.tuples(st.integers(1, 4), st.integers(2, 20)), elements=st.floats(-9, 9))


def tidy(values: np.ndarray) -> pd.DataFrame:
    """Scores of one method in the shape (seeds, images), as rows."""
    seeds, images = np.indices(values.shape)
    frame = pd.DataFrame({"seed": seeds.ravel(), "image": images.ravel(), "value": values.ravel()})
    return frame.assign(method="m", dataset="d", metric="psnr", protocol="standard")


@given(scores)
def test_interval_holds_the_mean_and_stays_within_the_scores(values):
    low, high = bootstrap_interval(values, draws=400)
    assert values.min() - 1e-9 <= low <= values.mean() + 1e-9
    assert values.mean() - 1e-9 <= high <= values.max() + 1e-9


@given(scores, st.floats(0.1, 5), st.floats(-5, 5))
def test_interval_moves_and_scales_with_the_scores(values, scale, shift):
    low, high = bootstrap_interval(values, draws=200)
    moved = bootstrap_interval(scale * values + shift, draws=200)
    assert moved == pytest.approx((scale * low + shift, scale * high + shift), abs=1e-6)


def test_interval_is_students_for_many_normal_images():
    values = np.random.default_rng(3).normal(20, 2, (1, 400))
    expected = stats.t.interval(0.95, 399, 20, 2 / np.sqrt(400))
    low, high = bootstrap_interval(values, draws=20000)
    assert high - low == pytest.approx(expected[1] - expected[0], rel=0.08)


def test_seeds_share_their_images():
    """Three seeds with the same scores know no more than one: the interval must not shrink."""
    one = np.random.default_rng(0).normal(size=(1, 15))
    widths = [np.ptp(bootstrap_interval(v, draws=20000)) for v in (one, np.repeat(one, 3, axis=0))]
    assert widths[1] == pytest.approx(widths[0], rel=0.03)


def test_seeds_that_differ_widen_the_interval():
    same = np.random.default_rng(0).normal(size=(3, 15))
    apart = same + np.array([[-5], [0], [5]])
    assert np.ptp(bootstrap_interval(apart)) > 3 * np.ptp(bootstrap_interval(same))


def test_interval_covers_the_truth_with_few_images():
    """Nominal 95 %; with these 500 draws plain percentiles cover 90.6 % and would fail here."""
    draws = 500
    hits = 0
    for seed in range(draws):
        values = np.random.default_rng(seed).normal(size=(1, 10))
        low, high = bootstrap_interval(values, draws=600, seed=seed)
        hits += low <= 0 <= high
    assert 0.925 <= hits / draws <= 0.98


def test_one_image_or_an_infinite_score_has_no_interval():
    assert np.isnan(bootstrap_interval(np.array([[3.0], [4.0]]))).all()
    assert np.isnan(bootstrap_interval(np.array([[3.0, np.inf]]))).all()


@given(scores)
def test_summary_is_mean_of_all_and_spread_of_seed_means(values):
    (row,) = summarize(tidy(values)).to_dict("records")
    assert row["mean"] == pytest.approx(values.mean(), abs=1e-9)
    assert (row["n_seeds"], row["n_images"]) == values.shape
    if len(values) == 1:
        assert np.isnan(row["spread"])
    else:
        assert row["spread"] == pytest.approx(np.std(values.mean(axis=1), ddof=1), abs=1e-9)


def test_summary_does_not_depend_on_the_order_of_rows():
    frame = tidy(np.random.default_rng(1).normal(size=(3, 8)))
    shuffled = frame.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(summarize(frame), summarize(shuffled))
