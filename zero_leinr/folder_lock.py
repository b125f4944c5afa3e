"""A run's folder belongs to one process at a time: two trainings in it would mix their files."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from zero_leinr.errors import InputError
from zero_leinr.locks import is_taken, take

LOCK = ".lock"

_held: set[Path] = set()
_kept: list[IO[str]] = []


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a folder to this process while the block runs; within the block, again at no cost.

    Args:
        folder: The folder; it is made where it is missing.

    Raises:
        InputError: Another process has it (which one is named), or it cannot be written.
    """
    path = folder.resolve() / LOCK
    if path in _held:
        yield
        return
    with _take(folder):
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            with contextlib.suppress(OSError):
                path.unlink()  # before the lock is gone, so it is nobody else's


def keep_locked(folder: Path) -> None:
    """Keep a folder to this process until it ends, even if it becomes another program.

    Raises:
        InputError: As ``locked`` does.
    """
    handle = _take(folder)
    os.set_inheritable(handle.fileno(), True)  # by ``exec``; subprocess closes it in others
    _kept.append(handle)


def _take(folder: Path) -> IO[str]:
    """Lock a folder, and write whose it is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = take(folder.resolve() / LOCK)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    if handle is None:
        raise InputError(
            f"{folder}: {owner(folder)} works in this folder; wait until it has ended, or stop it"
        )
    with contextlib.suppress(OSError):  # a full disk
        handle.truncate(0)
        handle.write(f"{os.getpid()} {socket.gethostname()}\n")
        handle.flush()
    return handle


def is_locked(folder: Path) -> bool:
    """Tell whether a living process holds a folder."""
    return is_taken(folder / LOCK)


def owner(folder: Path) -> str:
    """Say who holds a folder: "process 12 on node3"."""
    pid, host = _owner(folder)
    return f"process {pid} on {host}" if pid else "another process"


def owner_here(folder: Path) -> int | None:
    """Return the process that holds a folder, if it is seen to have the lock's file open here.

    None where that cannot be seen: on another machine, in another container, without ``/proc``.
    """
    pid, _ = _owner(folder)
    lock = (folder / LOCK).resolve()
    with contextlib.suppress(OSError):
        if any(Path(os.readlink(fd)) == lock for fd in Path(f"/proc/{pid}/fd").iterdir()):
            return pid
    return None


def _owner(folder: Path) -> tuple[int | None, str]:
    with contextlib.suppress(OSError, ValueError):
        pid, host = (folder / LOCK).read_text(encoding="utf-8").split()
        return int(pid), host
    return None, ""
