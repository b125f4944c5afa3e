"""Tables of plain text as Markdown and LaTeX, in the look of the score tables."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from experiments.tables.markup import escape_latex, escape_markdown, latex_float, write_texts


@dataclass(frozen=True)
class PlainTable:
    """A table before it is written as Markdown or LaTeX; text is plain, without any markup.

    Attributes:
        label: The label that LaTeX finds it by.
        caption: Sentences above the table.
        heads: The columns' names.
        align: A LaTeX column each: ``l``, ``r``, or ``p{30mm}`` for running text.
        groups: Heading -> rows under it, one cell a column.
        notes: Sentences below the table.
    """

    label: str
    caption: str
    heads: list[str]
    align: list[str]
    groups: dict[str, list[list[str]]]
    notes: list[str]


def write_table(table: PlainTable, numbers: pd.DataFrame, path: Path) -> list[Path]:
    """Writes a table as ``<path>.{csv,md,tex}``.

    Args:
        table: The table as people read it.
        numbers: The same for other programs, tidy and unrounded.
        path: Where to, without a suffix.

    Returns:
        The three files.
    """
    texts = {
        "csv": numbers.to_csv(index=False, float_format="%.6g"),
        "md": to_markdown(table),
        "tex": to_latex(table),
    }
    return write_texts(texts, path)


def to_markdown(table: PlainTable) -> str:
    """The table as GitHub-flavored Markdown, headings in rows of their own."""
    rows = [table.heads, ["---:" if align == "r" else "---" for align in table.align]]
    for heading, group in table.groups.items():
        rows.append([f"*{escape_markdown(heading)}*"] + [""] * (len(table.heads) - 1))
        rows += [[escape_markdown(cell) for cell in row] for row in group]
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    notes = [escape_markdown(note) for note in table.notes]
    return "\n\n".join([escape_markdown(table.caption), body, *notes]) + "\n"


def to_latex(table: PlainTable) -> str:
    """The table as a LaTeX float, headings in rows of their own."""
    rows = [" & ".join(escape_latex(head) for head in table.heads) + r" \\"]
    for heading, group in table.groups.items():
        head = rf"\emph{{{escape_latex(heading)}}}"
        rows += [r"\midrule", rf"\multicolumn{{{len(table.heads)}}}{{l}}{{{head}}} \\"]
        rows += [" & ".join(escape_latex(cell) for cell in row) + r" \\" for row in group]
    notes = [escape_latex(note) for note in table.notes]
    return latex_float(table.label, table.caption, "".join(table.align), rows, notes)
