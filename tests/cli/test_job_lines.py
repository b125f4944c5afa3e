"""What `zero-leinr run` shows: a line a job, the time left, the end of a failed job's log."""

import logging

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from experiments.cli import job_lines
from experiments.cli.job_lines import LogHandler


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def study(monkeypatch, tmp_path, capsys):
    """A study of four jobs: `tell` gives the handler an event, and returns what it shows."""
    monkeypatch.chdir(tmp_path)
    clock = Clock()
    monkeypatch.setattr(job_lines, "time", clock)
    handler = LogHandler(None, None)
    handler.setFormatter(logging.Formatter("%(message)s"))

    def tell(event=None, after=0.0, level=logging.INFO, msg=None, **about):
        clock.now += after
        record = logging.LogRecord("snakemake", level, "", 0, msg, (), None)
        vars(record).update(about, event=event)
        handler.emit(record)
        return capsys.readouterr().err.splitlines()

    tell.handler = handler
    yield tell
    handler.close()


def start(tell, number, rule, log=(), **wildcards):
    about = {"jobid": number, "rule_name": rule, "log": [str(path) for path in log]}
    return tell(LogEvent.JOB_INFO, wildcards={"study": "demo", **wildcards}, **about)


def plan(tell, **rules):
    return tell(LogEvent.RUN_INFO, stats=rules | {"total": sum(rules.values())})


def test_a_job_is_a_line(study, tmp_path):
    (tmp_path / ".snakemake" / "log").mkdir(parents=True)
    (tmp_path / ".snakemake" / "log" / "now.snakemake.log").touch()
    assert plan(study, train=1, score=3) == [
        "4 jobs; the full log: .snakemake/log/now.snakemake.log"
    ]
    assert start(study, 7, "train", method="zero_leinr", seed="0") == []
    assert study(LogEvent.JOB_FINISHED, after=75, job_id=7) == [
        "1/4  train zero_leinr, seed 0  1:15"
    ]
    assert study(LogEvent.PROGRESS, done=1, total=4) == []
    assert study(msg="Select jobs to execute...") == []
    assert study(msg="a warning", level=logging.WARNING) == ["a warning"]
    assert study(msg="Complete log(s): x") == ["Complete log(s): x"]


def test_the_time_left_follows_from_what_each_rules_jobs_took(study):
    left = study.handler.time_left
    plan(study, train=2, score=2)
    start(study, 0, "train", method="a", seed="0")
    assert left() == ""
    study(LogEvent.JOB_FINISHED, after=60, job_id=0)
    assert left() == "more than 1:00 left"  # of scoring nothing is known
    start(study, 1, "score", method="a")
    study(LogEvent.JOB_FINISHED, after=10, job_id=1)
    assert left() == "about 1:10 left"
    start(study, 2, "train", method="b", seed="0")
    start(study, 3, "score", method="b")
    study(LogEvent.JOB_FINISHED, after=10, job_id=3)
    # 50 s of the training; so far 80 s of jobs took 80 s.
    assert left() == "about 0:50 left"


def test_a_training_says_how_far_it_is(study, tmp_path):
    log = tmp_path / "train.log"
    plan(study, train=1)
    start(study, 1, "train", [log], method="a", seed="1")
    (job,) = study.handler.running.values()
    assert job_lines._state(job) == "train a, seed 1"
    log.write_text("step 3 of 80, 0:30 left\nstep 4 of 80, 0:29 left\n")
    assert job_lines._state(job) == "train a, seed 1: step 4 of 80, 0:29 left"


def test_a_failed_job_shows_the_end_of_its_log(study, tmp_path):
    log = tmp_path / "score.log"
    log.write_text("".join(f"line {k}\n" for k in range(9)) + "error: not enough memory\n")
    plan(study, score=2)
    start(study, 1, "score", [log], method="a")
    said = study(LogEvent.JOB_ERROR, jobid=1, rule_name="score", log=[str(log)])
    assert said[:2] == ["FAILED: score a", f"  the end of {log}:"]
    assert said[-1] == "    error: not enough memory"
    assert len(said) == 2 + job_lines.LAST_LINES
    assert not study.handler.running
    unknown = study(LogEvent.JOB_ERROR, jobid=5, rule_name="score", log=[])
    assert unknown == ["FAILED: score"]
