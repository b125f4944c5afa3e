"""Tables as GitHub-flavored Markdown."""

import re

from experiments.tables.table import Cell, Column, Table

TIE = "="


def to_markdown(table: Table) -> str:
    """Return the table, its caption above and its notes below; headings in rows of their own."""
    lines = [
        [_head(column) for column in table.columns],
        ["---:" if column.align == "r" else "---" for column in table.columns],
    ]
    for heading, rows in table.groups.items():
        lines.append([f"*{escape_markdown(heading)}*"] + [""] * (len(table.columns) - 1))
        lines += [[_cell(cell) for cell in row] for row in rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    notes = [f"{_sup(mark)} {escape_markdown(text)}".lstrip() for mark, text in table.notes]
    return "\n\n".join([escape_markdown(table.caption), body, *notes]) + "\n"


def escape_markdown(text: str) -> str:
    """Return plain text that makes no emphasis, code, HTML, links or column ends by accident."""
    return re.sub(r"([\\`*_<>|\[\]#])", r"\\\1", text)


def _head(column: Column) -> str:
    """Return the data set and the metric, the mark before the arrow."""
    words, arrow = split_arrow(column.head)
    head = escape_markdown(f"{column.over} {words}".lstrip()) + _sup(column.mark)
    return f"{head} {arrow}".rstrip()


def split_arrow(head: str) -> tuple[str, str]:
    """Return a head without its arrow, and the arrow, empty where there is none."""
    return (head[:-2], head[-1]) if head.endswith((" ↑", " ↓")) else (head, "")


def _cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    text = {1: f"**{text}**", 2: f"<u>{text}</u>"}.get(cell.rank, text) + _sup(cell.mark)
    text += _sup(TIE if cell.tied else "")
    return f"{text} ± {cell.spread}" if cell.spread else text


def _sup(mark: str) -> str:
    return f"<sup>{mark}</sup>" if mark else ""
