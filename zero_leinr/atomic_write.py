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
