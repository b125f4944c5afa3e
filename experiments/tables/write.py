"""Tables as files: CSV and Markdown."""

from collections.abc import Callable
from pathlib import Path

from experiments.tables.markdown import to_markdown
from experiments.tables.table import Table
from zero_leinr.atomic_write import replacing

RENDERERS: dict[str, Callable[[Table], str]] = {
    "csv": lambda table: table.numbers.to_csv(index=False),
    "md": to_markdown,
}


def write_table(table: Table, path: Path) -> list[Path]:
    """Write a table as ``<path>.{csv,md}``, each whole or not at all; return the files."""
    written = []
    for suffix, render in RENDERERS.items():
        target = path.with_name(f"{path.name}.{suffix}")
        with replacing(target) as draft:
            draft.write_text(render(table), encoding="utf-8")
        written.append(target)
    return written
