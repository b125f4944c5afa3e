"""What the tests of the metrics share."""

import numpy as np
import pytest

from experiments.data.embedded import photograph_pairs


@pytest.fixture(scope="session")
def references():
    """References of the embedded test pairs, four of them, smaller."""
    found = [images["high"] for _, images, _ in photograph_pairs()]
    return [np.ascontiguousarray(image[::2, ::2]) for image in found[::2]]
