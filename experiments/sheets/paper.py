"""How papers name, cite and color what the config defines: `paper.yaml`, `references.bib`."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.sheets.ablations import load_ablations
from experiments.sheets.datasets import load_registry
from experiments.sheets.metrics import load_metrics
from experiments.sheets.reading import CONFIG, load_checked
from zero_leinr.errors import InputError

REFERENCES = CONFIG / "references.bib"


@dataclass(frozen=True)
class PaperName:
    """How a paper names a method.

    Attributes:
        short: At most 16 letters.
        cite: Its entries in ``references.bib``, with commas between them; None where it has none.
        color: As ``#rrggbb``; None for that of its group.
    """

    short: str
    cite: str | None = None
    color: str | None = None


@functools.cache
def load_paper() -> dict[str, Any]:
    """Read ``paper.yaml``, checked by its schema.

    Raises:
        InputError: Something in it is unknown or cannot be.
    """
    return load_checked(CONFIG / "paper.yaml", "paper.schema.yaml")


@functools.cache
def load_names() -> dict[str, PaperName]:
    """Return the name of every method of ``methods.yaml`` and ``ablations.yaml``.

    Raises:
        InputError: One of them cannot be read.
    """
    baselines = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")
    names = {
        name: PaperName(entry.get("short", entry["label"]), entry.get("cite"), entry.get("color"))
        for name, entry in baselines.items()
    }
    return names | {
        name: PaperName(entry.short or entry.label, entry.cite, entry.color)
        for name, entry in load_ablations().items()
    }


def cite_of(kind: str, name: str) -> str | None:
    """Return the entries of a ``method``, ``dataset`` or ``metric``; None where it has none."""
    if kind == "method":
        return load_names()[name].cite if name in load_names() else None
    if kind == "dataset":
        known = load_registry()
        return known[name].cite if name in known else None
    known_metrics = load_metrics()
    return known_metrics[name].get("cite") if name in known_metrics else None


def cited(keys: Iterable[str | None]) -> list[str]:
    """Return single keys from ``cite`` values, each once, in their order."""
    return list(dict.fromkeys(key for group in keys if group for key in group.split(",")))


def load_references(path: Path = REFERENCES) -> dict[str, str]:
    """Read the bibliography.

    Returns:
        Key -> its whole entry, in the order of the file.

    Raises:
        InputError: The file cannot be read, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    entries: dict[str, str] = {}
    for entry in re.findall(r"^@\w+\{.*?^\}$", text, re.M | re.S):
        key = re.match(r"@\w+\{([^,\s]+),", entry)
        if key is None or key[1] in entries:
            raise InputError(f"{path}: no key, or one that stands twice: {entry.splitlines()[0]}")
        entries[key[1]] = entry
    return entries
