"""bfloat16 by itself: only where it is faster, with what it does to the pixels."""

import numpy as np
from support.random_weights import contrasted

from zero_leinr import precision_trial
from zero_leinr.precision_trial import Trial, try_bfloat16


def test_a_trial_measures_time_and_pixels(monkeypatch):
    clock = iter([0, 4, 0, 3, 0, 2, 0, 1])  # float32 twice, then bfloat16 twice
    monkeypatch.setattr(precision_trial.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(precision_trial, "SIDE", 64)
    image = np.random.default_rng(0).integers(0, 60, (80, 96, 3)).astype(np.uint8)
    trial = try_bfloat16(contrasted(), image)
    assert trial.speedup == 3
    assert 0 < trial.mean < trial.largest < 64
    assert trial.precision == "bfloat16"
    assert "3.0 times as fast here and moves pixels by" in str(trial)


def test_a_small_gain_is_not_worth_it():
    assert Trial(1.2, 0.1, 1).precision == "float32"
    assert Trial(0.1, 0.1, 1).precision == "float32"
