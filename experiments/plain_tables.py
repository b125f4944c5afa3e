"""Tables of plain text as Markdown and LaTeX, in the look of the score tables."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from experiments.tables import escape_latex, escape_markdown
from zero_leinr.files import replacing


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
    written = []
    for suffix, text in texts.items():
        target = path.with_name(f"{path.name}.{suffix}")
        with replacing(target) as draft:
            draft.write_text(text, encoding="utf-8")
        written.append(target)
    return written


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
    r"""The table as a LaTeX float over both columns, for ``\input``; packages in its first line."""
    lines = [
        r"% Needs \usepackage{booktabs,graphicx}; with pdfLaTeX also \usepackage[T1]{fontenc}.",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{escape_latex(table.caption)}}}",
        rf"\label{{tab:{table.label}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        # Shrinks a table that is wider than the page, and leaves any other as it is.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{''.join(table.align)}}}",
        r"\toprule",
        " & ".join(escape_latex(head) for head in table.heads) + r" \\",
    ]
    for heading, group in table.groups.items():
        head = rf"\emph{{{escape_latex(heading)}}}"
        lines += [r"\midrule", rf"\multicolumn{{{len(table.heads)}}}{{l}}{{{head}}} \\"]
        lines += [" & ".join(escape_latex(cell) for cell in row) + r" \\" for row in group]
    lines += [r"\bottomrule", r"\end{tabular}}"]
    if table.notes:
        lines.append(r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright")
        # Not a line break: it would take the bracket of a numbered note for its own.
        lines += [r" \par ".join(map(escape_latex, table.notes)), r"\end{minipage}"]
    lines.append(r"\end{table*}")
    return "\n".join(lines) + "\n"
