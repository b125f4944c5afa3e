"""ENRB: its sub-images and the sizes that it takes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zero_leinr.enrb import ENRB, NEIGHBOR_PAIRS, draw_neighbors, subsample

seeds = st.integers(0, 10**6)


@given(seeds)
@settings(max_examples=20, deadline=None)
def test_subimages_hold_adjacent_pixels_of_every_cell(seed):
    numbers = torch.arange(2 * 3 * 8 * 12.0).view(2, 3, 8, 12)
    neighbors = draw_neighbors(numbers, torch.Generator().manual_seed(seed))
    first, second = subsample(numbers, neighbors)
    for b, i, j in np.ndindex(2, 4, 6):
        pair = tuple(neighbors[b, :, i, j].tolist())
        assert pair in NEIGHBOR_PAIRS
        cell = numbers[b, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].reshape(3, 4)
        assert torch.equal(first[b, :, i, j], cell[:, pair[0]])
        assert torch.equal(second[b, :, i, j], cell[:, pair[1]])


def test_all_eight_pairs_are_drawn_about_equally_often():
    neighbors = draw_neighbors(torch.zeros(1, 1, 256, 256), torch.Generator().manual_seed(0))
    pairs, counts = neighbors.flatten(2)[0].unique(dim=1, return_counts=True)
    assert sorted(map(tuple, pairs.T.tolist())) == sorted(NEIGHBOR_PAIRS)
    assert counts.min() > 0.9 * 256 * 256 / 4 / 8


def test_enrb_names_the_size_it_wants():
    with pytest.raises(ValueError, match="multiples of 32"):
        ENRB()(torch.zeros(1, 3, 40, 64))
