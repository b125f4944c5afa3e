"""A run's folder belongs to one process at a time: two trainings in it would mix their files.

A lock on the file ``.lock`` in it. The kernel frees it when the process ends, however it ends, and
sees it from every machine that shares the file system (NFS from version 4 on).
"""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from zero_leinr.errors import InputError

try:
    import fcntl
except ImportError:  # Windows has none: no lock there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"

_held: set[Path] = set()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a folder to this process while the block runs; within the block, again at no cost.

    Args:
        folder: The folder; it is made where it is missing.

    Raises:
        InputError: Another process has it (which one is named), or it cannot be written.
    """
    path = folder.resolve() / LOCK
    if fcntl is None or path in _held:
        yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _take(path)
    except BlockingIOError as error:
        raise InputError(
            f"{folder}: {owner(folder)} works in this folder; wait until it has ended, or stop it"
        ) from error
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
    _held.add(path)
    try:
        yield
    finally:
        _held.discard(path)
        with contextlib.suppress(OSError):
            path.unlink()  # before the lock is gone, so it is nobody else's
        handle.close()


def is_locked(folder: Path) -> bool:
    """Tell whether a living process holds a folder."""
    try:
        with (folder / LOCK).open("r+") as handle:
            return fcntl is not None and not _try(handle)
    except OSError:
        return False


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


def _take(path: Path) -> IO[str]:
    """Open and lock the file, and write in it whose it is."""
    while True:
        # Opened without following a link, whose file elsewhere would be emptied.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        handle = os.fdopen(descriptor, "r+", encoding="utf-8")
        if not _try(handle):
            handle.close()
            raise BlockingIOError
        # Whoever held it before may have removed the file that was opened here.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(handle.fileno())):
                break
        handle.close()
    handle.truncate(0)
    handle.write(f"{os.getpid()} {socket.gethostname()}\n")
    handle.flush()
    return handle


def _try(handle: IO[str]) -> bool:
    """Lock a file, unless another process has done so; a file system may know no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise
    return True
