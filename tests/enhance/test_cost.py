"""What an image costs a method: the counts that are known, memory that is really used."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from support.helpers import needs_data
from torch import nn
from torch.nn import functional as F

from experiments.enhance.cost import measure, network_cost, night_image

IMAGE = np.zeros((40, 60, 3), np.uint8)


def test_parameters_in_use_and_operations_of_a_network():
    used, unused = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(10, 10)

    @torch.inference_mode()
    def method(image):
        assert unused.weight.device.type == "cpu"  # looking at a parameter is not using it
        used(torch.zeros(1, 3, *image.shape[:2]))
        return image

    parameters, operations = network_cost(method, IMAGE)
    assert parameters == 3 * 4 * 9 + 4
    assert operations == 2 * 3 * 4 * 9 * 40 * 60


def test_parameters_count_once_and_even_if_the_layer_is_not_called():
    layer = nn.Linear(3, 5)

    def method(image):
        pixels = torch.zeros(7, 3)
        F.linear(pixels, 30 * layer.weight)
        F.linear(pixels, layer.weight)
        return image

    assert network_cost(method, IMAGE) == (15, 2 * 2 * 7 * 3 * 5)


def test_without_a_network_there_is_nothing_to_count():
    assert network_cost(np.copy, IMAGE) == (None, None)


def test_the_image_is_always_the_same_dark_photograph():
    image = night_image()
    assert image.shape == (400, 600, 3)
    assert image.dtype == np.uint8
    assert image.mean() < 80
    assert np.array_equal(image, night_image())


def test_time_and_memory_are_those_of_the_call():
    import time

    def method(image):
        if image.shape == (400, 600, 3):
            time.sleep(0.02)
            np.ones(4_000_000).sum()  # 30.5 MiB, given back at once
        return image

    costs = measure(method, night_image(), "cpu")
    assert costs["seconds"] >= 0.02
    assert costs["seconds"] == sorted(costs["seconds_each"])[len(costs["seconds_each"]) // 2]
    assert costs["processor_share"] < 0.9  # it slept
    assert (costs["parameters"], costs["gflops"]) == (None, None)
    if sys.platform == "linux":
        assert costs["memory_mib"] == pytest.approx(30.5, abs=8)


@needs_data
def test_the_counts_of_the_official_networks(tmp_path):
    out = tmp_path / "costs.json"
    command = [sys.executable, "-m", "experiments.cli.main", "costs", "--study", "baselines"]
    command += ["--method", "sci_medium", "--threads", "1", "--device", "cpu", "--out", str(out)]
    # As the workflow calls it: Snakemake sets these to all the cores that it keeps free.
    cores = {f"{library}_NUM_THREADS": "2" for library in ("OMP", "MKL", "OPENBLAS")}
    subprocess.run(command, check=True, env=os.environ | cores | {"CUDA_VISIBLE_DEVICES": ""})
    costs = json.loads(out.read_text())
    assert costs["processor_share"] < 1.2  # it kept to one thread
    assert costs["parameters"] == 258
    # Three 3x3 convolutions from 3 to 3 channels.
    assert costs["gflops"] == pytest.approx(3 * 2 * 9 * 9 * 600 * 400 / 1e9)
    assert (costs["threads"], costs["device"]) == (1, "cpu")
    assert costs["seconds"] > 0
    assert costs["memory_mib"] > 1
