"""Costs: the counts that are known, memory that is really used, names that do not overlap."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from support.fake_study import METHODS, make_study, write
from support.helpers import needs_data
from torch import nn
from torch.nn import functional as F

from experiments.analysis.costs import read_costs
from experiments.analysis.results import read_study
from experiments.cli.main import main
from experiments.enhance.cost import measure, network_cost, night_image
from experiments.figures.costs import draw, place_names
from experiments.figures.style import paper_style
from experiments.graph import Graph
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from experiments.tables.costs import significant

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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["costs"], "give results/<study>, or --study"),
        (["costs", "--study", "baselines", "--method", "gamma"], "--method and --out"),
        (["costs", "--study", "demo", "--method", "zero_leinr", "--out", "o"], "--weights goes"),
        (["costs", "--study", "demo", "--method", "gama", "--out", "o"], "no method 'gama'"),
        (["costs", "absent"], "study.json: missing"),
        (["published", "absent"], "study.json: missing"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def plant(folder, **changes):
    """Writes cost files of the fake study."""
    make_study(folder)
    for i, (name, _, _, weights, _) in enumerate(METHODS):
        network = weights != "none"
        costs = {
            "method": name,
            "width": 600,
            "height": 400,
            "parameters": 79416 if network else None,
            "gflops": 38.016 if network else None,
            "seconds": 0.0123456 * 10**i,
            "memory_mib": 256.09,
            "processor_share": 0.99,
            "device": "cpu",
            "device_name": "A CPU",
            "threads": 1,
        }
        write(folder / "costs" / f"{name}.json", json.dumps(costs | changes.get(name, {})))
    return folder


def test_table_and_figure_of_a_study(tmp_path):
    plant(tmp_path)
    assert main(["costs", str(tmp_path)]) == 0
    text = (tmp_path / "tables" / "costs.md").read_text()
    assert "| Zero-DCE | official | 79,416 | 38 | 1.23 | 256 |" in text
    assert "| Input | none | n/a | n/a | 0.0123 | 256 |" in text
    assert "Measured on A CPU, 1 thread." in text
    assert "79416" in (tmp_path / "tables" / "costs.csv").read_text()
    figures = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert figures == ["quality_cost_pairs.pdf", "quality_cost_pairs.png"]
    with Image.open(tmp_path / "figures" / figures[1]) as png:
        assert np.asarray(png.convert("L")).std() > 5


def test_images_made_elsewhere_have_no_costs(tmp_path):
    path = plant(tmp_path) / "study.json"
    write(path, path.read_text().replace("official", "made elsewhere"))
    (tmp_path / "costs" / "zero_dce.json").unlink()
    assert main(["costs", str(tmp_path)]) == 0
    text = (tmp_path / "tables" / "costs.md").read_text()
    assert "Zero-LEINR" in text
    assert "Zero-DCE" not in text


@pytest.mark.parametrize(
    ("factor", "expected"), [(10.0, {"0.01", "0.1", "1"}), (1.1, {"0.013", "0.014"})]
)
def test_dollar_signs_in_a_label_are_no_math(tmp_path, factor, expected):
    names = [name for name, *_ in METHODS]
    times = {name: {"seconds": 0.0123 * factor ** max(0, i - 1)} for i, name in enumerate(names)}
    path = plant(tmp_path, **times) / "study.json"
    write(path, path.read_text().replace('"Zero-LEINR"', '"cost $x_{$"'))
    study = read_study(tmp_path)
    with paper_style():
        quality = pd.Series(10.0, index=names)
        figure = draw(study, study.dataset("pairs"), quality, read_costs(tmp_path, study))
        figure.draw_without_rendering()
    axis = figure.axes[0]
    assert expected <= {text.get_text() for text in axis.get_xticklabels()}
    assert "cost $x_{$†" in [text.get_text() for text in axis.texts]


def test_times_of_two_machines_are_not_passed_off_as_comparable(tmp_path):
    plant(tmp_path, he={"device_name": "Another"})
    assert main(["costs", str(tmp_path), "--only", "table"]) == 0
    text = (tmp_path / "tables" / "costs.md").read_text()
    assert "different devices, so times cannot be compared" in text
    assert "Another" in text


def test_times_of_a_busy_machine_are_said_to_be_too_long(tmp_path):
    plant(tmp_path, he={"processor_share": 0.4})
    assert main(["costs", str(tmp_path), "--only", "table"]) == 0
    note = "Other work ran beside these, their times are too long: Histogram"
    assert note in (tmp_path / "tables" / "costs.md").read_text()


@pytest.mark.parametrize("content", [None, "{}", "[", "[]"])
def test_a_missing_or_broken_cost_file_is_named(tmp_path, capsys, content):
    path = plant(tmp_path) / "costs" / "he.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    assert main(["costs", str(tmp_path)]) == 2
    assert "he.json" in capsys.readouterr().err


def test_names_cover_neither_marks_nor_each_other():
    figure = Figure(figsize=(7, 3.6))
    axis = figure.subplots()
    rng = np.random.default_rng(3)
    marks = {
        f"Method number {k}": (10 ** rng.uniform(-3, 1), rng.uniform(8, 18), 6.0) for k in range(24)
    }
    for x, y, size in marks.values():
        axis.plot(x, y, "o", markersize=size)
    axis.set_xscale("log")
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in place_names(axis, marks)]
    assert len(boxes) == 24
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        for x, y, _ in marks.values():
            assert not box.contains(*axis.transData.transform((x, y)))


def test_significant_digits():
    numbers = [0.000123456, 1.23456, 38.016, 1234.5, 5.0, float("nan")]
    assert [significant(n) for n in numbers] == ["0.000123", "1.23", "38", "1230", "5", "n/a"]


def test_the_baselines_study_has_every_method_that_needs_no_training():
    import yaml

    methods = yaml.safe_load((CONFIG / "methods.yaml").read_text())
    ready = {name for name, entry in methods.items() if "recipe" not in entry}
    study = load_study(CONFIG / "studies" / "baselines.yaml")
    fitted_to_each_image = {"colie", "rrdnet", "retinexdip"}
    assert set(study.methods) == ready - fitted_to_each_image
    assert not study.trained
    products = Graph.load().products("baselines")
    for name in ("tables/published.md", "tables/costs.md", "figures/quality_cost_lol_eval15.png"):
        assert f"results/baselines/{name}" in products
    assert not any("quality_cost_dicm" in product for product in products)
    assert not any("costs" in product for product in Graph.load().products("demo"))
