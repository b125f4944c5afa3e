"""Text files, which may come from others: never a pipe, never endless, one line on a mistake."""

import json
from pathlib import Path
from typing import Any

from zero_leinr.errors import InputError

LARGEST = {"YAML": 1 << 20, "JSON": 1 << 25}
"""Bytes that a file may have. Ours have less than a twentieth of that."""


def read_text(path: Path, kind: str) -> str:
    """Read a file of text; never from a pipe, which may never end.

    Args:
        path: The file.
        kind: ``YAML`` or ``JSON``, which bounds its size.

    Raises:
        InputError: There is no such file, it cannot be read, is too large or no text.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: not a file")
        if path.stat().st_size > LARGEST[kind]:
            raise InputError(f"{path}: too large: {LARGEST[kind] >> 20} MiB are the most")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # bytes that are no text, a NUL in the name
        raise InputError(f"{path}: not {kind} ({error})") from error


def parse_json(text: str, where: object, advice: str) -> Any:
    """Return what a JSON text says.

    Raises:
        InputError: It is not JSON; the message names ``where`` and ends with ``advice``.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: not valid JSON ({error}); {advice}") from error
