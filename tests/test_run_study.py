"""A study is run by one process at a time; what a killed one left is dealt with."""

import os
import subprocess
import sys
import threading

import pytest

from experiments import run_study
from experiments.run_study import remove_old_locks, settle
from zero_leinr.errors import InputError
from zero_leinr.folder_lock import LOCK, is_locked

HOLD = (
    "import sys, time; from pathlib import Path; from zero_leinr.folder_lock import locked\n"
    "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
)
WRITE = "import sys; file = open(sys.argv[1], 'w'); print('held', flush=True); sys.stdin.readline()"


@pytest.fixture
def start():
    """Starts a process of its own group, as the worker of a dead Snakemake is."""
    started = []

    def start(code, path):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_leftover_training_is_stopped_and_said(tmp_path, start, capsys):
    run = tmp_path / "runs" / "a" / "seed0"
    training = start(HOLD, run)
    (tmp_path / "runs" / "a" / "seed1").mkdir()
    settle(tmp_path)
    assert training.wait() != 0
    assert not is_locked(run)
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"run: stopping process {training.pid}, left over in {run}; its checkpoint stays"
    ]


def test_a_training_that_is_not_seen_here_is_waited_for(tmp_path, start, capsys, monkeypatch):
    """As of another machine: its number says nothing here."""
    monkeypatch.setattr(run_study, "owner_here", lambda folder: None)
    run = tmp_path / "runs" / "a" / "seed0"
    training = start(HOLD, run)
    (run / LOCK).write_text("12 node3\n")
    waiting = threading.Thread(target=settle, args=[tmp_path])
    waiting.start()
    waiting.join(3 * run_study.POLL_SECONDS)
    assert waiting.is_alive()
    assert training.poll() is None
    training.kill()
    waiting.join()
    assert capsys.readouterr().err == (
        f"run: waiting for process 12 on node3, which trains in {run}\n"
    )


def test_another_leftover_worker_is_waited_for_and_a_reader_is_not(tmp_path, start, capsys):
    log = tmp_path / "logs" / "enhance.log"
    log.parent.mkdir()
    log.touch()
    start(WRITE.replace("'w'", "'r'"), log)
    settle(tmp_path)
    worker = start(WRITE, log)
    waiting = threading.Thread(target=settle, args=[tmp_path])
    waiting.start()
    waiting.join(3 * run_study.POLL_SECONDS)
    assert waiting.is_alive()
    worker.communicate(b"\n")
    waiting.join()
    assert f"waiting for process {worker.pid}, which writes {log}" in capsys.readouterr().err


def test_only_the_lock_of_a_dead_snakemake_is_removed(tmp_path, start, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    locks, log = tmp_path / ".snakemake" / "locks", tmp_path / ".snakemake" / "log"
    for folder in (locks, log):
        folder.mkdir(parents=True)
    for number, study in enumerate(("mine", "other")):
        (locks / f"{number}.output.lock").write_text(f"results/{study}/study.json\n")
        (locks / f"{number}.input.lock").write_text("a\n")
    mine = run_study.Path("results/mine")
    snakemake = start(WRITE, log / "now.snakemake.log")
    with pytest.raises(InputError, match=f"Snakemake, process {snakemake.pid}, works here"):
        remove_old_locks(mine)
    snakemake.communicate(b"\n")
    remove_old_locks(mine)
    assert {path.name for path in locks.iterdir()} == {"1.output.lock", "1.input.lock"}


def test_a_home_that_cannot_be_written_is_no_place_for_a_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert run_study._cache() == {}
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert run_study._cache()["XDG_CACHE_HOME"].endswith(".snakemake/cache")
