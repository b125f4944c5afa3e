"""The road of a GPU, on a simulated one: whole trainings, resume, enhancing and LPIPS.

Each result must have the bits of the CPU's. No step may wait for the device or upload to it.
All scenarios run in one process of their own (see `support.simulated_device`): this file, run as a
script, writes a line a scenario.
"""

import functools
import json
import math
import os
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from support import simulated_device
from support.random_weights import contrasted, save_random_trunk
from support.small_training import (
    PHOTO,
    TRAINED,
    Killed,
    files,
    kill_after_four_steps,
    make_step_of,
    recipe_of,
    train_small,
)

import zero_leinr.device
from baselines import (
    clip_lit,
    iat,
    pairlie,
    psenet,
    ruas,
    sci,
    self_dace,
    uretinex_net,
    zero_dce,
    zero_dce_pp,
    zero_ig,
)
from experiments.score.perceptual import lpips
from zero_leinr import training
from zero_leinr.curves import CurveEstimator
from zero_leinr.inference import enhance
from zero_leinr.training_step import training_step

GPU = simulated_device.NAME
NETWORKS = {
    clip_lit: clip_lit.CLIPLIT,
    iat: iat.IAT,
    pairlie: pairlie.PairLIE,
    psenet: psenet.PSENet,
    ruas: ruas.RUAS,
    sci: sci.SCI,
    self_dace: self_dace.SelfDACE,
    uretinex_net: uretinex_net.URetinexNet,
    zero_dce: CurveEstimator,
    zero_dce_pp: zero_dce_pp.SharedCurveEstimator,
    zero_ig: zero_ig.ZeroIG,
}


class Watched:
    """A training step that notes what the device was asked for in it, and since the last one."""

    def __init__(self, step):
        self.step, self.model = step, step.model
        self.state_dict, self.load_state_dict = step.state_dict, step.load_state_dict
        self.inside, self.between, self.left = [], [], Counter()

    def __call__(self, *arguments):
        self.between.append(simulated_device.events - self.left)
        before = Counter(simulated_device.events)
        losses = self.step(*arguments)
        self.left = Counter(simulated_device.events)
        self.inside.append(self.left - before)
        return losses


def train_watched(method, folder, **options):
    """Train on the device; return the step, watched."""
    watched = []

    def make_step(recipe, seed, device):
        watched.append(Watched(make_step_of(recipe)(recipe, seed, device)))
        return watched[-1]

    train_small(method, GPU, folder, make_step, **options)
    return watched[-1]


@functools.cache
def trained_on_the_cpu(method):
    """Return the files of a training on the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        train_small(method, "cpu", Path(folder))
        return files(Path(folder))


def trains(method, folder):
    """The CPU's bits; after the first step, which fills caches, nothing waits or is uploaded.

    Between steps, too: the pixels of an epoch are picked on the device. (Places are uploaded
    between the two epochs of three steps.)
    """
    step = train_watched(method, folder)
    assert files(folder) == trained_on_the_cpu(method)
    assert next(step.model.parameters()).device.type == GPU
    assert step.inside[1:] == [Counter()] * 5
    assert [step.between[k] for k in (1, 2, 4, 5)] == [Counter()] * 4
    assert all(step.between[k]["upload: copy_"] for k in (0, 3))


def resumes(method, folder):
    """A training that is killed ends with the bits of one that is not."""
    with pytest.raises(Killed):
        train_watched(method, folder, checkpoint_every=2, progress=kill_after_four_steps)
    step = train_watched(method, folder)
    assert len(step.inside) == 4  # it goes on from the second step
    assert files(folder) == trained_on_the_cpu(method)


def enhances(folder):
    for options in ({}, {"padding": "minimal", "tile": 32}):
        model = contrasted()
        expected = enhance(model, PHOTO, **options)
        assert expected.std() > 10
        assert np.array_equal(enhance(model.to(GPU), PHOTO, **options), expected)


def baseline_enhances(module, folder):
    photo = PHOTO[:60]  # Zero-DCE++ crops to multiples of 12
    torch.manual_seed(0)
    network = NETWORKS[module]()
    torch.save(network.state_dict(), folder / "weights.pth")
    here, there = (module.build({}, folder / "weights.pth", device) for device in ("cpu", GPU))
    simulated_device.events.clear()
    assert np.array_equal(there(photo), here(photo))
    assert simulated_device.events["upload: copy_"]  # it ran on the device


def scores_lpips(folder):
    trunk = save_random_trunk(folder / "trunk.npz")
    scores = [lpips(PHOTO, PHOTO // 2, device, trunk) for device in ("cpu", GPU)]
    assert scores[0] == scores[1] > 0.01


def catches_a_misplaced_weight(folder):
    """As where a `.to(device)` is forgotten."""
    recipe = recipe_of("zero_leinr")
    step = training_step(recipe, 0, GPU)
    step.model.cpleb.branches["color"].e_conv1.bias = torch.nn.Parameter(torch.zeros(32))
    with pytest.raises(RuntimeError, match="two devices"):
        step(torch.zeros(2, 3, 64, 64, device=GPU), 0, 0)


def catches_a_constant_that_is_uploaded_in_every_step(folder):
    cached = sci._color_space
    sci._color_space = cached.__wrapped__
    try:
        step = train_watched("sci_retrained", folder)
    finally:
        sci._color_space = cached
    assert [set(events) for events in step.inside] == [{"upload: copy_", "wait: copy_"}] * 6


def catches_a_value_that_is_read_in_a_step(folder):
    step = Watched(training_step(recipe_of("no_enrb"), 0, GPU))
    train_on = step.step
    step.step = lambda *batch: bool(train_on(*batch)["light/total"] > 0)
    for number in range(2):
        step(torch.full((2, 3, 64, 64), 0.2, device=GPU), 0, number)
    assert step.inside[1] == Counter({"wait: _local_scalar_dense": 1})


def scenarios():
    found = {f"trains {method}": (trains, method) for method in TRAINED}
    found |= {f"resumes {method}": (resumes, method) for method in ("zero_leinr", "sci_retrained")}
    found |= {f"{module.__name__} enhances": (baseline_enhances, module) for module in NETWORKS}
    plain = (enhances, scores_lpips, catches_a_misplaced_weight)
    plain += (
        catches_a_constant_that_is_uploaded_in_every_step,
        catches_a_value_that_is_read_in_a_step,
    )
    return found | {function.__name__.replace("_", " "): (function,) for function in plain}


def run_all(report):
    """Run all scenarios on the simulated device; write what went wrong in each."""
    kept = simulated_device.start()
    assert kept
    for module in (zero_leinr.device, training):
        module.choose_device = lambda name: name  # it knows no such device
    training.FLUSH_SECONDS = math.inf  # losses are read at looks alone, however slow this machine
    wrong = {}
    for name, (function, *arguments) in scenarios().items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(*arguments, Path(folder))
                wrong[name] = ""
            except Exception:
                wrong[name] = traceback.format_exc()
    Path(report).write_text(json.dumps(wrong))


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    report = tmp_path_factory.mktemp("gpu") / "report.json"
    tests = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, __file__, str(report)],
        env=os.environ | {"PYTHONPATH": str(tests), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(report.read_text())


@pytest.mark.parametrize("scenario", scenarios())
def test_on_a_simulated_gpu(scenario, wrong):
    assert not wrong[scenario], wrong[scenario]


if __name__ == "__main__":
    run_all(sys.argv[1])
    os._exit(0)  # the device cannot be taken back
