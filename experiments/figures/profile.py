"""How light is spread: the histogram of an image, and a line through it, for a few methods."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.results import open_study
from experiments.figures.pictures import (
    ONE_IMAGE_RULE,
    find_crops,
    image_file,
    rule_of_methods,
    wanted_items,
    wanted_methods,
)
from experiments.figures.style import (
    INPUT,
    PLAIN,
    SMALL,
    Look,
    Page,
    Request,
    budget_note,
    describe,
    looks,
    paper_style,
    save,
)
from zero_leinr.images import read_image

METHODS = 2  # besides input and reference
BINS = 64


def write_profile(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/profile_<dataset>.{pdf,png}``, from each method's first seed.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How, where, and of which image, crop and methods it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: A listing, a score file or an image is missing or cannot be used.
    """
    study, scores = open_study(study_folder)
    dataset, request = study.dataset(dataset_name), request.completed(study, dataset_name)
    item = wanted_items(study_folder, dataset, request, 1)[0]
    methods = wanted_methods(study, scores, dataset, request, METHODS)
    x, y, w, h = find_crops(item, request)[0]
    look = looks(study)
    black = Look((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0, (1, 1)))
    lines: list[tuple[str, Look, np.ndarray]] = []
    lines.append(("Input", look.get(INPUT, black), gray(item.low)))
    for method in methods:
        image = gray(image_file(study_folder, method, dataset, item))
        lines.append((request.label(study, method), look[method.name], image))
    if item.high is not None:
        lines.append(("Reference", black, gray(item.high)))
    row = y + h // 2
    with paper_style():
        figure = draw(lines, row, (x, x + w), request.page)
        describe(
            figure,
            [
                f"{item.name} of {dataset.label}: histograms of gray levels, and the levels along "
                f"row {row} from column {x} to {x + w}.",
                ONE_IMAGE_RULE * (not request.images),
                "The row crosses the strongest edges." * (not request.crops),
                rule_of_methods(study, dataset, methods, request),
                budget_note(study),
            ],
        )
        return save(figure, request.path(study_folder, f"profile_{dataset.name}"))


def gray(path: str | Path) -> np.ndarray:
    """Read an image's gray levels, mean over RGB: float (H, W), 0 to 255."""
    return read_image(path).mean(axis=2)


def draw(
    lines: list[tuple[str, Look, np.ndarray]],
    row: int,
    columns: tuple[int, int],
    page: Page = PLAIN.page,
) -> Figure:
    """Draw the histograms and the lines.

    Args:
        lines: Name, look and gray levels (H, W) of each image.
        row: Of the line.
        columns: Its first and last column.
        page: What it may measure.
    """
    figure = Figure(figsize=(page.column, 2.6), layout="constrained")
    above, below = figure.subplots(2, 1)
    edges = np.linspace(0, 256, BINS + 1)
    for k, (name, look, levels) in enumerate(lines):
        style = {"color": look.color, "linestyle": ["-", "--", "-.", ":"][k % 4], "linewidth": 1.1}
        share = np.histogram(levels, edges)[0] / levels.size
        above.plot(edges[:-1] + 128 / BINS, 100 * share, label=name, **style)
        part = levels[min(row, levels.shape[0] - 1), columns[0] : columns[1]]
        below.plot(range(columns[0], columns[0] + len(part)), part, **style)
    above.set_xlabel("gray level", size=SMALL, labelpad=1)
    above.set_ylabel("pixels (%)", size=SMALL)
    above.set_yscale("symlog", linthresh=1)
    above.set_ylim(bottom=0)
    above.yaxis.set_major_formatter("{x:g}")
    below.set_xlabel("column", size=SMALL, labelpad=1)
    below.set_ylabel("gray level", size=SMALL)
    for axis in (above, below):
        axis.tick_params(labelsize=SMALL)
        axis.set_xmargin(0.01)
    above.legend(
        frameon=False,
        ncols=2,
        borderpad=0,
        handlelength=2,
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
    )
    return figure
