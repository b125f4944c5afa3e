"""Write files so that they appear whole or not at all."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from zero_leinr.errors import InputError
from zero_leinr.locks import fcntl, remove_if_free, take

PART = re.compile(r"\.[0-9a-f]{16}\.zero-leinr\.part")
"""Names of unfinished files. Random: processes in two containers can have one number."""

_swept: set[Path] = set()


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path``; if the block succeeds, it replaces ``path``.

    After a crash, on a full disk or beside a second process, either the old file is there or the
    new one. What a killed process left unfinished in the folder is removed by the next one that
    writes there.

    Args:
        path: The file to write; missing parent folders are made.

    Yields:
        A path in the same folder (a rename is atomic only within one file system).

    Raises:
        InputError: No permission, no space, or a file where a folder is needed.
    """
    path = Path(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}.zero-leinr.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        with _marked(temporary):
            yield temporary
            os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_writable(folder: Path) -> None:
    """Check that files can be written to a folder, or that it can be made, before long work.

    Raises:
        InputError: There is a file in its place, no permission, or a read-only file system.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"{folder}: {there} is a file; choose another folder")
    if hasattr(os, "statvfs") and os.statvfs(there).f_flag & os.ST_RDONLY:
        raise InputError(f"{folder}: Read-only file system; choose another folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: no permission to write there; choose another folder")


@contextlib.contextmanager
def _marked(temporary: Path) -> Iterator[None]:
    """Hold a lock on an unfinished file, so that nobody takes it for that of a dead process."""
    handle = take(temporary)
    if handle is None:
        raise OSError("locked by another process")
    if fcntl is None:  # Windows replaces no open file
        handle.close()
    with handle:
        yield


def _sweep(folder: Path) -> None:
    """Remove what dead processes left unfinished in a folder; once, since it takes a listing."""
    if folder not in _swept:
        _swept.add(folder)
        for name in os.listdir(folder):
            if PART.fullmatch(name):
                remove_if_free(folder / name)
