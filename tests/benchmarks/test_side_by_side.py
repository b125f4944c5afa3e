"""The benchmarks' tools: what they time is what is asked for, in turns and in fresh processes."""

import os
import time

import numpy as np
from side_by_side import Table, compared, in_turns, largest_difference


def slow(seconds: float):
    def call():
        time.sleep(seconds)
        return os.getpid(), time.monotonic(), os.environ["OMP_NUM_THREADS"]

    return call


def test_ways_run_in_turns_and_in_processes_of_their_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")  # is put back after the test
    first, second = in_turns([(slow, (0.3,)), (slow, (0.1,))], repeats=2, threads=3)
    assert len(first.clock) == len(second.clock) == 2  # the call to warm up is not counted
    assert min(first.clock) >= 0.3
    assert first.processor_seconds < 0.2  # asleep
    assert len({first.result[0], second.result[0], os.getpid()}) == 3
    assert second.result[1] - first.result[1] < 2  # beside each other, not one after the other
    assert first.result[2] == "3"
    assert compared(first, second)[2] == f"{first.seconds / second.seconds:.1f}x"


def test_tables_are_kept_as_printed(tmp_path, capsys):
    table = Table("Speed", ["what", "ratio"])
    table.add("a, b", "2x")
    table.show(tmp_path / "new" / "speed")
    printed = capsys.readouterr().out
    assert "| a, b | 2x |" in printed
    assert "cores" in printed
    assert (tmp_path / "new" / "speed.md").read_text() in printed
    assert (tmp_path / "new" / "speed.csv").read_text() == 'what,ratio\n"a, b",2x\n'


def test_differences_do_not_wrap_around():
    assert largest_difference(np.uint8([0, 255]), np.uint8([3, 0])) == "255"
