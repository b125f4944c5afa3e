"""GPUs are found without torch, and each process keeps one of them; real processes, no GPU."""

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from experiments.graph import Graph
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import MethodConfig
from zero_leinr import gpu_slots
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError
from zero_leinr.gpu_slots import count_gpus, visible_gpus

PROJECT = Path(gpu_slots.__file__).parent.parent
EIGHT = "\n".join(f"GPU {n}: NVIDIA H100 (UUID: GPU-{n:08x})" for n in range(8))
MIG = """GPU 0: NVIDIA A100 (UUID: GPU-a)
  MIG 3g.20gb     Device  0: (UUID: MIG-a0)
  MIG 3g.20gb     Device  1: (UUID: MIG-GPU-a/2/0)
GPU 1: NVIDIA A100 (UUID: GPU-b)"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Pretends a machine: what ``nvidia-smi -L`` prints (None: no such tool), device files."""

    def pretend(printed: str | None, files: tuple[str, ...] = (), status: int = 0) -> None:
        tool = tmp_path / "bin" / "nvidia-smi"
        tool.parent.mkdir(exist_ok=True)
        tool.unlink(missing_ok=True)
        if printed is not None:
            tool.write_text(f"#!/bin/sh\nprintf '%s\\n' '{printed}'\nexit {status}\n")
            tool.chmod(0o755)
        (tmp_path / "dev").mkdir(exist_ok=True)
        for name in files:
            (tmp_path / "dev" / name).touch()

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(gpu_slots, "DEVICES", tmp_path / "dev")
    monkeypatch.setattr(gpu_slots, "WSL", tmp_path / "wsl")
    for name in ("CUDA_VISIBLE_DEVICES", "ZERO_LEINR_GPUS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    return pretend


def test_every_gpu_counts_and_a_mig_instance_is_one(machine):
    machine(EIGHT)
    assert count_gpus() == 8
    machine(MIG)
    assert list(visible_gpus()) == ["MIG-a0", "MIG-GPU-a/2/0", "GPU-b"]


@pytest.mark.parametrize(
    ("chosen", "seen"),
    [
        ("", {}),
        ("-1", {}),
        ("2, 0", {"2": "GPU-00000002", "0": "GPU-00000000"}),
        ("1,-1,3", {"1": "GPU-00000001"}),
        ("GPU-00000005", {"GPU-00000005": "GPU-00000005"}),
        ("8", {}),
    ],
)
def test_hidden_gpus_do_not_count(machine, monkeypatch, chosen, seen):
    machine(EIGHT)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_gpus() == seen
    assert count_gpus() == len(seen)


def test_containers_and_wsl_without_the_tool(machine, tmp_path, monkeypatch):
    machine(None)
    assert count_gpus() == 0
    machine(None, ("nvidiactl", "nvidia-uvm", "nvidia4", "nvidia7"))
    assert visible_gpus() == {"0": "0", "1": "1"}  # in a container CUDA counts them from 0
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert visible_gpus() == {"1": "1"}


def test_wsl_has_a_gpu_where_windows_has_nvidias_driver(machine, tmp_path):
    machine(None, ("dxg",))  # any graphics card has it
    assert count_gpus() == 0
    (tmp_path / "wsl").mkdir()
    (tmp_path / "wsl" / "libcuda.so.1").touch()
    assert count_gpus() == 1


def test_a_tool_that_fails_shows_no_gpu(machine):
    machine("NVIDIA-SMI has failed", status=9)
    assert count_gpus() == 0


def test_the_user_has_the_last_word(machine, monkeypatch):
    machine(EIGHT)
    for told in ("0", "16"):
        monkeypatch.setenv("ZERO_LEINR_GPUS", told)
        assert count_gpus() == int(told)
    monkeypatch.setenv("ZERO_LEINR_GPUS", "all")
    with pytest.raises(InputError, match="ZERO_LEINR_GPUS=all: write how many"):
        count_gpus()


JOB = """
import os, sys
from zero_leinr.gpu_slots import take_gpu
take_gpu()
take_gpu()  # a second call keeps the first one's
print(os.environ.get("CUDA_VISIBLE_DEVICES", "all"), flush=True)
sys.stdin.read()
"""


class Job:
    """A process that takes a slot and keeps it until it is ended."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOB],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def gpu(self) -> str:
        return self.process.stdout.readline().strip()

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.communicate()


@pytest.fixture
def jobs():
    started: list[Job] = []

    def start(count: int) -> list[Job]:
        more = [Job() for _ in range(count)]
        started.extend(more)
        return more

    yield start
    for job in started:
        job.end()


def test_jobs_spread_evenly_over_eight_gpus_and_a_killed_one_frees_its_slot(machine, jobs):
    machine(EIGHT)
    running = {job: job.gpu() for job in jobs(8)}
    assert sorted(running.values()) == [f"GPU-{n:08x}" for n in range(8)]
    # Twenty-four more, eight at a time as Snakemake starts them: each gets what a killed one had.
    for turn in range(24):
        killed = list(running)[turn % 8]
        killed.end()
        freed = running.pop(killed)
        (new,) = jobs(1)
        running[new] = new.gpu()
        assert running[new] == freed


def test_thirty_two_jobs_at_once_are_four_on_each_gpu(machine, jobs):
    machine(EIGHT)
    seen = Counter(job.gpu() for job in jobs(32))
    assert seen == {f"GPU-{n:08x}": 4 for n in range(8)}  # and none has two


def test_a_job_chooses_among_what_it_was_given(machine, jobs, monkeypatch):
    """As inside of a scheduler's allocation; the locks are those of the cards all the same."""
    machine(EIGHT)
    (first,) = jobs(1)
    assert first.gpu() == "GPU-00000000"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    assert [job.gpu() for job in jobs(1)] == ["3"]


def test_without_a_gpu_nothing_is_taken(machine, jobs):
    machine(None)
    assert [job.gpu() for job in jobs(2)] == ["all", "all"]


def test_a_mig_name_with_slashes_is_a_slot(machine, jobs):
    machine(MIG)
    assert {job.gpu() for job in jobs(3)} == {"MIG-a0", "MIG-GPU-a/2/0", "GPU-b"}


def test_a_job_that_was_promised_a_gpu_does_not_train_without(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(InputError, match="a GPU was asked for, and torch sees none"):
        choose_device("gpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert choose_device("gpu") == "cuda"


def test_a_method_without_a_network_asks_for_no_gpu():
    """Torch may be loaded by methods that ask for a GPU, and by no other."""
    graph = Graph.load(gpus=1)
    sheet = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")
    study = graph.studies["paper"]
    methods = {
        name: MethodConfig(name, name, "", entry, entry.get("recipe"), [0])
        for name, entry in sheet.items()
    }
    studies = {"paper": replace(study, methods=study.methods | methods)}
    graph = replace(graph, studies=studies)
    without = [name for name in sheet if not graph.gpus_for("paper", name)]
    assert {"gamma", "lime", "bimef"} <= set(without)
    assert graph.gpus_for("paper", "no_enrb") == graph.gpus_for("paper", "colie") == 1
    modules = {sheet[name]["method"].partition(":")[0] for name in without}
    code = f"for name in {modules}: importlib.import_module('baselines.' + name)"
    code = f"import importlib, sys\n{code}\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
