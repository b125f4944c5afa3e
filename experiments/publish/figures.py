r"""Figures of a paper: drawn for its pages, with the caption beside each and a float around it."""

from pathlib import Path

from experiments.analysis.budgets import budgets
from experiments.analysis.model import StudyResults
from experiments.analysis.protocols import compared
from experiments.figures.denoising import denoised
from experiments.figures.pictures import own_methods
from experiments.figures.registry import FIGURES, FigureKind, draw_figure
from experiments.figures.style import Page, Request, caption_of
from experiments.publish.ablation import ablated
from experiments.publish.formats import PaperFormat
from experiments.publish.latex import escape_latex
from experiments.results_folder import ResultsFolder
from zero_leinr.atomic_write import replacing

EACH = ("scores", "qualitative")  # of every data set; the others of the first that they fit


def figures_of(folder: Path, study: StudyResults) -> list[str]:
    """Return the figures that a study has something for, such as ``scores_lol_eval15``."""
    names = []
    for kind_name, kind in FIGURES.items():
        if not _has(folder, study, kind_name, kind):
            continue
        if kind.of == "study":
            names.append(kind_name)
            continue
        fitting = [
            dataset.name
            for dataset in sorted(study.datasets, key=lambda dataset: not dataset.paired)
            if (kind.of != "paired" or dataset.paired)
            and (kind.of != "compared" or compared(study, dataset))
        ]
        chosen = fitting if kind_name in EACH else fitting[:1]
        names += [f"{kind_name}_{dataset}" for dataset in chosen]
    return names


def _has(folder: Path, study: StudyResults, name: str, kind: FigureKind) -> bool:
    """Tell whether the files that a kind of figure needs are there, and what it compares."""
    results, own = ResultsFolder(folder), own_methods(study)
    there = {
        "scores": True,
        "images": (folder / "images").is_dir() and (folder / "data").is_dir(),
        "losses": results.kept_losses.exists() or any((folder / "runs").glob("*/seed*/losses.csv")),
        "costs": results.kept_costs.exists() or (folder / "costs").is_dir(),
        "weights": bool(own),
    }
    compares = {
        "all": True,
        "trained": bool(study.trained),
        "ablated": bool(ablated(study)),
        "claims": bool(ablated(study)),
        "costs": "psnr" in [metric.name for metric in study.metrics],
    }
    others = {
        "paired": bool(own) and len(study.methods) > len(own) + 1,
        "critical": len(study.methods) > 2,
        "budget": bool(budgets(study)),
        "denoising": denoised(study) is not None,
    }
    return (
        compares[kind.where] and all(there[need] for need in kind.needs) and others.get(name, True)
    )


def page_of(paper: PaperFormat) -> Page:
    """Return what a figure may measure in a class of papers."""
    return Page(paper.column, paper.page, paper.tallest)


def write_figure(study_folder: Path, name: str, paper: PaperFormat, request: Request) -> list[Path]:
    """Draw a figure, and write its caption and its float beside it.

    Args:
        study_folder: ``results/<study>``.
        name: Such as ``scores_lol_eval15``.
        paper: The class of the paper, which ``request`` has the page of.
        request: How and where it is wanted.

    Returns:
        The files written: ``.pdf``, ``.png``, ``.caption.tex`` and ``.tex``.

    Raises:
        InputError: There is no such figure, or what it is drawn from cannot be used.
    """
    pdf, png = draw_figure(study_folder, name, request)
    caption = escape_latex(caption_of(png))
    wide = _inches(png) > paper.column + 0.01
    float_ = "figure*" if wide and paper.columns > 1 else "figure"
    lines = [
        rf"\begin{{{float_}}}[t]",
        r"\centering",
        rf"\includegraphics{{{name}}}",
        rf"\caption{{{caption}}}\label{{fig:{name}}}",
        rf"\end{{{float_}}}",
    ]
    beside = {".caption.tex": caption + "%\n", ".tex": "\n".join(lines) + "\n"}
    written = [pdf, png]
    for suffix, text in beside.items():
        written.append(pdf.with_name(f"{name}{suffix}"))
        with replacing(written[-1]) as draft:
            draft.write_text(text, encoding="utf-8")
    return written


def _inches(png: Path) -> float:
    from PIL import Image

    from experiments.figures.style import DOTS

    with Image.open(png) as drawn:
        return drawn.width / DOTS
