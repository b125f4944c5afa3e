r"""Tables as LaTeX, for `\input`."""

from collections.abc import Sequence

from experiments.analysis.model import DAGGER
from experiments.tables.markdown import TIE, split_arrow
from experiments.tables.table import Cell, Column, Table

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


def escape_latex(text: str) -> str:
    """Return plain text for LaTeX: its special signs and those of this field's labels escaped."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def to_latex(table: Table) -> str:
    r"""Return a float over both columns; packages in its first line."""
    lines = [
        r"% Needs \usepackage{booktabs,graphicx}; with pdfLaTeX also \usepackage[T1]{fontenc}.",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{escape_latex(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        # Shrinks a table that is wider than the page, and leaves any other as it is.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{''.join(column.align for column in table.columns)}}}",
        r"\toprule",
        *_heads(table.columns),
        *_body(table),
        r"\bottomrule",
        r"\end{tabular}}",
    ]
    if table.notes:
        lines.append(r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright")
        # Not a line break: it would take the bracket that a note may begin with for its own.
        lines += [r" \par ".join(_note(*note) for note in table.notes), r"\end{minipage}"]
    lines.append(r"\end{table*}")
    return "\n".join(lines) + "\n"


def _heads(columns: Sequence[Column]) -> list[str]:
    """Return a line of data sets with rules under them, where there are any, and the heads."""
    heads = " & ".join(_head(column) for column in columns) + r" \\"
    spans = _spans(columns)
    if not any(column.over for column in columns):
        return [heads]
    over = [
        rf"\multicolumn{{{count}}}{{c}}{{{escape_latex(text)}}}" if text else "" * count
        for _, count, text in spans
    ]
    rules = [
        rf"\cmidrule(lr){{{first}-{first + count - 1}}}" for first, count, text in spans if text
    ]
    return [" & ".join(over) + r" \\", *rules, heads]


def _spans(columns: Sequence[Column]) -> list[tuple[int, int, str]]:
    """Return (number of the first column, from 1; columns; heading over them)."""
    spans: list[tuple[int, int, str]] = []
    for number, column in enumerate(columns, start=1):
        if column.over and spans and spans[-1][2] == column.over:
            first, count, text = spans[-1]
            spans[-1] = (first, count + 1, text)
        else:
            spans.append((number, 1, column.over))
    return spans


def _head(column: Column) -> str:
    words, arrow = split_arrow(column.head)
    return f"{escape_latex(words)}{_power(column.mark)} {escape_latex(arrow)}".rstrip()


def _body(table: Table) -> list[str]:
    """Return the rows, each group under its heading."""
    rows = [row for group in table.groups.values() for row in group]
    by_column = list(zip(*rows, strict=True))
    widest = [max((cell.spread for cell in column), key=len) for column in by_column]
    ties = [any(cell.tied for cell in column) for column in by_column]
    lines = []
    for heading, group in table.groups.items():
        head = rf"\emph{{{escape_latex(heading)}}}"
        lines += [r"\midrule", rf"\multicolumn{{{len(table.columns)}}}{{l}}{{{head}}} \\"]
        for row in group:
            cells = [_cell(*each) for each in zip(row, widest, ties, strict=True)]
            lines.append(" & ".join(cells) + r" \\")
    return lines


def _cell(cell: Cell, widest_spread: str, ties: bool) -> str:
    """Return a cell; the tie and the spread that it lacks leave their room: the points align."""
    text = escape_latex(cell.text)
    text = {1: rf"\textbf{{{text}}}", 2: rf"\underline{{{text}}}"}.get(cell.rank, text)
    text += _power(cell.mark)
    if ties:
        text += _power(TIE) if cell.tied else rf"\hphantom{{{_power(TIE)}}}"
    if cell.spread:
        return rf"{text}{{\tiny$\pm${cell.spread}}}"
    return rf"{text}\hphantom{{\tiny$\pm${widest_spread}}}" if widest_spread else text


def _power(mark: str) -> str:
    return f"$^{{{mark}}}$" if mark else ""


def _note(mark: str, text: str) -> str:
    sign = {"": "", DAGGER: r"\textdagger{} "}.get(mark, f"{_power(mark)} ")
    return sign + escape_latex(text)
