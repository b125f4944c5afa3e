"""A study that is killed again and again ends with the bytes of one that is not (make test-faults).

FAULT_KILLS and FAULT_SEED choose how many kills there are, and where.
"""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter

import psutil
import pytest
from support.project import STUDY, Project, write_yaml

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("FAULT_KILLS", "30"))
SEED = int(os.environ.get("FAULT_SEED", "0"))
WAYS = ("group", "worker", "Snakemake alone")
#: What says when and where it was made, and what it was made from: the rest has the same bytes.
TOLD = ("run.json", "state.ckpt", "report.html", ".lock")


def start(project):
    return subprocess.Popen(
        ["zero-leinr", "run", "small", "--cores", "2"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(project):
    process = start(project)
    said, _ = process.communicate()
    return process.returncode, said


def products(project):
    """Return the sha256 of every file that the study leaves."""
    results = project.folder / "results" / "small"
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.name not in TOLD and "logs" not in path.parts
    }


def kill(process, way, chance):
    """Kill a running study; returns whether there was something to kill."""
    if process.poll() is not None:
        return False
    if way == "group":
        os.killpg(process.pid, signal.SIGKILL)
        return True
    if way == "Snakemake alone":
        os.kill(process.pid, signal.SIGKILL)
        return True
    with contextlib.suppress(psutil.NoSuchProcess):
        workers = [p for p in psutil.Process(process.pid).children(recursive=True)]
        if workers:
            chance.choice(workers).kill()
            return True
    return False


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    made = []
    for name in ("whole", "killed"):
        folder = tmp_path_factory.mktemp(name)
        project = Project(folder)
        budget = STUDY["budget"] | {"epochs": 100}  # 200 steps: long enough to be killed in
        write_yaml(project.config / "studies" / "small.yaml", STUDY | {"budget": budget})
        made.append(project)
    return made


def test_kills_at_random_points_change_no_byte(projects):
    whole, killed = projects
    started = time.monotonic()
    code, said = finish(whole)
    assert code == 0, said[-3000:]
    seconds, expected = time.monotonic() - started, products(whole)
    chance, done, rounds = random.Random(SEED), Counter(), 0
    deadline = 3 * KILLS  # tries; one comes after the end now and then
    while sum(done.values()) < KILLS and (deadline := deadline - 1):
        process, way = start(killed), WAYS[sum(done.values()) % len(WAYS)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.02, 0.4) * seconds)
        if kill(process, way, chance):
            done[way] += 1
            if way == "worker":
                process.communicate()
        process.kill()
        process.wait()
        if process.returncode == 0:
            assert products(killed) == expected
            rounds += 1
            shutil.rmtree(killed.folder / "results")
    code, said = finish(killed)
    assert code == 0, said[-3000:]
    assert products(killed) == expected
    assert not list(killed.folder.rglob("*.zero-leinr.part"))
    assert sum(done.values()) == KILLS
    print(f"{dict(done)}: {KILLS} kills, {rounds + 1} ends, each of {len(expected)} files the same")


def test_two_runs_of_one_study_do_not_meet(projects):
    """The second is refused in one line; the first does not notice."""
    whole, _ = projects
    shutil.rmtree(whole.folder / "results", ignore_errors=True)
    first = start(whole)
    while not (whole.folder / "results/small/.lock").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    code, said = finish(whole)
    assert code == 2
    assert f"process {first.pid}" in said.splitlines()[-1]
    said, _ = first.communicate()
    assert first.returncode == 0, said[-3000:]
