"""From an entry of the method sheet to a function that enhances one image.

A baseline is one file in this folder with a function

    build(settings, weights, device) -> method

where ``method`` maps one 8-bit RGB image, uint8 (H, W, 3), to another of its size (or of the crop
that its entry announces, ``crops_to``). An entry of
``experiments/config/methods.yaml`` names it: ``method: zero_dce`` is ``build`` in
``baselines/zero_dce.py``, ``method: classical:gamma`` is ``gamma`` in ``baselines/classical.py``.
Only the file that is asked for is imported, so a method that needs numpy alone starts at once.

A baseline that can be trained here has a second function in its file

    training_step(recipe, seed, device) -> step

where ``step`` is what the training loop drives (``zero_leinr.training.Step``) and ``recipe`` what
its entry says under ``recipe`` (``baselines.recipe.BaselineRecipe``).
"""

import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from zero_leinr.errors import InputError, unknown

Method = Callable[[np.ndarray], np.ndarray]


def build(
    entry: Mapping[str, Any],
    *,
    weights: Path | None = None,
    device: str = "cpu",
    dataset: str | None = None,
) -> Method:
    """Build the method of one entry of the method sheet.

    Args:
        entry: The entry, as ``experiments/schemas/methods.schema.yaml`` describes it.
        weights: File with the weights that the entry names; None for a method without.
        device: "cpu", "cuda", "mps", or "auto" for the best here; methods that do not import torch
            ignore it.
        dataset: Name of the dataset to enhance; picks the settings of ``settings_for``.

    Returns:
        A function from a uint8 (H, W, 3) RGB image to a uint8 one of the same size. With
        ``crops_to: n`` in the entry, H and W are cut down to multiples of n (bottom and right).

    Raises:
        InputError: The entry names no known baseline, a setting it does not have, or its weights
            cannot be used;
            or the device is not there.
    """
    name = entry["method"]
    builder = find(name)
    if "torch" in sys.modules:  # a method that needs it has imported it by now
        from zero_leinr.device import choose_device, exact_float32

        method = builder(settings_of(entry, dataset), weights, choose_device(device))
        method = exact_float32()(method)
    else:
        method = builder(settings_of(entry, dataset), weights, device)
    step = entry.get("crops_to", 1)

    def enhance(image: np.ndarray) -> np.ndarray:
        enhanced = method(image)
        height, width, channels = image.shape
        expected = height // step * step, width // step * step, channels
        if enhanced.dtype != np.uint8 or enhanced.shape != expected:
            raise TypeError(
                f"baseline '{name}' made {enhanced.dtype} {enhanced.shape} of {image.shape}; "
                f"a method returns uint8, and this one {expected}"
            )
        return enhanced

    return enhance


def needs_torch(name: str) -> bool:
    """Return whether a baseline's file imports torch; asked of its source, since that is faster."""
    path = Path(__file__).with_name(f"{name.partition(':')[0]}.py")
    source = path.read_text(encoding="utf-8") if path.exists() else ""
    return re.search(r"^(import|from) torch\b", source, re.M) is not None


def find(name: str) -> Callable[..., Any]:
    """Import the function that ``module`` (its ``build``) or ``module:function`` names.

    Raises:
        InputError: There is no such file in ``baselines/``, or no such function in it.
    """
    module, _, function = name.partition(":")
    if not module.isidentifier() or find_spec(f"baselines.{module}") is None:
        raise InputError(f"method '{name}': there is no file baselines/{module}.py")
    builder = getattr(import_module(f"baselines.{module}"), function or "build", None)
    if builder is None:
        raise InputError(
            f"method '{name}': baselines/{module}.py has no function '{function or 'build'}'"
        )
    return builder


def settings_of(entry: Mapping[str, Any], dataset: str | None = None) -> dict[str, Any]:
    """Return the settings of an entry on a dataset.

    A few official scripts ask for another value on another set (PairLIE's exponent); the entry's
    ``settings_for`` holds those, by name of the dataset, on top of ``settings``.
    """
    return {**entry.get("settings", {}), **entry.get("settings_for", {}).get(dataset, {})}


def options(settings: Mapping[str, Any], **defaults: Any) -> dict[str, Any]:
    """Fill the given settings up with a baseline's defaults; refuse what it does not know.

    Raises:
        InputError: A setting is unknown, or is not of the kind (number, text, yes or no) of its
            default.

    Examples:
        >>> options({"gamma": 2}, gamma=2.2)
        {'gamma': 2}
    """
    for key, value in settings.items():
        if key not in defaults:
            raise unknown("setting", key, defaults)
        if _kind(value) is not _kind(defaults[key]):
            raise InputError(f"setting '{key}' cannot be {value!r} (default: {defaults[key]!r})")
    return {**defaults, **settings}


def _kind(value: object) -> type:
    """Type of a setting, where 2 and 2.0 are the same kind and True is not 1."""
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
