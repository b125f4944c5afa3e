"""Metrics by their name in pyiqa."""

import numpy as np
import pytest

from experiments.score.by_pyiqa import WITHOUT_WEIGHTS, metric_of
from experiments.score.run import score_image
from experiments.sheets.metrics import load_metrics
from zero_leinr.errors import InputError


def test_images_go_to_pyiqa_as_it_takes_them():
    image = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    assert metric_of("gmsd")(image, image, "cpu") == pytest.approx(0, abs=1e-6)
    assert metric_of("psnr")(image, image // 2 * 2, "cpu") == pytest.approx(51.1, abs=0.2)
    found = score_image(image, image, ["fsim", "gmsd"])
    assert found["fsim", "standard"] == pytest.approx(1, abs=1e-4)


def test_what_needs_weights_is_refused_before_any_download():
    with pytest.raises(InputError, match="pyiqa:musiq: only metrics that need no weights"):
        metric_of("musiq")


def test_the_config_names_only_metrics_that_need_no_weights():
    named = [
        how["function"].partition(":")[2]
        for entry in load_metrics().values()
        for how in entry["protocols"].values()
        if how["function"].startswith("pyiqa:")
    ]
    assert named
    assert set(named) <= set(WITHOUT_WEIGHTS)
