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
AHEAD = 6
"""A kill is aimed at one of so many jobs that come next, or a study would end after few."""
#: What says when and where it was made, and what it was made from: the rest has the same bytes.
#: Of a folder's time, Snakemake keeps a note of its own, which a kill may leave out.
TOLD = ("run.json", "state.ckpt", "report.html", ".lock", ".snakemake_timestamp")
#: Every stage, and few jobs: a kill comes every few seconds.
SMALL = STUDY | {"methods": ["gamma"], "metrics": ["psnr"]}
SMALL |= {"budget": STUDY["budget"] | {"epochs": 100}}  # 200 steps: long enough to be killed in


def start(project, study="small"):
    return subprocess.Popen(
        ["zero-leinr", "run", study, "--cores", "2"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Behind an `&` of a script it would be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(project):
    process = start(project)
    said, _ = process.communicate()
    return process.returncode, said


def products(project, study="small"):
    """Return the sha256 of every file that a study leaves."""
    results = project.folder / "results" / study
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


def jobs(project):
    """Return the logs of the jobs that a study has started, in their order."""
    logs = project.folder / "results" / "small" / "logs"
    found = sorted(logs.rglob("*.log"), key=lambda path: path.stat().st_mtime_ns)
    return [str(path.relative_to(logs)) for path in found]


def wait_for_job(process, project, job):
    """Return when a job has started, or the study has ended."""
    while process.poll() is None and job not in jobs(project):
        time.sleep(0.02)


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    made = []
    for name in ("whole", "killed"):
        folder = tmp_path_factory.mktemp(name)
        project = Project(folder)
        write_yaml(project.config / "studies" / "small.yaml", SMALL)
        made.append(project)
    return made


def test_kills_at_random_points_change_no_byte(projects):
    """Each comes up to two seconds after the start of one of the next jobs: all stages get some."""
    whole, killed = projects
    code, said = finish(whole)
    assert code == 0, said[-3000:]
    order, expected = jobs(whole), products(whole)
    chance, done, ends = random.Random(SEED), Counter(), 0
    while True:
        enough, started = sum(done.values()) == KILLS, jobs(killed)
        coming = [job for job in order if job not in started][:AHEAD]
        if enough or not coming:
            code, said = finish(killed)
            assert code == 0, said[-3000:]
            assert products(killed) == expected
            assert not list(killed.folder.rglob("*.zero-leinr.part"))
            ends += 1
            print(f"end {ends}: {len(expected)} files the same", flush=True)
            if enough:
                break
            shutil.rmtree(killed.folder / "results")
            continue
        process, way = start(killed), WAYS[sum(done.values()) % len(WAYS)]
        job = chance.choice(coming)
        wait_for_job(process, killed, job)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, 2))
        if kill(process, way, chance):
            done[way] += 1
            print(f"kill {sum(done.values())}: {way}, after the start of {job}", flush=True)
            if way == "worker":
                process.communicate()
        process.kill()
        process.wait()
    print(f"{dict(done)}: {KILLS} kills, {ends} ends, each of {len(expected)} files the same")


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


def test_an_interrupted_group_leaves_nobody_at_work(projects):
    """As Ctrl-C does; and the same command goes on."""
    _, killed = projects
    results = killed.folder / "results" / "small"
    shutil.rmtree(results, ignore_errors=True)
    process = start(killed)
    while not (results / "runs/light_alone/seed0/state.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.1)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate()
    assert process.returncode != 0
    psutil.wait_procs(workers, timeout=60)
    assert not [worker for worker in workers if worker.is_running()]
    code, said = finish(killed)
    assert code == 0, said[-3000:]


def test_a_clock_that_is_set_back_changes_no_byte(projects):
    """What was written before has times of the future; a study goes on, and is done in the end."""
    whole, killed = projects
    for project in (whole, killed):
        code, said = finish(project)
        assert code == 0, said[-3000:]
    expected = products(whole)
    results = killed.folder / "results" / "small"
    for stage in ("scores", "tables"):
        shutil.rmtree(results / stage)
    for path in [*results.rglob("*"), *(killed.folder / "data").rglob("*")]:
        later = path.stat().st_mtime + 3600
        os.utime(path, (later, later))
    code, said = finish(killed)
    assert code == 0, said[-3000:]
    assert products(killed) == expected


def test_two_studies_at_once_do_not_meet(projects):
    """They share a folder, its data and its `.snakemake`."""
    whole, killed = projects
    code, said = finish(whole)
    assert code == 0, said[-3000:]
    shutil.rmtree(killed.folder / "results", ignore_errors=True)
    shutil.copy(killed.config / "studies/small.yaml", killed.config / "studies/other.yaml")
    both = [start(killed, name) for name in ("small", "other")]
    for process in both:
        said, _ = process.communicate()
        assert process.returncode == 0, said[-3000:]
    expected = products(whole)
    assert products(killed) == expected
    del expected["study.json"]  # it says the name
    assert expected.items() <= products(killed, "other").items()
