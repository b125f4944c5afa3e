"""What all tables share as Markdown and LaTeX: escaping, the float around the rows, the files."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.analysis.results import DAGGER
from zero_leinr.atomic_write import replacing


def write_texts(texts: Mapping[str, str], path: Path) -> list[Path]:
    """Writes ``<path>.<suffix>`` for each suffix and its text; returns the files."""
    written = []
    for suffix, text in texts.items():
        target = path.with_name(f"{path.name}.{suffix}")
        with replacing(target) as draft:
            draft.write_text(text, encoding="utf-8")
        written.append(target)
    return written


def latex_float(
    name: str, caption: str, align: str, rows: Sequence[str], notes: Sequence[str]
) -> str:
    r"""A LaTeX float over both columns, for ``\input``; packages in its first line.

    Args:
        name: The label is ``tab:<name>``.
        caption: Plain text.
        align: The columns, as ``tabular`` takes them.
        rows: Lines of LaTeX between the table's first and last rule.
        notes: Sentences of LaTeX below the table.
    """
    lines = [
        r"% Needs \usepackage{booktabs,graphicx}; with pdfLaTeX also \usepackage[T1]{fontenc}.",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{escape_latex(caption)}}}",
        rf"\label{{tab:{name}}}",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{4pt}",
        # Shrinks a table that is wider than the page, and leaves any other as it is.
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{align}}}",
        r"\toprule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}}",
    ]
    if notes:
        lines.append(r"\par\smallskip\begin{minipage}{\linewidth}\footnotesize\raggedright")
        # Not a line break: it would take the bracket that a note may begin with for its own.
        lines += [r" \par ".join(notes), r"\end{minipage}"]
    lines.append(r"\end{table*}")
    return "\n".join(lines) + "\n"


def escape_markdown(text: str) -> str:
    """Plain text in a Markdown cell: no emphasis, code, HTML, links or column ends by accident."""
    return re.sub(r"([\\`*_<>|\[\]#])", r"\\\1", text)


LATEX = {
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
    DAGGER: r"$^\dagger$",
}


def escape_latex(text: str) -> str:
    """Plain text for LaTeX: its special signs and those of this field's labels escaped."""
    return "".join(LATEX.get(sign, sign) for sign in text)
