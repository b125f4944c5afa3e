"""Locks on files, held by a living process: the kernel frees them when it ends, however it ends.

They are seen by every machine that shares the file system (NFS from version 4 on). Windows has
none, and some file systems have none: there, everything is free, and nothing is cleaned up.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]


def take(path: Path) -> IO[str] | None:
    """Open a file, made where it is missing, and lock it.

    Returns:
        The file, locked until it is closed; None where another process has locked it.

    Raises:
        OSError: It cannot be opened, or is a link, whose file elsewhere would be written to.
    """
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        handle = os.fdopen(os.open(path, flags, 0o666), "r+", encoding="utf-8")
        if _lock(handle) is False:
            handle.close()
            return None
        # Its former holder may have removed the file that was opened here.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(handle.fileno())):
                return handle
        handle.close()


def is_taken(path: Path) -> bool:
    """Tell whether a living process has locked a file."""
    try:
        with path.open("r+") as handle:
            return _lock(handle) is False
    except OSError:
        return False


def remove_if_free(path: Path) -> None:
    """Remove a file that a process had locked and left behind when it died."""
    with contextlib.suppress(OSError), path.open("r+") as handle:
        if _lock(handle):
            path.unlink()


def _lock(handle: IO[str]) -> bool | None:
    """Lock an open file: True; False if another process has; None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise
        return None
    return True
