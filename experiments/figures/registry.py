"""The kinds of figures: which function draws each, of which data sets, and from which files.

A new kind is a module beside this file and an entry here; the workflow and the commands follow.
Imports nothing heavy, since the workflow reads it at every start.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zero_leinr.errors import unknown

if TYPE_CHECKING:
    from experiments.figures.style import Request


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure.

    Attributes:
        draw: ``module:function`` in this folder: ``function(study_folder)``, or
            ``function(study_folder, dataset)``, writes PDF and PNG and returns their paths.
        of: One for the ``study``; or one for each data set: ``all``, the ``paired`` ones, or those
            ``compared`` in several protocols.
        needs: The files that it reads: ``scores``, ``images``, ``losses``, ``costs``,
            ``weights``.
        where: The studies that have it: ``all``, those that train (``trained``), those with
            variants beside the full method (``ablated``), or those with that extra (``costs``,
            ``claims``).
        paper: Whether it is drawn for a paper alone, and not by the study's workflow.
    """

    draw: str
    of: Literal["study", "all", "paired", "compared"]
    needs: tuple[str, ...]
    where: Literal["all", "trained", "ablated", "costs", "claims"] = "all"
    paper: bool = False


FIGURES = {
    "training_curves": FigureKind(
        "training:write_training_curves", "study", ("losses",), "trained"
    ),
    "scores": FigureKind("scores:write_score_figure", "all", ("scores",)),
    "qualitative": FigureKind("qualitative:write_qualitative", "all", ("scores", "images")),
    "protocols": FigureKind("protocols:write_protocol_figure", "compared", ("scores",)),
    "differences": FigureKind("differences:write_difference_figure", "all", ("scores",), "ablated"),
    "quality_cost": FigureKind("costs:write_quality_cost", "paired", ("scores", "costs"), "costs"),
    "claims": FigureKind("claims:write_claim_figure", "study", ("scores",), "claims"),
    "budget": FigureKind("budget:write_budget", "all", ("scores",), "trained", paper=True),
    "errors": FigureKind("errors:write_error_maps", "paired", ("scores", "images"), paper=True),
    "curves": FigureKind("curves:write_curve_maps", "all", ("images", "weights"), paper=True),
    "denoising": FigureKind("denoising:write_denoising", "all", ("images",), paper=True),
    "profile": FigureKind("profile:write_profile", "all", ("scores", "images"), paper=True),
    "paired": FigureKind("paired:write_paired", "all", ("scores",), paper=True),
    "critical_all": FigureKind("critical:write_critical_all", "study", ("scores",), paper=True),
    "critical": FigureKind("critical:write_critical", "all", ("scores",), paper=True),
}


def find_figure(name: str) -> tuple[FigureKind, str | None]:
    """Return the kind of a figure and its data set: ``scores_lol_eval15``, or ``claims``.

    Raises:
        InputError: There is no such kind.
    """
    for kind_name in sorted(FIGURES, key=len, reverse=True):
        kind, dataset = FIGURES[kind_name], name.removeprefix(f"{kind_name}_")
        if kind.of == "study" and name == kind_name:
            return kind, None
        if kind.of != "study" and dataset != name:
            return kind, dataset
    known = [kind if FIGURES[kind].of == "study" else f"{kind}_DATASET" for kind in FIGURES]
    raise unknown("figure", name, known)


def draw_figure(study_folder: Path, name: str, request: "Request | None" = None) -> list[Path]:
    """Draw one figure of a study.

    Args:
        study_folder: ``results/<study>``.
        name: Such as ``scores_lol_eval15``, or ``claims``.
        request: How and where it is wanted; None for the page of IEEE and ``figures/``.

    Returns:
        The files written: ``<name>.pdf`` and ``.png``.

    Raises:
        InputError: There is no such figure, or what it is drawn from cannot be used.
    """
    kind, dataset = find_figure(name)
    module, function = kind.draw.split(":")
    write: Callable[..., list[Path]] = getattr(
        importlib.import_module(f"experiments.figures.{module}"), function
    )
    wanted = {} if request is None else {"request": request}
    where = [study_folder] if dataset is None else [study_folder, dataset]
    return write(*where, **wanted)
