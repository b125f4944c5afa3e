"""Run a study, or go on with it after any kill: nothing has to be unlocked or stopped by hand.

Snakemake's own lock outlives a Snakemake that was killed and says nothing of its workers, which may
go on. Here the folder of a study is locked by the process that becomes Snakemake: the kernel frees
the lock when it dies. What it left running is found by the files that it holds.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from zero_leinr.errors import InputError
from zero_leinr.folder_lock import LOCK, is_locked, keep_locked, owner, owner_here
from zero_leinr.gpu_slots import count_gpus

POLL_SECONDS = 0.5
PATIENCE = 20  # seconds until a training that was asked to stop is killed
SNAKEMAKE = Path(".snakemake")
OWN_OUTPUT = {"-n", "--dry-run", "--dryrun", "--verbose", "--quiet", "-q", "--logger", "--unlock"}
"""Options with which Snakemake speaks for itself."""


def run_study(name: str, options: Sequence[str], root: Path = Path("results")) -> None:
    """Become Snakemake, once nobody else works on the study. Does not return.

    Trainings that a killed Snakemake left on this machine are stopped: they go on from their last
    checkpoint. Everything else that still writes to the study is waited for.

    Args:
        name: The study.
        options: More options for Snakemake.
        root: The folder of all results.

    Raises:
        InputError: Another run of this study is alive, or there is no Snakefile here.
    """
    if not Path("Snakefile").is_file():
        raise InputError("run: no Snakefile here; go to the folder of the project")
    folder = root / name
    keep_locked(folder)
    remove_old_locks(folder)
    settle(folder)
    # One line a job, unless more is asked for.
    plain = OWN_OUTPUT & {option.partition("=")[0] for option in options}
    command = [sys.executable, "-m", "snakemake" if plain else "experiments.cli.job_lines", name]
    if not {"--resources", "--res", "--workflow-profile"} & set(options):
        command += ["--resources", f"gpu={count_gpus()}"]
    sys.stdout.flush()
    os.execve(sys.executable, [*command, *options], os.environ | _cache())


def settle(folder: Path) -> None:
    """Return when nobody works on a study any more: leftover trainings of this machine are stopped.

    Args:
        folder: ``results/<study>``.
    """
    asked: dict[int, float] = {}
    told: set[str] = set()
    while True:
        busy = [run for run in folder.glob("runs/*/*") if is_locked(run)]
        for run in busy:
            pid = owner_here(run)
            if pid is None:
                _tell(told, f"waiting for {owner(run)}, which trains in {run}")
            elif pid not in asked:
                _tell(told, f"stopping process {pid}, left over in {run}; its checkpoint stays")
                asked[pid] = time.monotonic()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            elif time.monotonic() > asked[pid] + PATIENCE:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        writers = dict(_writers(folder))
        for pid, file in writers.items():
            if pid not in asked:
                _tell(told, f"waiting for process {pid}, which writes {file}; stop it if it hangs")
        if not (busy or writers):
            return
        time.sleep(POLL_SECONDS)


def _tell(told: set[str], line: str) -> None:
    if line not in told:
        told.add(line)
        print(f"run: {line}", file=sys.stderr, flush=True)


def remove_old_locks(folder: Path) -> None:
    """Remove the lock of a Snakemake that was killed while it worked on a study.

    Args:
        folder: ``results/<study>``.

    Raises:
        InputError: A Snakemake that was called by itself works here.
    """
    for outputs in SNAKEMAKE.glob("locks/*.output.lock"):
        if f"{folder}/" not in outputs.read_text(errors="replace"):
            continue
        for pid, _ in _writers(SNAKEMAKE / "log"):
            raise InputError(
                f"run: {folder} is locked, and Snakemake, process {pid}, works here; wait until "
                "it has ended, or stop it"
            )
        print(f"run: {folder}: removing the lock of a Snakemake that is dead", file=sys.stderr)
        outputs.unlink()
        outputs.with_name(outputs.name.replace("output", "input")).unlink(missing_ok=True)


def _writers(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield the processes on this machine that have a file below a folder open to write.

    Those that were started together with this one are left out, such as a ``tee`` behind it.
    """
    below = f"{folder.resolve()}{os.sep}"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == os.getpgid(0):
                continue
            for handle in (process / "fd").iterdir():
                file = os.readlink(handle)
                if file.startswith(below) and not file.endswith(LOCK) and _writes(handle):
                    yield int(process.name), Path(file)
                    break
        except OSError:
            continue  # it has ended, or is another user's


def _writes(handle: Path) -> bool:
    """Tell whether a process may write through an open file."""
    text = (handle.parent.parent / "fdinfo" / handle.name).read_text()
    flags = int(text.partition("flags:")[2].split()[0], 8)
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


def _cache() -> dict[str, str]:
    """Give Snakemake another folder for its cache where the home folder cannot be written."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    there = next(path for path in (home, *home.parents) if path.exists())
    if os.access(there, os.W_OK):
        return {}
    return {"XDG_CACHE_HOME": str((SNAKEMAKE / "cache").resolve())}
