"""Means, spreads, intervals and tests against cases whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from benchmarks.coverage import coverage, decisions
from experiments.analysis.comparisons import (
    compare,
    effect_size,
    holm,
    not_separable_from_best,
    p_value,
    paired_differences,
    score_table,
)
from experiments.analysis.statistics import estimate, summarize
from experiments.sheets.metrics import aggregation_factor

scores = arrays(float, st.tuples(st.integers(1, 4), st.integers(2, 20)), elements=st.floats(-9, 9))


def tidy(values: np.ndarray, method: str = "m") -> pd.DataFrame:
    """Scores of one method in the shape (seeds, images), as rows."""
    seeds, images = np.indices(values.shape)
    frame = pd.DataFrame({"seed": seeds.ravel(), "image": images.ravel(), "value": values.ravel()})
    return frame.assign(method=method, dataset="d", metric="psnr", protocol="standard")


# ------------------------------------------------------------------ intervals


@given(scores, st.floats(0.1, 5), st.floats(-5, 5))
def test_interval_moves_and_scales_with_the_scores(values, scale, shift):
    low, high = estimate(values).interval()
    moved = estimate(scale * values + shift).interval()
    assert low <= values.mean() + 1e-9 and high >= values.mean() - 1e-9  # noqa: PT018
    assert moved == pytest.approx((scale * low + shift, scale * high + shift), abs=1e-5)


def test_interval_of_one_seed_is_students():
    values = np.random.default_rng(3).normal(20, 2, (1, 12))
    expected = stats.ttest_1samp(values[0], 0).confidence_interval()
    assert estimate(values).interval() == pytest.approx((expected.low, expected.high))


def test_seeds_share_their_images():
    """Three seeds with the same scores know no more than one: the interval must not shrink."""
    one = np.random.default_rng(0).normal(size=(1, 15))
    three = estimate(np.repeat(one, 3, axis=0)).interval()
    assert three == pytest.approx(estimate(one).interval())


def test_seeds_that_differ_widen_the_interval():
    same = np.random.default_rng(0).normal(size=(3, 15))
    apart = same + np.array([[-5], [0], [5]])
    assert np.ptp(estimate(apart).interval()) > 5 * np.ptp(estimate(same).interval())


def test_intervals_hold_the_truth_as_often_as_they_say():
    """64 images, 3 seeds: 93 to 97 %, whether seeds vary or not; docs/statistics.md has more."""
    found = coverage(1500, 3, 64, ["chosen", "hierarchical"])
    assert found["chosen"].between(0.925, 0.975).all()
    # What a bootstrap of three seeds covers where seeds vary: the reason why it is not used.
    assert found.loc[found["seeds vary"] == "strong", "hierarchical"].max() < 0.9


def test_intervals_with_few_images():
    assert (coverage(1500, 3, 15, ["chosen"])["chosen"] > 0.92).all()


@pytest.mark.parametrize("values", [[[3.0], [4.0]], [[3.0, np.inf]]])
def test_one_image_or_an_infinite_score_has_no_interval(values):
    assert np.isnan(estimate(np.array(values)).interval()).all()


# ------------------------------------------------------------------ tests


def test_false_positives_after_correction_stay_rare():
    """12 variants against the full method, 300 draws: 5 % and sampling error."""
    found = decisions(300, 3, 64)
    assert found["any false"].max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    planted = found[(found["effect"] > 0) & (found["seeds vary"] == "none")]
    assert planted["found"].min() > 0.3


def test_p_value_of_one_seed_is_the_larger_of_both_tests():
    differences = np.random.default_rng(1).normal(0.4, 1, (1, 20))
    both = stats.wilcoxon(differences[0]).pvalue, stats.ttest_1samp(differences[0], 0).pvalue
    assert p_value(differences) == pytest.approx(max(both))


def test_no_difference_is_no_evidence():
    found = compare(np.zeros((3, 10)))
    assert (found["difference"], found["p"], found["effect_size"]) == (0, 1, 0)


def test_the_same_shift_on_every_image_is_the_largest_effect():
    assert effect_size(np.full((2, 9), 0.3)) == 1
    assert effect_size(-np.arange(1.0, 9)[None]) == -1
    assert effect_size(np.array([[1.0, -1.0, 2.0, -2.0]])) == 0


@given(arrays(float, st.integers(1, 12), elements=st.floats(0, 1)))
def test_holm_is_that_of_the_textbook(p):
    """S. Holm, A simple sequentially rejective multiple test procedure, 1979: step by step."""
    corrected, largest = np.empty_like(p), 0.0
    for step, i in enumerate(np.argsort(p, kind="stable")):
        largest = max(largest, min(1.0, (len(p) - step) * p[i]))
        corrected[i] = largest
    np.testing.assert_allclose(holm(p), corrected)


def test_holm_corrects_families_and_leaves_gaps_out():
    families = np.array([[0.01, 0.04, np.nan, 0.03], [0.5, 0.02, 0.9, 0.01]])
    expected = [[0.03, 0.06, np.nan, 0.06], [1, 0.06, 1, 0.04]]
    np.testing.assert_allclose(holm(families), expected)


def test_differences_are_paired_by_image_and_seed():
    rng = np.random.default_rng(0)
    one, other, single = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(1, 4))
    frames = [tidy(one, "one"), tidy(other, "other"), tidy(single, "single")]
    table = score_table(pd.concat(frames).sample(frac=1, random_state=0))
    np.testing.assert_allclose(paired_differences(table, "one", "other"), one - other)
    np.testing.assert_allclose(paired_differences(table, "one", "single"), one - single)
    np.testing.assert_allclose(paired_differences(table, "single", "one"), single - one)
    # A training that is left of several says nothing of seeds that it was not run with.
    both = paired_differences(table, "one", "single", trained=True)
    np.testing.assert_allclose(both, one[:1] - single)
    later = table.rename(index={0: 7, 1: 8, 2: 9}, level="seed").loc[["other"]]
    apart = paired_differences(pd.concat([table.loc[["one"]], later]), "one", "other", trained=True)
    assert apart.shape == (0, 4)
    assert np.isnan(p_value(apart))


def test_what_cannot_be_told_from_the_best():
    rng = np.random.default_rng(0)
    images = rng.normal(size=(1, 30))
    noise = {name: 0.1 * rng.normal(size=(1, 30)) for name in ("best", "close", "far")}
    shift = {"best": 5.0, "close": 4.999, "far": 3.0}
    frames = [tidy(images + noise[name] + shift[name], name) for name in shift]
    ties = not_separable_from_best(pd.concat(frames), {"psnr": "up"}).set_index("method")[
        "not_separable_from_best"
    ]
    assert ties.to_dict() == {"best": True, "close": True, "far": False}


def test_nothing_is_like_an_infinite_best():
    """One image equals its reference: differences to it are infinite, and no test takes them."""
    rng = np.random.default_rng(0)
    shift = {"best": 5.0, "close": 4.999, "far": 3.0}
    values = {name: mean + 0.1 * rng.normal(size=(1, 30)) for name, mean in shift.items()}
    values["best"][0, 7] = np.inf
    frames = [tidy(value, name) for name, value in values.items()]
    ties = not_separable_from_best(pd.concat(frames), {"psnr": "up"}).set_index("method")[
        "not_separable_from_best"
    ]
    assert ties.to_dict() == {"best": True, "close": False, "far": False}


# ------------------------------------------------------------------ summaries


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


def test_the_scripts_divide_by_one_image_less():
    frame = pd.DataFrame(
        [
            ("m", 0, "d", f"{i}", "psnr", protocol, 10.0 + i)
            for i in range(5)
            for protocol in ("standard", "zero_leinr_scripts")
        ],
        columns=["method", "seed", "dataset", "image", "metric", "protocol", "value"],
    )
    means = summarize(frame).set_index("protocol")["mean"]
    assert means["standard"] == pytest.approx(12)
    assert means["zero_leinr_scripts"] == pytest.approx(12 * 5 / 4)
    assert np.isnan(aggregation_factor("psnr", "zero_leinr_scripts", 1))
