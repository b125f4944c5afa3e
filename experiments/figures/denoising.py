"""What ENRB takes away: an image before it, after it, and the difference, enlarged."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.analysis.model import MethodRow, StudyResults
from experiments.analysis.results import read_study
from experiments.figures.pictures import ONE_IMAGE_RULE, find_crops, image_file, wanted_items
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
from experiments.sheets.study import FULL
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

# A method, and the same without ENRB: its branches are the same ones.
PAIRS = {FULL: "no_enrb", "zero_leinr_released": "zero_leinr_released_stage1"}
GAIN = 4  # of the residual, around middle gray


def denoised(study: StudyResults) -> tuple[MethodRow, MethodRow] | None:
    """Return a method with ENRB and the same without it; None where the study has none such."""
    methods = {method.name: method for method in study.methods}
    for name, without in PAIRS.items():
        if name in methods and without in methods:
            return methods[name], methods[without]
    return None


def write_denoising(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/denoising_<dataset>.{pdf,png}``, from the first seed.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How, where, and of which image and crops it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: The study has no method with and without ENRB, or an image cannot be read.
    """
    study = read_study(study_folder)
    dataset, pair = study.dataset(dataset_name), denoised(study)
    if pair is None:
        raise InputError(f"study {study.name}: has no method both with and without ENRB")
    request = request.completed(study, dataset_name)
    item = wanted_items(study_folder, dataset, request, 1)[0]
    after, before = (read_image(image_file(study_folder, m, dataset, item)) for m in pair)
    x, y, w, h = find_crops(item, request)[-1]
    with paper_style():
        figure = draw(before, after, (x, y, w, h), request.page)
        describe(
            figure,
            [
                f"{request.label(study, pair[0])} on {item.name} of {dataset.label}: before ENRB, "
                f"after it, and what it takes away, {GAIN} times enlarged around middle gray.",
                ONE_IMAGE_RULE * (not request.images),
                "Below: a dark and flat crop." * (not request.crops),
                budget_note(study),
            ],
        )
        return save(figure, request.path(study_folder, f"denoising_{dataset.name}"))


def residual(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return ``GAIN`` times what was taken away, around middle gray: uint8 (H, W, 3)."""
    taken = before.astype(np.float32) - after.astype(np.float32)
    return np.clip(128 + GAIN * taken, 0, 255).astype(np.uint8)


def draw(
    before: np.ndarray, after: np.ndarray, box: tuple[int, int, int, int], page: Page = PLAIN.page
) -> Figure:
    """Draw three whole images and under them the same crop of each."""
    x, y, w, h = box
    height, width = before.shape[:2]
    tile = page.column / 3
    size = (page.column, tile * (height / width + h / w) + 0.25)
    figure = Figure(figsize=size, layout="constrained")
    set_gaps(figure, 0.01)
    axes = figure.subplots(2, 3, height_ratios=[height / width, h / w])
    shown = {"before": before, "after": after, f"residual (×{GAIN})": residual(before, after)}
    for (whole, crop), (name, image) in zip(axes.T, shown.items(), strict=True):
        whole.imshow(image)
        whole.set_title(name, size=SMALL, pad=2)
        whole.add_patch(Rectangle((x, y), w, h, fill=False, edgecolor="#ffd400", linewidth=0.8))
        crop.imshow(image[y : y + h, x : x + w], interpolation="nearest")
        for axis in (whole, crop):
            bare(axis)
    return figure
