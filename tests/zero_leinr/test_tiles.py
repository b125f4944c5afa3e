"""Tiles of large images: as few pixels twice as memory allows."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zero_leinr import tiles
from zero_leinr.tiles import best_tile, in_tiles, pixels_at_once


def seen(height, width, tile, margin):
    """The pixels that the network sees of each tile."""
    sizes = []
    in_tiles(
        lambda part: sizes.append(part.shape[0] * part.shape[1]) or part,
        np.zeros((height, width, 3), np.uint8),
        (height, width, 3),
        tile,
        margin,
    )
    return sizes


@given(st.integers(1, 30), st.integers(1, 30), st.integers(10, 60))
def test_no_tile_is_too_large_and_no_choice_is_cheaper(rows, columns, side):
    height, width, pixels = 32 * rows, 32 * columns, (32 * side) ** 2 // 4
    best = seen(height, width, best_tile(height, width, pixels, 32, 32), 32)
    assert max(best) <= pixels or pixels < 96 * 96
    for tall, wide in itertools.product((32, 64, 160, 320), repeat=2):
        other = seen(height, width, (tall, wide), 32)
        assert max(other) > pixels or sum(best) <= sum(other)


def test_memory_decides_and_never_more_than_the_limit(monkeypatch):
    monkeypatch.setattr(tiles, "_free_memory", lambda: 10**12)
    assert pixels_at_once("cpu", 1800) == tiles.LARGEST // 1800
    monkeypatch.setattr(tiles, "_free_memory", lambda: 36 * 10**8)
    assert pixels_at_once("cpu", 1800) == 10**6
    monkeypatch.setattr(tiles, "_free_memory", lambda: 0)
    assert pixels_at_once("cpu", 1800) == tiles.SMALLEST


def test_twelve_megapixels_in_nine_tiles():
    sizes = seen(3008, 4000, best_tile(3008, 4000, tiles.LARGEST // 1800, 128, 32), 128)
    assert len(sizes) == 9
    assert sum(sizes) < 1.35 * 3008 * 4000
    assert sum(seen(3008, 4000, (768, 768), 128)) > 1.65 * 3008 * 4000  # the tiles of before
