"""The benchmarks' tools: what they time is what is asked for, in turns and in fresh processes."""

import os
import time

import numpy as np
from side_by_side import Table, compared, in_turns, largest_difference


def asleep(name, calls):
    """A call that sleeps for a while and adds its name to a file."""

    def call():
        time.sleep(0.1)
        with calls.open("a") as file:
            file.write(name)
        return os.getpid(), os.environ["OMP_NUM_THREADS"]

    return call


def test_ways_run_in_turns_and_in_processes_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "8")  # is put back after the test
    calls = tmp_path / "calls"
    first, second = in_turns([(asleep, (name, calls)) for name in "ab"], repeats=2, threads=3)
    assert calls.read_text() == "ababab"  # the first call of each warms up, and is not counted
    assert len(first.clock) == len(second.clock) == 2
    assert min(first.clock) >= 0.1 > first.processor_seconds  # asleep, it needs no CPU
    assert len({first.result[0], second.result[0], os.getpid()}) == 3
    assert first.result[1] == "3"
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
