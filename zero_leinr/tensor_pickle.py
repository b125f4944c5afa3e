"""Read the tensors of a PyTorch checkpoint, whatever else it holds; none of its code runs.

Checkpoints are pickles, and a pickle can name any function to be called. PyTorch's own
``weights_only`` reader calls none but its own, and stops at every other name: at the options and
callbacks that training scripts store beside the weights. Here each such name stands for
:class:`Inert` instead, an object that does nothing and keeps nothing, and the tensors are read.
"""

import pickletools
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from zero_leinr.errors import InputError

PREFIXES = ("module.", "model.")
"""What ``DataParallel`` and PyTorch Lightning put before the names of a network's weights."""
DEPTH = 4
"""How many dictionaries deep tensors are looked for; a pickle can nest them without end."""


class Inert:
    """Stand for an object of a class that is none of PyTorch's; nothing of it is kept."""

    def __new__(cls, *args: Any, **kwargs: Any) -> "Inert":
        """Take any arguments."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def read_tensors(path: Path) -> dict[str, Any]:
    """Read all tensors of a checkpoint, as it nests them.

    Where the checkpoint has a ``state_dict``, that alone is returned. If all names of a network's
    weights begin with ``module.`` or ``model.``, they lose it.

    Args:
        path: A file that ``torch.save`` wrote: a state dict, or dictionaries with some in them.

    Returns:
        Name -> tensor on the CPU, or a dictionary of the same kind; without all that is neither,
        and without sparse and quantized tensors.

    Raises:
        InputError: The file is missing, damaged, holds no tensors, or asks for something that is
            never harmless.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".pth") as file:
        ...     torch.save({"epoch": 3, "state_dict": {"module.bias": torch.ones(1)}}, file.name)
        ...     read_tensors(Path(file.name))
        {'bias': tensor([1.])}
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such weight file; fetch it first")
    try:
        with torch.serialization.safe_globals([(Inert, name) for name in _names(path)]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a damaged or unsafe file
        raise InputError(f"{path}: cannot be read as weights; fetch it again") from error
    tensors = _tensors(content, DEPTH) if isinstance(content, Mapping) else {}
    inner = tensors.get("state_dict")
    tensors = _renamed(inner if isinstance(inner, dict) else tensors)
    if not tensors:
        raise InputError(
            f"{path}: does not hold a state dict; save one with torch.save(network.state_dict())"
        )
    return tensors


def _names(path: Path) -> set[str]:
    """Return the classes and functions that a checkpoint names and PyTorch does not know."""
    if is_zipfile(path):
        return set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    # Before PyTorch 1.6: four pickles one after another, of which the fourth is the content.
    with path.open("rb") as file:
        found = [step for _ in range(4) for step in pickletools.genops(file)]
    return {str(name).replace(" ", ".") for code, name, _ in found if code.name == "GLOBAL"}


def _tensors(content: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Tensor):
            if value.layout is torch.strided and not value.is_quantized:
                found[str(name)] = value.detach()
        elif isinstance(value, Mapping) and depth > 1:
            inner = _tensors(value, depth - 1)
            if inner:
                found[str(name)] = inner
    return found


def _renamed(tensors: dict[str, Any]) -> dict[str, Any]:
    tensors = {k: _renamed(v) if isinstance(v, dict) else v for k, v in tensors.items()}
    for prefix in (*PREFIXES, *PREFIXES):  # either may be the outer one
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors
