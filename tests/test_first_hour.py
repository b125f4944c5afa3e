"""docs/first-hour.md: its edits are made in a copy of the checkout, and its commands run there."""

import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "first-hour.md"
# All commands in one process: each of its own would load torch again. Studies are planned alone.
RUN = """
import json, sys
from experiments.cli.main import main
for command in json.load(sys.stdin):
    print("$", *command, flush=True)
    assert main(command) == 0, command
"""


def blocks():
    return re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def edit(copy, kind, text):
    """Do with a file what the first line of a block says."""
    head, _, body = text.partition("\n")
    file = copy / head.split()[-1]
    if kind == "diff":
        old = "\n".join(line[1:] for line in body.splitlines() if line.startswith("-"))
        new = "\n".join(line[1:] for line in body.splitlines() if line.startswith("+"))
        content = file.read_text()
        assert content.count(old) == 1, file
        file.write_text(content.replace(old, new))
    elif "at the end of" in head:
        with file.open("a") as opened:
            opened.write(body)
    else:
        assert not file.exists()
        file.write_text(body)


def photo(path, seed=0, size=(96, 80)):
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    scene = rng.integers(0, 60, (height // 8, width // 8, 3)).astype(np.uint8)
    Image.fromarray(scene.repeat(8, 0).repeat(8, 1)).save(path)


def network_weights(copy):
    """Write weights for the page's network, instead of the official ones that it downloads."""
    spec = importlib.util.spec_from_file_location("cpga_net", copy / "baselines" / "cpga_net.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file = copy / "data" / "weights" / "cpga_net.pkl"
    file.parent.mkdir()
    torch.save({"state_dict": module.CPGANet().state_dict()}, file)
    sheet = copy / "experiments" / "config" / "weights.yaml"
    entry = sheet.read_text().rpartition("cpga_net:")[2]
    official = re.search(r'sha256: "(\w+)"', entry)[1]
    ours = hashlib.sha256(file.read_bytes()).hexdigest()
    sheet.write_text(sheet.read_text().replace(official, ours))


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The checkout with the page's edits, and what a user has."""
    copy = tmp_path_factory.mktemp("clone")
    for package in ("zero_leinr", "baselines", "experiments"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / package, copy / package, ignore=leave)
    shutil.copy(PROJECT / "Snakefile", copy)
    for kind, text in blocks():
        if kind != "sh":
            edit(copy, kind, text)
    photo(copy / "photo.jpg")
    for k in (1, 2):
        photo(copy / "my_photos" / f"{k}.jpg", k)
        photo(copy / "data" / "my_pairs" / "low" / f"{k}.png", k)
        photo(copy / "data" / "my_pairs" / "high" / f"{k}.png", 10 + k)
        photo(copy / "data" / "outputs" / "my_pairs" / f"{k}_out.png", 20 + k)
    network_weights(copy)
    return copy


def test_every_command_of_the_page_runs(copy):
    commands = [
        shlex.split(line)
        for kind, text in blocks()
        if kind == "sh"
        for line in text.replace("\\\n", " ").splitlines()
        if line
    ]
    assert {command[0] for command in commands} == {"zero-leinr"}
    studies = [command[2] for command in commands if command[1] == "run"]
    here = {**os.environ, "PYTHONPATH": str(copy), "ZERO_LEINR_GPUS": "0", "ZERO_LEINR_DATA": ""}
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([command[1:] for command in commands if command[1] != "run"]),
        cwd=copy,
        env=here,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = ["enhanced/photo.png", "enhanced/photo_compare.jpg", "bright/2.jpg", "softer/photo.png"]
    made += ["tuned/photo.png", "lifted/1.png", "runs/tuned/run.json", "runs/dark/losses.csv"]
    made += ["experiments/config/studies/first.yaml", "experiments/config/studies/second.yaml"]
    made += ["experiments/config/studies/third.yaml", "cpga/2.png"]
    for file in made:
        assert (copy / file).is_file(), file
    assert "light/darkness" in (copy / "runs/dark/losses.csv").read_text()
    assert "no_smoothness_light" in (copy / "experiments/config/ablations.yaml").read_text()
    assert re.search(r"brightness +standard +0\.\d+ +2", done.stdout)
    planned = subprocess.run(
        [sys.executable, "-m", "snakemake", *studies, "--cores", "all", "--dry-run", "--quiet"],
        cwd=copy,
        env=here,
        capture_output=True,
        text=True,
    )
    assert planned.returncode == 0, planned.stdout + planned.stderr
