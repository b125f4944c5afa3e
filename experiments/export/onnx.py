"""Weights as an ONNX model: enhances images in any runtime, checked before it is kept.

The whole of ``zero_leinr.inference.enhance`` with minimal padding is in the graph: both stages, the
rounding between them, the reflection to multiples of 32 and the crop back. A caller only turns an
8-bit image into float and back.
"""

import json
import logging
import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from experiments.export.half_precision import dark_image
from zero_leinr.atomic_write import replacing
from zero_leinr.checkpoint import load_model, read_checkpoint
from zero_leinr.enrb import MULTIPLE
from zero_leinr.errors import InputError
from zero_leinr.images import MIN_SIDE
from zero_leinr.inference import enhance, round_to_8bit
from zero_leinr.model import ZeroLEINR

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
OPSET = 18
"""Of 2022, so that runtimes of the last years read the file."""

INPUT = f"image: float32 (1, 3, height, width), RGB in [0, 1], sides of at least {MIN_SIDE}"
OUTPUT = "enhanced: float32 (1, 3, height, width), RGB, whole 255ths in [0, 1]"

CHECKED_SIZES = ((64, 96), (75, 50))
"""Heights and widths that every file is checked on: multiples of 32, and none."""


class Enhancer(nn.Module):
    """Inference as one graph: what an image file holds in, what goes to a file out.

    Args:
        model: A trained model.
    """

    def __init__(self, model: ZeroLEINR) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor) -> Tensor:
        """(1, 3, H, W), RGB in [0, 1] -> the same, rounded to whole 255ths; sides from 32."""
        enhanced = round_to_8bit(self.model.cpleb(image))
        if self.model.enrb is None:
            return enhanced
        height, width = image.shape[-2:]
        padded = enhanced[:, :, reflected(height)][:, :, :, reflected(width)]
        return round_to_8bit(self.model.enrb(padded)[..., :height, :width])


def reflected(side: int) -> Tensor:
    """Which pixel stands at each place of a side that is reflected up to a multiple of 32.

    Args:
        side: Height or width in pixels, at least 32: a reflection is less deep than the side.

    Returns:
        (side rounded up,), int64: 0 .. side-1, then side-2, side-3 and so on.
    """
    # Gathering by number is one operation in every runtime; padding modes differ among them. The
    # quotient is of positive numbers: ONNX rounds negative ones towards zero, Python down.
    last, padded = side - 1, (side + MULTIPLE - 1) // MULTIPLE * MULTIPLE
    return last - (last - torch.arange(padded)).abs()


def export_onnx(weights: Path, path: Path) -> float:
    """Write trained weights as an ONNX model; a file that computes something else is not kept.

    Args:
        weights: A ``model.safetensors`` of Zero-LEINR.
        path: The ``.onnx`` file; it appears whole and checked, or not at all.

    Returns:
        The largest difference to PyTorch that was found, in 255ths: 0 or 1.

    Raises:
        InputError: A package of the extra ``export`` is missing, the weights cannot be used, or
            the file's outputs differ from PyTorch's by more than 1/255.
    """
    for package in PACKAGES:
        try:
            import_module(package)
        except ImportError as error:
            raise InputError(
                f"export needs the package {package}: in the project's folder, "
                "pip install '.[export]' (the .venv that make sets up has it)"
            ) from error
    model = load_model(weights)
    with replacing(path) as temporary:
        _write(model, _metadata(weights), temporary)
        difference = largest_difference(model, temporary)
        if not difference <= 1:  # NaN is no match either
            raise InputError(
                f"{path}: not written: onnxruntime's output differs from PyTorch's by "
                f"{difference:g}/255; try other versions of onnxscript and onnxruntime"
            )
    return difference


def largest_difference(model: ZeroLEINR, path: Path) -> float:
    """Run an ONNX file beside PyTorch on dark noisy images of two sizes.

    Args:
        model: What it was made of.
        path: The file.

    Returns:
        The largest difference of a pixel's channel, in 255ths.
    """
    from onnxruntime import InferenceSession

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    differences = []
    for height, width in CHECKED_SIZES:
        image = dark_image(height, width)
        fed = np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / np.float32(255)
        (output,) = session.run(["enhanced"], {"image": fed})
        ours = enhance(model, image, padding="minimal")
        differences.append(np.abs(output[0].transpose(1, 2, 0) * 255 - ours).max())
    return float(np.round(max(differences), 3))


def _write(model: ZeroLEINR, metadata: dict[str, str], path: Path) -> None:
    """Trace the model with free height and width and write it as one file."""
    side = {name: torch.export.Dim(name, min=MIN_SIDE, max=1 << 15) for name in ("height", "width")}
    # The exporter reports its progress and its own deprecations; neither concerns a user.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            Enhancer(model).eval(),
            (torch.zeros(1, 3, 2 * MULTIPLE, 3 * MULTIPLE + 5),),
            dynamo=True,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["enhanced"],
            dynamic_shapes={"image": {2: side["height"], 3: side["width"]}},
            verbose=False,
        )
    graph = program.model.graph
    graph.outputs[0].shape = graph.inputs[0].shape.copy()  # it says so in a formula
    program.model.producer_name = "zero-leinr"
    program.model.producer_version = version("zero-leinr")
    program.model.metadata_props.update(metadata)
    program.save(path, external_data=False)


def _metadata(weights: Path) -> dict[str, str]:
    recipe, _ = read_checkpoint(weights)
    return {
        "description": "Zero-LEINR: zero-reference low-light image enhancement",
        "input": INPUT,
        "output": OUTPUT,
        "padding": f"inside: minimal, reflected to multiples of {MULTIPLE}",
        "recipe": json.dumps(recipe),
    }
