r"""Tables of a paper as LaTeX: bare, as a float, or as a longtable. Cells are LaTeX already."""

import re
from dataclasses import dataclass, field
from typing import Literal

from experiments.analysis.model import DAGGER

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")

ESCAPES = {
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "γ": r"$\gamma$",
    "λ": r"$\lambda$",
    "σ": r"$\sigma$",
    "−": "$-$",
    "–": "--",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    DAGGER: r"\textdagger{}",  # not raised: in small print a superscript cannot be read
}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        head: LaTeX.
        align: ``l``, ``c``, ``p{...}``, or ``n`` for numbers aligned at their points.
        over: A heading that it shares with its neighbors, such as a data set; empty for none.
    """

    head: str
    align: str = "n"
    over: str = ""


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper.

    Attributes:
        name: Of its files and its label.
        caption: At most 25 words.
        columns: From left to right.
        groups: Rows with a rule between groups; one LaTeX cell a column, or one alone as a heading.
        notes: Below the table, in LaTeX.
        width: Whether it fits a ``column``, needs the ``page``, or is ``long``, for a supplement.
        size: ``footnotesize`` (8 points) or ``scriptsize`` (7).
        gap: Half of the space between columns, in points.
    """

    name: str
    caption: str
    columns: list[Column]
    groups: list[list[list[str]]]
    notes: list[str] = field(default_factory=list)
    width: Literal["column", "page", "long"] = "column"
    size: Literal["footnotesize", "scriptsize"] = "footnotesize"
    gap: float = 2.0


def to_tabular(table: PaperTable) -> str:
    """Return the bare table, without float, caption and size."""
    lines = [
        rf"\begin{{tabular}}{{@{{}}{_specification(table)}@{{}}}}",
        r"\toprule",
        *_heads(table),
        *_body(table),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def to_float(table: PaperTable) -> str:
    """Return the table with all that it needs: a float, or a longtable."""
    if table.width == "long":
        return _longtable(table)
    float_ = "table*" if table.width == "page" else "table"
    lines = [
        rf"\begin{{{float_}}}[t]",
        r"\centering",
        r"\begin{threeparttable}",
        rf"\caption{{{table.caption}}}\label{{tab:{table.name}}}",
        _size(table),
        to_tabular(table).rstrip("\n"),
        *_notes(table),
        r"\end{threeparttable}",
        rf"\end{{{float_}}}",
    ]
    return "\n".join(lines) + "\n"


def _longtable(table: PaperTable) -> str:
    lines = [
        r"\begingroup" + _size(table),
        rf"\begin{{longtable}}{{@{{}}{_specification(table)}@{{}}}}",
        rf"\caption{{{table.caption}}}\label{{tab:{table.name}}}\\",
        r"\toprule",
        *_heads(table),
        r"\endfirsthead",
        r"\toprule",
        *_heads(table),
        r"\endhead",
        *_body(table),
        r"\bottomrule",
        r"\end{longtable}",
        *[rf"\noindent {note}\par" for note in table.notes],
        r"\endgroup",
    ]
    return "\n".join(lines) + "\n"


def _size(table: PaperTable) -> str:
    return rf"\{table.size}\setlength{{\tabcolsep}}{{{table.gap:g}pt}}"


def _notes(table: PaperTable) -> list[str]:
    if not table.notes:
        return []
    return [
        r"\begin{tablenotes}[flushleft]\scriptsize\raggedright",
        rf"\item {'; '.join(table.notes)}.",
        r"\end{tablenotes}",
    ]


def _rows(table: PaperTable) -> list[list[str]]:
    return [row for group in table.groups for row in group if len(row) > 1]


def _specification(table: PaperTable) -> str:
    """Return the columns as LaTeX says them; those of numbers with the room that theirs take."""
    by_column = list(zip(*_rows(table), strict=True)) or [() for _ in table.columns]
    return "".join(
        _number_format(list(cells)) if column.align == "n" else column.align
        for column, cells in zip(table.columns, by_column, strict=True)
    )


def _number_format(cells: list[str]) -> str:
    """Return ``S[table-format=2.2]`` with as many digits as the numbers have, and a sign."""
    numbers = [found[0] for cell in cells if (found := NUMBER.search(_plain(cell)))]
    if not numbers:
        return "c"
    sign = "-" if any(number[0] in "+-" for number in numbers) else ""
    whole = max(len(number.lstrip("+-").partition(".")[0]) for number in numbers)
    digits = max(len(number.partition(".")[2]) for number in numbers)
    return rf"S[table-format={sign}{whole}{f'.{digits}' if digits else '.0'}]"


def _plain(cell: str) -> str:
    """Return a cell without commands, so that only its number is left."""
    return re.sub(r"\\[a-zA-Z]+", "", cell)


def _cell(cell: str, column: Column) -> str:
    """Protect what is no number in a column of numbers."""
    number = column.align != "n" or NUMBER.fullmatch(_plain(cell).replace("{}", "").strip())
    return cell if number or not cell else f"{{{cell}}}"


def _heads(table: PaperTable) -> list[str]:
    """Return a line of shared headings with rules under them, if there are any, and the heads."""
    heads = " & ".join(
        f"{{{column.head}}}" if column.align == "n" else column.head for column in table.columns
    )
    if not any(column.over for column in table.columns):
        return [heads + r" \\", r"\midrule"]
    spans: list[tuple[int, int, str]] = []  # first column from 1, columns, heading
    for number, column in enumerate(table.columns, start=1):
        if spans and column.over and spans[-1][2] == column.over:
            spans[-1] = (spans[-1][0], spans[-1][1] + 1, column.over)
        else:
            spans.append((number, 1, column.over))
    over = [rf"\multicolumn{{{n}}}{{c}}{{{text}}}" if text else "" for _, n, text in spans]
    rules = [rf"\cmidrule(lr){{{first}-{first + n - 1}}}" for first, n, text in spans if text]
    return [" & ".join(over) + r" \\", "".join(rules), heads + r" \\", r"\midrule"]


def _body(table: PaperTable) -> list[str]:
    lines = []
    for i, group in enumerate(table.groups):
        lines += [r"\midrule"] * (i > 0)
        for row in group:
            if len(row) == 1:
                lines.append(
                    rf"\multicolumn{{{len(table.columns)}}}{{@{{}}l}}{{\emph{{{row[0]}}}}} \\"
                )
                continue
            cells = [_cell(cell, col) for cell, col in zip(row, table.columns, strict=True)]
            lines.append(" & ".join(cells) + r" \\")
    return lines


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """Return a number in a cell; one that breaks its column, of a destroyed training, as a bound.

    Args:
        value: Not-a-number for a dash.
        decimals: Digits after the point.
        signed: Whether a plus is written, too.
    """
    if value != value:
        return "--"
    if abs(value) >= 1000:
        return r"$>$999" if value > 0 else r"$<-$999"
    return f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"


def arrow(direction: str) -> str:
    """Return the arrow that points to better."""
    return r"$\uparrow$" if direction == "up" else r"$\downarrow$"


def cite(keys: str | None) -> str:
    r"""Return ``~\cite{...}``, or nothing."""
    return rf"~\cite{{{keys}}}" if keys else ""


def escape_latex(text: str) -> str:
    """Return plain text for LaTeX: its special signs and those of this field's labels escaped."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)
