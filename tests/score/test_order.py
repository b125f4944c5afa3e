"""LOE against the values of BIMEF's own code, run in Octave."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.score.order import loe
from experiments.score.run import folder_items, score_folder, score_image
from zero_leinr.images import write_image


def noise(seed, height=133, width=171):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(2)]


def test_it_is_that_of_the_reference_code():
    first, second = noise(0)
    assert loe(second, first) == 5022.0539


@given(st.integers(0, 100), st.integers(100, 130), st.integers(100, 130))
@settings(max_examples=3, deadline=None)
def test_it_counts_pairs_of_places_whose_order_turned(seed, height, width):
    first, second = noise(seed, height, width)
    sides = (height, width)
    rows, columns = (np.floor(np.linspace(1, n, 100) + 0.5).astype(int) - 1 for n in sides)
    one, other = (x[rows][:, columns].max(2).ravel() for x in (first, second))
    turned = sum(np.sum((one >= a) != (other >= b)) for a, b in zip(one, other, strict=True))
    assert loe(second, first) == turned / 10_000


def test_a_curve_over_all_pixels_turns_nothing():
    image = noise(1)[0]
    assert loe(255 - (255 - image) // 2, 2 * (image // 2)) == 0
    assert 0 < loe(255 - image, image) <= 10_000


def test_it_compares_with_the_input_and_not_with_the_reference(tmp_path):
    low, high = noise(2)
    found = score_image(high, high, ["loe"], original=low)
    assert found == {("loe", "standard"): loe(high, low)}
    assert score_image(high, high, ["loe"]) == {}
    for name in ("low", "high", "enhanced"):
        write_image(tmp_path / name / "a.png", low if name == "low" else high)
    listed = folder_items(tmp_path / "low", tmp_path / "high")
    table = score_folder(listed, tmp_path / "enhanced", ["loe"])
    assert table["value"].tolist() == [loe(high, low)]
    # Without a listing there is no input.
    alone = folder_items(tmp_path / "enhanced", tmp_path / "high")
    assert score_folder(alone, tmp_path / "enhanced", ["loe"]).empty
