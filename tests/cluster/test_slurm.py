"""A study through a real Slurm: a job canceled, Snakemake killed, resumed; the local result.

make test-cluster (root, on a machine where slurm-wlm and munge are installed)
"""

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.project import STUDY, Project, write_yaml
from support.slurm import Slurm

pytestmark = pytest.mark.cluster

OPTIONS = ["--workflow-profile", "slurm", "--latency-wait", "10"]
OPTIONS += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "5"]
WITHOUT_GPUS = ["--config", "gpu=0"]
KEPT = ("model.safetensors", "losses.csv", "*.png", "*.csv", "*.md", "*.npy")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    cluster = Slurm(tmp_path_factory.mktemp("slurm"))
    yield cluster
    cluster.stop()


def small_study(folder: Path, slurm: Slurm | None = None) -> Project:
    """Two trainings that are long enough to be stopped in the middle."""
    folder.mkdir(exist_ok=True)
    project = Project(folder)
    more = {"methods": ["gamma"], "metrics": ["psnr"], "seeds": [0, 1]}
    more |= {"budget": STUDY["budget"] | {"epochs": 150}}
    write_yaml(project.config / "studies" / "small.yaml", STUDY | more)
    if slurm:
        path = project.environment["PATH"]
        project.environment |= slurm.environment
        project.environment["PATH"] = f"{slurm.folder / 'bin'}{os.pathsep}{path}"
    return project


def results(project: Project) -> dict[str, bytes]:
    """What was trained, enhanced, scored and drawn, by its path."""
    folder = project.folder / "results" / "small"
    paths = [path for pattern in KEPT for path in folder.rglob(pattern) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def wait_for(what: Callable[[], object], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 1500
    while not what():
        assert process.poll() is None, "Snakemake ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_stopped_twice_slurm_ends_with_the_local_result(tmp_path, slurm):
    here, there = small_study(tmp_path / "here"), small_study(tmp_path / "there", slurm)
    started = time.monotonic()
    assert (done := here.snakemake("small", timeout=3000)).returncode == 0, done.stdout[-3000:]
    local = time.monotonic() - started

    log = (tmp_path / "log").open("wb")
    started = time.monotonic()
    process = subprocess.Popen(
        ["snakemake", "small", *OPTIONS, *WITHOUT_GPUS],
        cwd=there.folder,
        env=there.environment,
        stdout=log,
        stderr=log,
    )
    runs = there.folder / "results" / "small" / "runs" / "light_alone"
    states = [runs / f"seed{seed}" / "state.ckpt" for seed in (0, 1)]
    try:
        wait_for(states[0].exists, process)
        slurm.run("scancel", training(slurm, seed=0))
        kept = states[0].stat().st_mtime_ns
        wait_for(lambda: states[0].stat().st_mtime_ns > kept or finished(states[0]), process)
        wait_for(states[1].exists, process)
    finally:
        process.kill()
        process.wait()
    slurm.run("scancel", "--user=root")
    wait_until_empty(slurm)
    there.snakemake("--unlock")
    done = there.snakemake("small", *OPTIONS, *WITHOUT_GPUS, timeout=3000)
    assert done.returncode == 0, done.stdout[-5000:] + (tmp_path / "log").read_text()[-3000:]
    minutes = (time.monotonic() - started) / 60
    ours, local_ones = results(there), results(here)
    assert ours.keys() == local_ones.keys()
    assert [path for path in ours if ours[path] != local_ones[path]] == []
    record = json.loads((runs / "seed0" / "run.json").read_text())
    assert len(record["segments"]) > 1  # it went on; it did not start again
    jobs = Counter(comment for _, comment, _ in slurm.jobs("all"))
    print(f"\n{minutes:.1f} min with Slurm, {local / 60:.1f} without, jobs: {jobs.total()}\n{jobs}")


def training(slurm: Slurm, seed: int) -> str:
    """The number of the running training with this seed."""
    name = f"rule_train_wildcards_small_light_alone_{seed}"
    return next(number for number, comment, _ in slurm.jobs("running") if comment == name)


def finished(state: Path) -> bool:
    return (state.parent / "run.json").exists()


def wait_until_empty(slurm: Slurm) -> None:
    deadline = time.monotonic() + 300
    while slurm.jobs("running,completing,pending"):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_a_training_asks_for_a_gpu_and_stops_where_torch_sees_none(tmp_path, slurm):
    project = small_study(tmp_path, slurm)
    target = "results/small/runs/light_alone/seed0/model.safetensors"
    done = project.snakemake(target, *OPTIONS, "--retries", "0", timeout=1500)
    assert done.returncode != 0
    asked = {comment: gpus for _, comment, gpus in slurm.jobs("all")}
    training = next(comment for comment in asked if "train" in comment)
    assert "gpu:1" in asked[training]
    assert not re.search("gpu", asked[next(comment for comment in asked if "data" in comment)])
    log = project.folder / "results/small/logs/train/light_alone_seed0.log"
    assert "a GPU was asked for, and torch sees none" in log.read_text()
