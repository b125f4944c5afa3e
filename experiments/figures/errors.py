"""Error maps: how far each method's image is from the reference, in one scale for all."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.results import open_study
from experiments.figures.pictures import (
    IMAGES_RULE,
    image_file,
    rule_of_methods,
    wanted_items,
    wanted_methods,
)
from experiments.figures.style import (
    PLAIN,
    SMALL,
    Page,
    Request,
    bare,
    budget_note,
    describe,
    paper_style,
    save,
    set_gaps,
)
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

EXAMPLES = 2
NARROWEST = 1.0  # inches of a map
MOST = 128  # levels of 255 from which a map is darkest


def write_error_maps(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/errors_<dataset>.{pdf,png}``, from each method's first seed.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study with references.
        request: How, where, and of which images and methods it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: The data set has no references, or a file is missing or cannot be used.
    """
    study, scores = open_study(study_folder)
    dataset, request = study.dataset(dataset_name), request.completed(study, dataset_name)
    if not dataset.paired:
        raise InputError(f"{dataset_name}: has no references, so there are no errors to draw")
    items = wanted_items(study_folder, dataset, request, EXAMPLES)
    most = int((request.page.width - 0.5) / NARROWEST)
    methods = wanted_methods(study, scores, dataset, request, most)
    rows = []
    for item in items:
        reference = read_image(str(item.high))
        files = [image_file(study_folder, method, dataset, item) for method in methods]
        rows.append([error_of(read_image(path), reference) for path in files])
    with paper_style():
        figure = draw([request.label(study, method) for method in methods], rows, request.page)
        shown = ", ".join(item.name for item in items)
        said = f"Errors on {dataset.label}, from top to bottom: {shown}; their mean in levels."
        rules = [IMAGES_RULE * (not request.images)]
        rules.append(rule_of_methods(study, dataset, methods, request))
        describe(figure, [said, *rules, budget_note(study)])
        return save(figure, request.path(study_folder, f"errors_{dataset.name}"))


def error_of(image: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return ``|image - reference|``, mean over RGB: float (H, W) in levels, from 0 to 255.

    A method that crops is held against the part of the reference that it shows, as in its scores;
    the rest is not-a-number.
    """
    height, width = np.minimum(image.shape, reference.shape)[:2]
    error = np.full(reference.shape[:2], np.nan)
    shown = image[:height, :width].astype(np.int16)
    error[:height, :width] = np.abs(shown - reference[:height, :width]).mean(axis=2)
    return error


def draw(names: list[str], rows: list[list[np.ndarray]], page: Page = PLAIN.page) -> Figure:
    """Draw a row of maps an image, a column a method, and one color bar."""
    across = (page.width - 0.6) / max(len(names), 4)
    height = sum(across * row[0].shape[0] / row[0].shape[1] + 0.18 for row in rows) + 0.15
    width = page.width if len(names) > 3 else 0.6 + across * len(names)
    figure = Figure(figsize=(width, height), layout="constrained")
    set_gaps(figure, 0.02)
    axes = figure.subplots(len(rows), len(names), squeeze=False)
    for k, (line, row) in enumerate(zip(axes, rows, strict=True)):
        for axis, name, error in zip(line, names, row, strict=True):
            drawn = axis.imshow(
                error, cmap="magma_r", vmin=0, vmax=MOST, interpolation="antialiased"
            )
            bare(axis)
            axis.set_xlabel(f"{np.nanmean(error):.1f}", size=SMALL, labelpad=1.5)
            if k == 0:
                axis.set_title(name, size=SMALL, pad=2)
    bar = figure.colorbar(drawn, ax=axes, fraction=0.03, pad=0.01, aspect=30)
    bar.set_label("error (levels)", size=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    return figure
