"""What several test files share."""

import os

import pytest
from hypothesis import settings

# Machines that run tests are often shared; how long one example takes says nothing here. The same
# examples every time, so that a failure is the change's; HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("fixed", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

needs_data = pytest.mark.skipif(
    not os.environ.get("ZERO_LEINR_DATA"),
    reason="set ZERO_LEINR_DATA to the folder with LOL, DICM, LIME and the official weights",
)
