"""Read the tensors of a PyTorch checkpoint, whatever else it holds; none of its code runs.

Checkpoints are pickles, and a pickle can name any function to be called. PyTorch's own
``weights_only`` reader calls none but its own, and stops at every other name: at the options and
callbacks that training scripts store beside the weights. Here each such name stands for a kind of
``Inert`` instead, an object that does nothing, and the tensors are read. So they are of a
network that was stored as a whole: its class does not have to be here.
"""

import pickletools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from zero_leinr.errors import InputError
from zero_leinr.file_kinds import kind_of

PREFIXES = ("module.", "model.")
"""What ``DataParallel`` and PyTorch Lightning put before the names of a network's weights."""
DEPTH = 4
"""How many dictionaries deep tensors are looked for; a pickle can nest them without end."""


class Inert:
    """Stand for an object of a class that is none of PyTorch's tensors.

    Of a network, the dictionaries of its tensors and its parts are kept; of all else, nothing.
    """

    parts: Mapping[str, Mapping[str, Any]] = {}

    def __new__(cls, *args: Any, **kwargs: Any) -> "Inert":
        """Take any arguments."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, Mapping):
            found = {key: state.get(key) for key in ("_parameters", "_buffers", "_modules")}
            self.parts = {key: part for key, part in found.items() if isinstance(part, Mapping)}
            passing = state.get("_non_persistent_buffers_set")
            if isinstance(passing, set) and "_buffers" in self.parts:
                kept = {k: v for k, v in self.parts["_buffers"].items() if k not in passing}
                self.parts = {**self.parts, "_buffers": kept}


def read_tensors(path: Path) -> dict[str, Any]:
    """Read all tensors of a checkpoint, as it nests them.

    Where the checkpoint has a ``state_dict``, that alone is returned. If all names of a network's
    weights begin with ``module.`` or ``model.``, they lose it.

    Args:
        path: A file that ``torch.save`` wrote: a state dict, dictionaries with some in them, or a
            whole network.

    Returns:
        Name -> tensor on the CPU, or a dictionary of the same kind; without all that is neither,
        and without sparse and quantized tensors.

    Raises:
        InputError: The file is missing, no checkpoint, or holds no tensors; the message says what
            it is, or holds.

    Examples:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(suffix=".pth") as file:
        ...     torch.save({"epoch": 3, "state_dict": {"module.bias": torch.ones(1)}}, file.name)
        ...     read_tensors(Path(file.name))
        {'bias': tensor([1.])}
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such weight file")
    try:
        inert: Any = [(type(name, (Inert,), {}), name) for name in _names(path)]
        with torch.serialization.safe_globals(inert):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a damaged or unsafe file
        raise InputError(f"{path}: cannot be read as weights: it is {kind_of(path)}") from error
    tensors = _tensors(content, DEPTH)
    inner = tensors.get("state_dict")
    tensors = _renamed(inner if isinstance(inner, dict) else tensors)
    if not tensors:
        raise InputError(
            f"{path}: holds {_described(content)}, not a state dict; where it was made, save one: "
            "torch.save(network.state_dict(), 'weights.pth')"
        )
    return tensors


def flat(tensors: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield the names and tensors of what ``read_tensors`` returns; dots join nested names."""
    for name, value in tensors.items():
        if isinstance(value, Tensor):
            yield before + name, value
        else:
            yield from flat(value, f"{before}{name}.")


def within(tensors: Mapping[str, Tensor], names: Collection[str]) -> dict[str, Tensor]:
    """Return a network's tensors out of those of a file that keeps them under a longer name.

    Args:
        tensors: All tensors of the file, by name.
        names: Those of the network.

    Returns:
        The network's tensors by its own names, if exactly one prefix stands before all of them;
        else all tensors as they are.

    Examples:
        >>> file = {"generator.bias": torch.ones(1), "critic.scale": torch.ones(1)}
        >>> within(file, ["bias"])
        {'bias': tensor([1.])}
    """
    first = min(names)
    prefixes = {name.removesuffix(first) for name in tensors if name.endswith(first)}
    prefixes = {p for p in prefixes if all(p + name in tensors for name in names)}
    if len(prefixes) != 1 or "" in prefixes:
        return dict(tensors)
    (prefix,) = prefixes
    return {name: tensors[prefix + name] for name in names}


def described(tensors: Mapping[str, Tensor]) -> str:
    """Say in a few words which tensors there are: how many, and the first ones' names and shapes.

    Examples:
        >>> described({"conv.weight": torch.ones(2, 3), "conv.bias": torch.ones(2)})
        '2 tensors: conv.weight (2x3), conv.bias (2)'
    """
    some = [f"{k} ({'x'.join(map(str, v.shape))})" for k, v in list(tensors.items())[:3]]
    count = f"{len(tensors)} tensor{'s' * (len(tensors) != 1)}"
    return f"{count}: {', '.join(some)}{', ...' * (len(tensors) > 3)}"


def _described(content: Any) -> str:
    """Say what a checkpoint without tensors holds."""
    if isinstance(content, Mapping):
        keys = ", ".join(map(str, list(content)[:4])) or "nothing in it"
        return f"a dictionary ({keys})"
    if isinstance(content, Inert):
        return f"an object of the class {type(content).__name__}"
    return "one tensor" if isinstance(content, Tensor) else f"a {type(content).__name__}"


def _names(path: Path) -> set[str]:
    """Return the classes and functions that a checkpoint names and PyTorch does not know."""
    if is_zipfile(path):
        return set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    # Before PyTorch 1.6: four pickles one after another, of which the fourth is the content.
    with path.open("rb") as file:
        found = [step for _ in range(4) for step in pickletools.genops(file)]
    return {str(name).replace(" ", ".") for code, name, _ in found if code.name == "GLOBAL"}


def _tensors(content: Any, depth: int) -> dict[str, Any]:
    if isinstance(content, Inert):
        return _of_network(content)
    if not isinstance(content, Mapping):
        return {}
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Tensor):
            if value.layout is torch.strided and not value.is_quantized:
                found[str(name)] = value.detach()
        elif depth > 1:
            inner = _tensors(value, depth - 1)
            if inner:
                found[str(name)] = inner
    return found


def _of_network(network: Inert, before: str = "", depth: int = 32) -> dict[str, Any]:
    """Return the tensors of a whole network, by the names of its state dict."""
    own = {**network.parts.get("_parameters", {}), **network.parts.get("_buffers", {})}
    found = {before + k: v.detach() for k, v in own.items() if isinstance(v, Tensor)}
    for name, part in network.parts.get("_modules", {}).items():
        if isinstance(part, Inert) and depth:
            found |= _of_network(part, f"{before}{name}.", depth - 1)
    return found


def _renamed(tensors: dict[str, Any]) -> dict[str, Any]:
    tensors = {k: _renamed(v) if isinstance(v, dict) else v for k, v in tensors.items()}
    for prefix in (*PREFIXES, *PREFIXES):  # either may be the outer one
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors
