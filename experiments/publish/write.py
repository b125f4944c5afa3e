"""Writes a paper's folder: all that LaTeX needs of a study."""

import re
import shutil
from pathlib import Path

from experiments.analysis.results import open_study
from experiments.figures.style import Request
from experiments.publish.figures import figures_of, page_of, write_figure
from experiments.publish.formats import PaperFormat
from experiments.publish.latex import PaperTable, to_float, to_tabular
from experiments.publish.proof import compile_proof, find_tex, proof_text
from experiments.publish.registry import lay_out, tables_of
from experiments.publish.words import notes, numbers, setup
from experiments.sheets.paper import REFERENCES
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

SUPPLEMENT = ("scores", "claims_full", "published")
STYLE = Path(__file__).with_name("zl-tables.sty")


def publish(
    study_folder: Path, out: Path, paper: PaperFormat, document: Path | None = None
) -> list[str]:
    """Write tables, figures, numbers and words of a study, its bibliography, and a proof of all.

    Args:
        study_folder: ``results/<study>``, or a kept study.
        out: The paper's folder; files of the same names are replaced.
        paper: The class of the paper.
        document: A paper to compile in place of the proof; only what it reads is drawn then.

    Returns:
        What is wrong with the proof, a line a fault; one line where no TeX is here.

    Raises:
        InputError: The study cannot be read, or TeX stopped.
    """
    study, scores = open_study(study_folder)
    text = None if document is None else read_document(document)
    tables = tables_of(study_folder, study, scores)
    names = [name for name in tables if reads(text, "tables", name)]
    for name in names:
        write_table(lay_out(study_folder, study, scores, name), out / "tables")
    write(out / "setup.tex", setup(study))
    write(out / "notes.tex", notes(study))
    write(out / "numbers.tex", numbers(study, scores))
    copy_style(out)
    request = Request(folder=out / "figures", page=page_of(paper))
    there = figures_of(study_folder, study, scores)
    figures = [name for name in there if reads(text, "figures", name)]
    for name in figures:
        write_figure(study_folder, name, paper, request)
    supplement = [name for name in names if name in SUPPLEMENT]
    floats = [name for name in names if name not in SUPPLEMENT]
    name = "proof" if document is None else document.stem
    text = text or proof_text(study.title, paper, floats, figures, supplement)
    write(out / f"{name}.tex", text)
    if lacking := find_tex():
        return [f"{lacking}: {name}.tex is written and not compiled"]
    return compile_proof(out, paper.smallest, name)


def read_document(path: Path) -> str:
    """Return the text of a paper.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def reads(text: str | None, kind: str, name: str) -> bool:
    """Tell whether a paper reads a table or figure, bare or as a float; the proof reads all."""
    return text is None or bool(re.search(rf"{kind}/{re.escape(name)}[.}}]", text))


def write_table(table: PaperTable, folder: Path) -> list[Path]:
    """Write ``<name>.tabular.tex``, the bare table, and ``<name>.tex``, its float."""
    written = [folder / f"{table.name}.tabular.tex", folder / f"{table.name}.tex"]
    for path, text in zip(written, (to_tabular(table), to_float(table)), strict=True):
        write(path, text)
    return written


def copy_style(out: Path) -> None:
    """Put ``zl-tables.sty`` and ``references.bib`` into a folder."""
    for source in (STYLE, REFERENCES):
        with replacing(out / source.name) as draft:
            shutil.copyfile(source, draft)


def write(path: Path, text: str) -> None:
    """Write a text, whole or not at all; makes its folder."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
