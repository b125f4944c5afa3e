"""Write files so that they appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from zero_leinr.errors import InputError


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path``; if the block succeeds, it replaces ``path``.

    After a crash, on a full disk or beside a second process, either the old file is there or the
    new one.

    Args:
        path: The file to write; missing parent folders are made.

    Yields:
        A path in the same folder (a rename is atomic only within one file system).

    Raises:
        InputError: No permission, no space, or a file where a folder is needed.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        InputError: There is a file in its place, or no permission.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise InputError(f"{folder}: {there} is a file; choose another folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: no permission to write there; choose another folder")
