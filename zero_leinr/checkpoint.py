"""Weights and training states on disk: written atomically, read safely."""

import io
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from zero_leinr.atomic_write import replacing
from zero_leinr.cpleb import BRANCHES
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError
from zero_leinr.model import ZeroLEINR, flush_subnormals
from zero_leinr.recipe import Budget
from zero_leinr.tensor_pickle import described, flat, read_tensors, within


def save_model(model: nn.Module, recipe: Budget, path: Path) -> None:
    """Write weights as safetensors, subnormal ones as zero, with the recipe in the header."""
    flush_subnormals(model)
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    save_tensors(tensors, {"recipe": json.dumps(recipe.to_dict())}, path)


def save_tensors(tensors: dict[str, Tensor], metadata: dict[str, str], path: Path) -> None:
    """Write tensors as safetensors, with the permissions that new files have in that folder."""
    content = save(tensors, metadata)  # the library's save_file makes a file for its owner alone
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def load_model(path: Path, device: str = "cpu") -> ZeroLEINR:
    """Read a model of Zero-LEINR, ready for inference.

    Args:
        path: What ``save_model`` wrote, or a checkpoint that keeps the same tensors in another
            way: see ``zero_leinr.tensor_pickle``.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the best on this machine.

    Raises:
        InputError: The file is missing, unreadable, or holds something else, which the message
            names; or the device is not on this machine.
    """
    device = choose_device(device)
    if not path.is_file():
        raise InputError(f"{path}: no such weights; train them with `zero-leinr train`")
    settings, tensors = read_checkpoint(path)
    if "method" in settings:
        raise InputError(
            f"{path}: weights of the baseline {settings['method']}, not of Zero-LEINR; "
            "name its entry in methods.yaml, too: --method NAME"
        )
    model = _filled(path, tensors)
    flush_subnormals(model)
    # Channels-last convolutions took 35 % less CPU time on whole images (two AVX2 cores).
    model.to(device).to(memory_format=torch.channels_last)
    return model.eval().requires_grad_(False)


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the recipe in a file of weights, empty where it has none, and its tensors by name.

    Raises:
        InputError: The file is unreadable, or holds no tensors.
    """
    if path.suffix != ".safetensors" and not _begins_as_safetensors(path):
        return {}, dict(flat(read_tensors(path)))
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        settings = json.loads(metadata.get("recipe", "{}"))
        if not isinstance(settings, dict):
            raise ValueError("its recipe is no mapping")
        return settings, tensors
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: damaged, or no safetensors file ({reason})") from error


def _begins_as_safetensors(path: Path) -> bool:
    """Tell whether a file begins with a length and a JSON object, whatever its name says."""
    try:
        with path.open("rb") as file:
            return file.read(9)[6:] == b"\x00\x00{"
    except OSError:
        return False


def _filled(path: Path, tensors: dict[str, Tensor]) -> ZeroLEINR:
    """Make the model that the tensors are of: which branches, and whether a denoiser follows."""
    kept = [b for b in BRANCHES if any(_branch(b) in name for name in tensors)]
    model = ZeroLEINR(tuple(kept) or BRANCHES, any("enrb." in name for name in tensors))
    expected = model.state_dict()
    tensors = within(tensors, expected)
    wrong = {k for k in expected.keys() & tensors.keys() if expected[k].shape != tensors[k].shape}
    if bad := sorted((expected.keys() ^ tensors.keys()) | wrong):
        raise InputError(
            f"{path}: not weights of Zero-LEINR ({bad[0]} does not fit); it holds "
            f"{described(tensors)}. If they are a baseline's, name it: --method NAME"
        )
    for name, tensor in tensors.items():
        if not (tensor.is_floating_point() and tensor.isfinite().all()):
            raise InputError(f"{path}: {name} holds values that are not finite, or no floats")
    model.load_state_dict(tensors)
    return model


def _branch(name: str) -> str:
    return f"cpleb.branches.{name}."


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write a training state: tensors, numbers, and mappings of them."""
    content = io.BytesIO()  # on a full disk, torch would say something else than the system
    torch.save(state, content)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def load_state(path: Path, device: str = "cpu") -> dict[str, Any]:
    """Read a training state; nothing in the file is executed.

    Raises:
        InputError: The file is damaged.
    """
    try:
        if not path.is_file():
            raise OSError("not a file")
        state = dict(torch.load(path, map_location=device, weights_only=True))
    except Exception as error:  # torch.load raises whatever the damaged bytes provoke
        raise InputError(
            f"{path}: this training state is damaged; delete it to start the run again"
        ) from error
    if "pieces" in state:  # the name of the segments in earlier versions
        state["segments"] = state.pop("pieces")
    return state
