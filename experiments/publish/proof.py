"""The proof: all tables and figures in the paper's class, compiled and searched for faults."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from experiments.publish.formats import PaperFormat
from experiments.publish.latex import escape_latex
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

ZOOM = 3  # the most that pdftohtml takes; it writes whole points
FAULTS = {
    r"^! .*": "error",
    r"^Overfull \\[hv]box .*": "overfull box",
    r"^LaTeX Warning: Float too large.*": "float too large",
    r"^(?:LaTeX|Package natbib) Warning: Citation .*undefined.*": "undefined citation",
    r"^LaTeX Warning: Reference .*undefined.*": "undefined reference",
}


def proof_text(
    title: str, paper: PaperFormat, floats: list[str], figures: list[str], supplement: list[str]
) -> str:
    """Return the document that shows all.

    Args:
        title: The study's.
        paper: The class.
        floats: Names of tables in the text.
        figures: Names of figures.
        supplement: Names of tables for the supplement, which has one column.
    """
    lines = [
        paper.preamble,
        r"\usepackage{zl-tables}",
        r"\graphicspath{{figures/}}",
        r"\input{numbers}",
        r"\begin{document}",
        rf"\title{{{escape_latex(title)}}}",
        r"\author{zero-leinr publish}",
        r"\maketitle",
        r"\input{setup}",
        *[rf"\input{{tables/{name}}}" for name in floats],
        *[rf"\input{{figures/{name}}}\clearpage" for name in figures],
        r"\clearpage",
        r"\onecolumn" * (paper.columns > 1),
        r"\section*{Supplement}",
        r"\input{notes}",
        *[rf"\input{{tables/{name}}}" for name in supplement],
        rf"\bibliographystyle{{{paper.style}}}",
        r"\bibliography{references}",
        r"\end{document}",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def find_tex() -> str | None:
    """Return what this machine lacks to compile; None where it has all."""
    lacking = [name for name in ("pdflatex", "bibtex") if shutil.which(name) is None]
    return f"no {' and no '.join(lacking)} here" if lacking else None


def compile_proof(folder: Path, smallest: float, name: str = "proof") -> list[str]:
    """Compile ``<name>.tex`` of a folder; writes ``<name>.pdf`` and ``<name>.log`` beside it.

    Args:
        folder: The paper's.
        smallest: Points that text must have.
        name: Of the document.

    Returns:
        What is wrong with it, a line a fault.

    Raises:
        InputError: TeX stopped, with its own words.
    """
    with tempfile.TemporaryDirectory() as scratch:
        place = {key: f"{folder.resolve()}:" for key in ("TEXINPUTS", "BIBINPUTS", "BSTINPUTS")}
        environment = os.environ | place | {"max_print_line": "1000", "openout_any": "a"}
        tex = [
            *("pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error"),
            *(f"-output-directory={scratch}", f"{name}.tex"),
        ]
        for command, where in (
            (tex, folder),
            (["bibtex", name], scratch),
            (tex, folder),
            (tex, folder),
        ):
            subprocess.run(command, cwd=where, env=environment, capture_output=True, check=False)
        log = Path(scratch, f"{name}.log")
        said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        for suffix in ("pdf", "log"):
            if (made := Path(scratch, f"{name}.{suffix}")).exists():
                with replacing(folder / f"{name}.{suffix}") as draft:
                    shutil.copyfile(made, draft)
        if not Path(scratch, f"{name}.pdf").exists():
            stopped = next((line for line in said.splitlines() if line.startswith("!")), "no log")
            raise InputError(f"{folder / name}.tex: TeX stopped: {stopped}; see {name}.log")
    return [*log_faults(said), *pdf_faults(folder / f"{name}.pdf", smallest)]


def log_faults(log: str) -> list[str]:
    """Return what a log complains of: errors, boxes, floats, citations and references."""
    return [
        f"{fault}: {line}"
        for pattern, fault in FAULTS.items()
        for line in dict.fromkeys(re.findall(pattern, log, re.M))
    ]


def pdf_faults(path: Path, smallest: float) -> list[str]:
    """Return what a PDF has that a journal refuses, as far as poppler's programs are here.

    Bitmap fonts (Type 3), fonts that are not embedded, and text under ``smallest`` points.
    """
    faults = []
    if shutil.which("pdffonts"):
        for line in _output("pdffonts", str(path)).splitlines()[2:]:
            kind, embedded = line[37:55].strip(), line[71:].split()[0]
            if kind.startswith("Type 3") or embedded != "yes":
                faults.append(f"font: {line[:36].strip()} is {kind}, embedded: {embedded}")
    if shutil.which("pdftohtml"):
        faults += [
            f"text of {size:.1f} points on page {page}: {text[:40]}"
            for page, size, text in small(path, smallest)
        ]
    return faults


def small(path: Path, smallest: float) -> list[tuple[int, float, str]]:
    """Return (page, points, text) of text under ``smallest`` points; one of each size a page."""
    xml = _output("pdftohtml", "-xml", "-i", "-stdout", "-zoom", str(ZOOM), str(path))
    sizes = {
        key: int(size) / ZOOM for key, size in re.findall(r'<fontspec id="(\d+)" size="(\d+)"', xml)
    }
    found: dict[tuple[int, float], str] = {}
    for number, page in enumerate(xml.split("<page ")[1:], start=1):
        for key, text in re.findall(r'<text [^>]*font="(\d+)"[^>]*>(.*?)</text>', page):
            words = re.sub("<[^>]+>", "", text).strip()
            if words and sizes[key] < smallest - 0.5 / ZOOM:
                found.setdefault((number, sizes[key]), words)
    return [(page, size, words) for (page, size), words in found.items()]


def _output(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False
    ).stdout
