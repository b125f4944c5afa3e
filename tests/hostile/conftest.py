"""What a hostile file may cost: 5 s of CPU time and 1 GB of memory."""

import time
from pathlib import Path

import pytest

SECONDS, BYTES = 5, 10**9
STATUS = Path("/proc/self/status")


def memory(name: str) -> int:
    """Bytes of this process: ``VmRSS`` now, ``VmHWM`` at most; 0 where the system does not say."""
    lines = STATUS.read_text().splitlines() if STATUS.exists() else ()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(name)), 0)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Measure each case; of those that Hypothesis draws, the memory of all together."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before, started = memory("VmRSS"), time.process_time()
    result = yield
    spent, more = time.process_time() - started, memory("VmHWM") - before
    assert more < BYTES, f"{more >> 20} MiB"
    assert spent < SECONDS or hasattr(item.obj, "hypothesis"), f"{spent:.1f} s of CPU time"
    return result
