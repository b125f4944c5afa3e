"""What the benchmarks share: ways of doing a thing timed in turns, and the table of the times."""

import csv
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

# A machine that only trains has the repository, and nothing of it installed.
sys.path.insert(0, str(Path(__file__).parent.parent))

#: Makes the work that is timed, with its arguments; runs in a process of its own.
Maker = tuple[Callable[..., Callable[[], Any]], tuple[Any, ...]]


@dataclass
class Times:
    """Seconds of each repeat, in wall time and of the CPU, and the last result."""

    clock: list[float] = field(default_factory=list)
    CPU: list[float] = field(default_factory=list)
    result: Any = None

    @property
    def seconds(self) -> float:
        """Median in wall time."""
        return statistics.median(self.clock)

    @property
    def processor_seconds(self) -> float:
        """Median of CPU time."""
        return statistics.median(self.CPU)


def in_turns(makers: list[Maker], repeats: int, threads: int) -> list[Times]:
    """Time several ways of doing a thing, in turns, each in a fresh process.

    A process of its own for each keeps settings (of the memory allocator, say) and caches apart; in
    turns, so that whatever else the machine does hits all of them. One call each to warm up.

    Args:
        makers: A function and its arguments each: called once, it returns what is timed.
        repeats: Timed calls of each.
        threads: CPU threads of each.

    Returns:
        The times of each.

    Raises:
        SystemExit: One of them failed; what it said stands above.
    """
    os.environ["OMP_NUM_THREADS"] = str(threads)  # read by the libraries of the new processes
    context = multiprocessing.get_context("spawn")
    workers = []
    for make, arguments in makers:
        here, there = context.Pipe()
        process = context.Process(target=_work, args=(there, make, arguments))
        process.start()
        there.close()  # the process has it now; with its end, reading from the other end ends, too
        workers.append((process, here))
    times = [Times() for _ in makers]
    try:
        for turn in range(repeats + 1):
            for (_, pipe), so_far in zip(workers, times, strict=True):
                pipe.send(True)
                clock, CPU, so_far.result = pipe.recv()
                if turn:
                    so_far.clock.append(clock)
                    so_far.CPU.append(CPU)
    except (EOFError, BrokenPipeError):
        raise SystemExit("a process that was to be timed has failed: see above") from None
    finally:
        for process, _ in workers:
            process.terminate()
    return times


def _work(pipe: Any, make: Callable[..., Callable[[], Any]], arguments: tuple[Any, ...]) -> None:
    """Call the work whenever asked, and sends back how long it took and what it gave."""
    call = make(*arguments)
    while pipe.recv():  # until it is ended
        clock, CPU = time.perf_counter(), time.process_time()
        result = call()
        pipe.send((time.perf_counter() - clock, time.process_time() - CPU, result))


def compared(theirs: Times, ours: Times) -> list[str]:
    """Cells: seconds of both and their ratio, in wall time and of the CPU."""
    return [
        f"{theirs.seconds:.3g}",
        f"{ours.seconds:.3g}",
        f"{theirs.seconds / ours.seconds:.1f}x",
        f"{theirs.processor_seconds / ours.processor_seconds:.1f}x",
    ]


def largest_difference(first: np.ndarray, second: np.ndarray) -> str:
    """Of two uint8 images, in levels."""
    return str(np.abs(first.astype(int) - second.astype(int)).max())


def batch_of(batch: int, size: int, device: str) -> Any:
    """Dark images with structure, (B, 3, S, S) in [0, 1]; always the same."""
    import torch

    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(batch, 3, size // 8, size // 8, generator=generator)
    return torch.nn.functional.interpolate(coarse * 0.3, scale_factor=8, mode="bilinear").to(device)


def finished(device: str) -> None:
    """Wait until the device has done all that it was told."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()


class Table:
    """A table of what was measured, to print and to keep."""

    def __init__(self, title: str, columns: list[str]) -> None:
        self.title, self.columns = title, columns
        self.rows: list[list[str]] = []

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(list(cells))

    def markdown(self) -> str:
        """Return the table with its title and the machine."""
        lines = [f"{self.title}. {machine()}.", ""]
        for row in (self.columns, ["---"] * len(self.columns), *self.rows):
            lines.append("| " + " | ".join(row) + " |")
        return "\n".join(lines) + "\n"

    def show(self, out: Path | None) -> None:
        """Print the table; with ``out`` writes OUT.csv and OUT.md as well."""
        print(self.markdown())
        if out is None:
            return
        out.parent.mkdir(parents=True, exist_ok=True)
        out.with_suffix(".md").write_text(self.markdown(), encoding="utf-8")
        with out.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([self.columns, *self.rows])


def machine() -> str:
    """CPU, threads and versions, in words."""
    from importlib.metadata import version

    name = platform.processor() or platform.machine()
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    return (
        f"Measured on {name}, {os.cpu_count()} cores, {threads} thread(s), "
        f"Python {platform.python_version()}, torch {version('torch')}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def device_name(device: str) -> str:
    """Of the GPU, or of whatever stands in for it."""
    import torch

    return torch.cuda.get_device_name() if device.startswith("cuda") else device
