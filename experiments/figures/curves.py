"""What the two branches do: their curve maps on an image, and the curves themselves."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from experiments.analysis.model import MethodRow, StudyResults
from experiments.analysis.results import read_study
from experiments.figures.pictures import ONE_IMAGE_RULE, own_methods, wanted_items
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
)
from experiments.results_folder import ResultsFolder
from experiments.sheets.weights import WeightsOrigin
from zero_leinr.errors import InputError
from zero_leinr.images import read_image

CHANNELS = {"R": "#c1121f", "G": "#1b6e3c", "B": "#1f4e9c"}
DASHES = {"R": "-", "G": "--", "B": ":"}  # also seen in gray


def write_curve_maps(study_folder: Path, dataset_name: str, request: Request = PLAIN) -> list[Path]:
    """Write ``figures/curves_<dataset>.{pdf,png}``, from the own method's first seed.

    Args:
        study_folder: ``results/<study>``.
        dataset_name: A data set of the study.
        request: How, where and of which image it is wanted.

    Returns:
        The files written.

    Raises:
        InputError: The study has no own method with weights, or an image cannot be read.
    """
    study = read_study(study_folder)
    dataset, method = study.dataset(dataset_name), own(study)
    request = request.completed(study, dataset_name)
    item = wanted_items(study_folder, dataset, request, 1)[0]
    image = read_image(item.low)
    curves = estimate(weights_of(study_folder, method), image)
    with paper_style():
        figure = draw(image, curves, request.page)
        describe(
            figure,
            [
                f"Curve maps of {request.label(study, method)} on {item.name} of {dataset.label}: "
                "the strength of brightening, mean over iterations and channels, and the mean "
                "curve of each channel. The dotted diagonal leaves an image as it is.",
                ONE_IMAGE_RULE * (not request.images),
                budget_note(study),
            ],
        )
        return save(figure, request.path(study_folder, f"curves_{dataset.name}"))


def own(study: StudyResults) -> MethodRow:
    """Return the own method.

    Raises:
        InputError: The study has none.
    """
    methods = own_methods(study)
    if not methods:
        raise InputError(f"study {study.name}: has no method of this suite, and no curve maps")
    return methods[0]


def weights_of(folder: Path, method: MethodRow) -> Path:
    """Return the file with a method's weights.

    Raises:
        InputError: It is not there.
    """
    from zero_leinr.released import RELEASED

    if method.weights == WeightsOrigin.RELEASED:
        return RELEASED
    path = ResultsFolder(folder).run(method.name, method.seeds[0]) / "model.safetensors"
    if not path.exists():
        raise InputError(f"{path}: missing; curve maps need the weights, train or copy them")
    return path


def estimate(weights: Path, image: np.ndarray) -> dict[str, np.ndarray]:
    """Estimate an image's curves.

    Args:
        weights: Of Zero-LEINR.
        image: uint8 (H, W, 3).

    Returns:
        Branch -> curve parameters in [-1, 1], (8, 3, H, W).
    """
    import torch

    from zero_leinr.checkpoint import load_model
    from zero_leinr.inference import to_tensor

    model = load_model(weights)
    with torch.inference_mode():
        found = {name: branch(to_tensor(image))[1] for name, branch in model.cpleb.branches.items()}
    return {name: curves[0].unflatten(0, (-1, 3)).numpy() for name, curves in found.items()}


def mean_curves(curves: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Bend gray levels by an image's mean curves.

    Args:
        curves: (8, 3, H, W).
        levels: (N,) in [0, 1].

    Returns:
        (3, N): of each channel.
    """
    bent = np.broadcast_to(levels, (3, len(levels)))
    for curve in curves.mean(axis=(2, 3)):
        bent = bent + curve[:, None] * (bent * bent - bent)
    return bent


def draw(image: np.ndarray, curves: dict[str, np.ndarray], page: Page = PLAIN.page) -> Figure:
    """Draw the input, each branch's map in one scale, and its curves."""
    panels = 1 + 2 * len(curves)
    tile = page.width / panels
    height = tile * max(1.0, image.shape[0] / image.shape[1]) + 0.35
    figure = Figure(figsize=(page.width, height), layout="constrained")
    axes = figure.subplots(1, panels)
    axes[0].imshow(image)
    axes[0].set_title("input", size=SMALL, pad=2)
    maps = {name: -curve.mean(axis=(0, 1)) for name, curve in curves.items()}
    low = min(0.0, *(float(strength.min()) for strength in maps.values()))
    high = max(float(strength.max()) for strength in maps.values())
    for axis, (name, strength) in zip(axes[1:], maps.items(), strict=False):
        drawn = axis.imshow(strength, cmap="cividis", vmin=low, vmax=high)
        axis.set_title(f"{name} branch: map", size=SMALL, pad=2)
    bar = figure.colorbar(
        drawn, ax=list(axes[: -len(curves)]), location="bottom", fraction=0.06, pad=0.02, aspect=30
    )
    bar.ax.tick_params(labelsize=SMALL)
    for axis in axes[: 1 + len(maps)]:
        bare(axis)
    levels = np.linspace(0, 1, 101)
    for axis, (name, curve) in zip(axes[1 + len(maps) :], curves.items(), strict=True):
        axis.plot([0, 1], [0, 1], ":", color="0.6", linewidth=0.8)
        for (channel, color), bent in zip(
            CHANNELS.items(), mean_curves(curve, levels), strict=True
        ):
            axis.plot(levels, bent, DASHES[channel], color=color, linewidth=1.1, label=channel)
        axis.set_title(f"{name} branch: curve", size=SMALL, pad=2)
        axis.set(xticks=[0, 1], yticks=[0, 1], xlim=(0, 1), ylim=(0, 1), aspect="equal")
        axis.tick_params(labelsize=SMALL)
    axes[-1].legend(loc="lower right", frameon=False, borderpad=0, handlelength=1.4)
    return figure
