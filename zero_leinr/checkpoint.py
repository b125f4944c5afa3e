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
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError
from zero_leinr.model import ZeroLEINR, flush_subnormals
from zero_leinr.recipe import Budget, Recipe


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
    """Read a model that :func:`save_model` wrote, ready for inference.

    Args:
        path: The weights.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for the best on this machine.

    Raises:
        InputError: The file is missing, unreadable, or holds something else; or the device is not
            on this machine.
    """
    device = choose_device(device)
    if not path.is_file():
        raise InputError(f"{path}: no such weights; train them with `zero-leinr train`")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        settings = dict(json.loads(metadata["recipe"]))
        model = None if "method" in settings else _filled(settings, tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: damaged, or not weights that `zero-leinr train` wrote ({reason})"
        ) from error
    if model is None:
        raise InputError(
            f"{path}: weights of the baseline {settings['method']}, not of Zero-LEINR; "
            "name its entry in methods.yaml, too: --method NAME"
        )
    flush_subnormals(model)
    # Channels-last convolutions took 35 % less CPU time on whole images (two AVX2 cores).
    model.to(device).to(memory_format=torch.channels_last)
    return model.eval().requires_grad_(False)


def _filled(settings: dict[str, Any], tensors: dict[str, torch.Tensor]) -> ZeroLEINR:
    for name, tensor in tensors.items():
        if not (tensor.is_floating_point() and tensor.isfinite().all()):
            raise ValueError(f"{name} holds values that are not finite, or no floats")
    recipe = Recipe().replace(settings)
    model = ZeroLEINR(recipe.branches, denoise=recipe.denoiser is not None)
    model.load_state_dict(tensors)
    return model


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
