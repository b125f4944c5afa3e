"""A mark and a check that several tests use."""

import os

import pytest

needs_data = pytest.mark.skipif(
    not os.environ.get("ZERO_LEINR_DATA"),
    reason="set ZERO_LEINR_DATA to the folder with LOL, DICM, LIME and the official weights",
)


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message
