"""BRISQUE by pyiqa beside the same equations in numpy, with LIVE's model and one made up here."""

import numpy as np
import pytest
from scipy.ndimage import correlate
from scipy.special import gamma
from support.helpers import needs_data

from experiments.data.weights import weights_file, weights_path
from experiments.score.by_pyiqa import metric_of, read_libsvm
from experiments.sheets.datasets import data_folder
from experiments.sheets.reading import load_checked
from experiments.sheets.weights import WEIGHTS
from zero_leinr.images import read_image

RHO, GAMMA = -153.591, 0.05  # of LIVE's model; pyiqa holds them, and the ranges below, in its code
RANGES = np.array(
    [
        *[(0.338, 10), (0.017204, 0.806612), (0.236, 1.642), (-0.123884, 0.20293)],
        *[(0.000155, 0.712298), (0.001122, 0.470257), (0.244, 1.641), (-0.123586, 0.179083)],
        *[(0.000152, 0.710456), (0.000975, 0.470984), (0.249, 1.555), (-0.135687, 0.100858)],
        *[(0.000174, 0.684173), (0.000913, 0.534174), (0.258, 1.561), (-0.143408, 0.100486)],
        *[(0.000179, 0.685696), (0.000888, 0.536508), (0.471, 3.264), (0.012809, 0.703171)],
        *[(0.218, 1.046), (-0.094876, 0.187459), (1.5e-5, 0.442057), (0.001272, 0.40803)],
        *[(0.222, 1.042), (-0.115772, 0.162604), (1.6e-5, 0.444362), (0.001374, 0.40243)],
        *[(0.227, 0.996), (-0.117188, 0.098323), (3e-5, 0.531903), (0.001122, 0.369589)],
        *[(0.228, 0.99), (-0.12243, 0.098658), (2.8e-5, 0.530092), (0.001118, 0.370399)],
    ]
)
"""Least and most of each of the 36 features, of LIVE's file ``allrange``."""

SHAPES = np.arange(200, 10001) / 1000
RATIOS = gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))


def test_pyiqa_computes_its_equations(references, tmp_path):
    """With a made-up model that is smooth, so that rounding moves the score little."""
    random = np.random.default_rng(0)
    vectors = random.uniform(-1, 1, (40, 36)) * (random.random((40, 36)) < 0.9)
    rows = [
        " ".join([f"{5 - k % 11}", *(f"{i}:{v:.6g}" for i, v in enumerate(vector, 1) if v)])
        for k, vector in enumerate(vectors)
    ]
    path = tmp_path / "brisque_svm_weights.libsvm"
    path.write_text("\r\n".join(["svm_type epsilon_svr", "SV", *rows, ""]))
    coefficients, read = (tensor.numpy().astype(float) for tensor in read_libsvm(path))
    np.testing.assert_allclose(read, vectors, rtol=1e-5)
    brisque = metric_of("brisque", [path])
    found = [brisque(image, None, "cpu") for image in references]
    assert found == pytest.approx(
        [score(image, coefficients, vectors) for image in references], abs=0.02
    )
    assert np.ptp(found) > 0.2
    assert np.isnan(brisque(np.zeros((64, 64, 3), np.uint8), None, "cpu"))  # undefined, no error


@needs_data
@pytest.mark.skipif(
    not weights_path(load_checked(WEIGHTS, "weights.schema.yaml")["brisque"]).exists(),
    reason="needs LIVE's model in the data folder (zero-leinr score --metrics brisque fetches it)",
)
@pytest.mark.parametrize(
    ("image", "expected"),
    [("low/1", 16.29), ("low/22", 12.77), ("high/1", 28.5), ("high/22", 12.06)],
)
def test_pyiqa_with_lives_model_on_lol(image, expected):
    """In flat regions rounding errors decide what counts as negative; that moves scores by .3."""
    path = weights_file("brisque", download=False)
    photograph = read_image(data_folder() / "lol" / "eval15" / f"{image}.png")
    coefficients, vectors = (tensor.numpy().astype(float) for tensor in read_libsvm(path))
    assert vectors.shape == (774, 36)
    assert score(photograph, coefficients, vectors) == pytest.approx(expected, abs=0.3)
    assert metric_of("brisque", [path])(photograph, None, "cpu") == pytest.approx(expected, abs=0.3)


def score(image, coefficients, vectors):
    gray = np.rint(image @ np.array([0.299, 0.587, 0.114]))
    low, high = RANGES.T
    scaled = 2 * (features(gray) - low) / (high - low) - 1
    return coefficients @ np.exp(-GAMMA * ((vectors - scaled) ** 2).sum(axis=1)) - RHO


def features(gray):
    """Mittal et al., section III: of normalized pixels and products of neighbors, at two scales."""
    line = np.exp(-((np.arange(7) - 3) ** 2) / (2 * (7 / 6) ** 2))
    window = np.outer(line, line) / line.sum() ** 2
    found = []
    for _ in range(2):
        mean = correlate(gray, window, mode="constant")
        variance = correlate(gray**2, window, mode="constant") - mean**2
        normalized = (gray - mean) / (np.sqrt(np.abs(variance)) + 1)
        found += generalized_gaussian(normalized)
        for shift in ((0, 1), (1, 0), (1, 1), (-1, 1)):
            found += asymmetric_gaussian(normalized * np.roll(normalized, shift, (0, 1)))
        gray = halved(halved(gray).T).T
    return np.array(found)


def generalized_gaussian(x):
    variance = (x**2).mean()
    return [SHAPES[np.abs(1 / RATIOS - variance / np.abs(x).mean() ** 2).argmin()], variance]


def asymmetric_gaussian(x):
    left, right = np.sqrt((x[x < 0] ** 2).mean()), np.sqrt((x[x > 0] ** 2).mean())
    ratio = left / right
    corrected = (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    wanted = np.abs(x).mean() ** 2 / (x**2).mean() * corrected
    shape = SHAPES[((RATIOS - wanted) ** 2).argmin()]
    spread = np.exp(np.log(gamma(1 / shape) / gamma(3 / shape)) / 2)
    mean = (right - left) * gamma(2 / shape) / gamma(1 / shape) * spread
    return [shape, mean, left**2, right**2]


def halved(x):
    """Rows halved as MATLAB's imresize does: cubic, widened by 2, mirrored at the edges."""
    rows = np.arange(-(-len(x) // 2))[:, None] * 2 + 0.5
    places = np.floor(rows).astype(int) + np.arange(-3, 5)
    distance = np.abs(rows - places) / 2
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = np.where(distance <= 1, near, np.where(distance <= 2, far, 0))
    weights /= weights.sum(axis=1, keepdims=True)
    places = np.where(places < 0, -1 - places, places)
    places = np.where(places >= len(x), 2 * len(x) - 1 - places, places)
    return np.einsum("rk,rkc->rc", weights, x[places])
