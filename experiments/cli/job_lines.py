"""What a person sees of a study that runs: a line a job, and a bar with the time left.

`python -m experiments.cli.job_lines STUDY` is Snakemake with this as its logger; `zero-leinr run`
becomes it. Snakemake's full log is in `.snakemake/log`, as ever.
"""

import logging
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent, logger_plugin_prefix
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from experiments.progress import clock, progress_bar

NAME = "job-lines"
LOGS = Path(".snakemake/log")
SHOWN = ("Complete log", "Nothing to be done")  # of what Snakemake says besides
LAST_LINES = 5  # of a failed job's log


@dataclass(frozen=True)
class Job:
    """A job that runs: its rule, its name in words, its log, and when it began."""

    rule: str
    name: str
    log: Path | None
    began: float


class LogHandler(LogHandlerBase):
    """Snakemake's events as lines on the terminal; of its name, so that Snakemake finds it."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Start with nothing planned."""
        self.began = time.monotonic()
        self.left: Counter[str] = Counter()  # jobs of each rule that have not ended
        self.total = self.done = 0
        self.running: dict[int, Job] = {}
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)  # of each rule's jobs
        self.bar: Any = None
        self.closed = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one event."""
        events = {
            LogEvent.RUN_INFO: self._plan,
            LogEvent.JOB_INFO: self._start,
            LogEvent.JOB_FINISHED: self._finish,
            LogEvent.JOB_ERROR: self._fail,
        }
        event: Any = getattr(record, "event", None)
        if event in events:
            events[event](record)
        elif record.levelno >= logging.WARNING or record.getMessage().startswith(SHOWN):
            self._say(self.format(record))

    def _plan(self, record: Any) -> None:
        self.left = Counter({rule: n for rule, n in record.stats.items() if rule != "total"})
        if self.bar is not None:  # said again at the end
            return
        self.total = self.left.total()
        logs = sorted(LOGS.glob("*.log"))
        self._say(f"{self.total} jobs" + (f"; the full log: {logs[-1]}" if logs else ""))
        self.bar = progress_bar("", "job", self.total)
        self.bar.bar_format = "{percentage:3.0f}% |{bar:20}| {elapsed}{postfix}"
        threading.Thread(target=self._tick, daemon=True).start()

    def _start(self, record: Any) -> None:
        log = Path(record.log[0]) if record.log else None
        self.running[record.jobid] = Job(record.rule_name, _name(record), log, time.monotonic())

    def _finish(self, record: Any) -> None:
        self.done += 1
        job = self.running.pop(record.job_id, None)
        if job is None:  # a study's own, which does nothing
            return
        took = time.monotonic() - job.began
        self.seconds[job.rule].append(took)
        self.left[job.rule] -= 1
        self._say(f"{self.done:>{len(str(self.total))}}/{self.total}  {job.name}  {clock(took)}")
        self.bar.update(1)

    def _fail(self, record: Any) -> None:
        job = self.running.pop(record.jobid, None)
        self.left[record.rule_name] -= 1
        self._say(f"FAILED: {job.name if job else record.rule_name}")
        for log in map(Path, record.log):
            self._say(f"  the end of {log}:")
            for line in _lines(log)[-LAST_LINES:]:
                self._say(f"    {line}")

    def _say(self, line: str) -> None:
        if self.bar is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self.bar.write(line, file=sys.stderr)
            sys.stderr.flush()

    def _tick(self) -> None:
        """Keep the bar's words up to date: the time left, and what runs."""
        while not self.closed.wait(1):
            parts = [self.time_left(), *(_state(job) for job in list(self.running.values()))]
            self.bar.set_postfix_str("; ".join(filter(None, parts)))

    def time_left(self) -> str:
        """Return about how long the jobs will take that have not ended; empty where none has.

        By the mean time of each rule's jobs so far, and by how many ran at a time.
        """
        now = time.monotonic()
        rules = {rule: count for rule, count in dict(self.left).items() if count > 0}
        mean = {rule: sum(took) / len(took) for rule, took in dict(self.seconds).items()}
        if not mean:
            return ""
        work = sum(count * mean.get(rule, 0) for rule, count in rules.items())
        for job in list(self.running.values()):
            work -= min(now - job.began, mean.get(job.rule, 0))
        at_a_time = sum(map(sum, self.seconds.values())) / (now - self.began)
        about = "about" if rules.keys() <= mean.keys() else "more than"
        return f"{about} {clock(work / at_a_time)} left"

    def close(self) -> None:
        """End the bar."""
        self.closed.set()
        if self.bar is not None:
            self.bar.close()
        super().close()


def _name(record: Any) -> str:
    """Return a job in words, such as `train zero_leinr, seed 0`."""
    wildcards = {key: str(value) for key, value in record.wildcards.items() if key != "study"}
    words = [f"{key} {value}" if value.isdigit() else value for key, value in wildcards.items()]
    return f"{record.rule_name} {', '.join(words)}".strip()


def _state(job: Job) -> str:
    """Return the name of a job that runs, and how far a training is: the last line of its log."""
    lines = _lines(job.log) if job.rule == "train" and job.log else []
    return f"{job.name}: {lines[-1]}" if lines else job.name


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace").splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    from snakemake.cli import main

    LoggerPluginRegistry().register_plugin(
        f"{logger_plugin_prefix}{NAME}".replace("-", "_"), sys.modules[__name__]
    )
    main([*sys.argv[1:], "--logger", NAME])
