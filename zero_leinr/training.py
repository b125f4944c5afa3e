"""The training loop: trains, logs, saves and resumes."""

import copy
import hashlib
import math
import shutil
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from zero_leinr.atomic_write import replacing
from zero_leinr.batches import batches, check_images, steps_in_epoch
from zero_leinr.checkpoint import load_state, save_model, save_state
from zero_leinr.device import choose_device, training_setup
from zero_leinr.errors import InputError
from zero_leinr.folder_lock import locked
from zero_leinr.loss_log import LossLog
from zero_leinr.recipe import Budget
from zero_leinr.training_step import training_step

Progress = Callable[[int, int, dict[str, float]], None]
"""Called with the steps done, the steps in all, and the latest losses with ``seconds`` so far."""

FLUSH_SECONDS = 1.0
"""Time after which the losses are read: to read them makes the CPU wait for the GPU."""

LARGEST_WEIGHT = 1e6
"""Larger weights have diverged. Those of a working network are smaller by orders of magnitude."""


class Step(Protocol):
    """What the loop drives: networks with their optimizers; a call trains each of them once."""

    @property
    def model(self) -> nn.Module:
        """The networks, which are saved in the end."""
        ...

    def __call__(self, image: Tensor, epoch: int, step: int) -> dict[str, Tensor]:
        """Train on a batch (B, 3, H, W) and return its losses as ``part/loss``, on the device."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that a resume needs."""
        ...

    def load_state_dict(self, state: Any) -> None:
        """Take back what ``state_dict`` gave."""
        ...


MakeStep = Callable[[Any, int, str], Step]
"""Makes the step of a recipe, with a seed, on a device. The seed alone fixes its weights."""


@training_setup()  # before the first threads start, which inherit it
def train(
    recipe: Budget,
    images: np.ndarray,
    seed: int,
    folder: Path,
    *,
    make_step: MakeStep = training_step,
    device: str = "auto",
    checkpoint_every: int = 100,
    checkpoint_seconds: float = 30,
    replace: bool = False,
    segment: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Any:
    """Train a model, or go on where an interrupted run stopped.

    Writes ``model.safetensors`` (the last weights) and ``losses.csv`` to the folder, and what a
    resume needs: ``state.ckpt`` and ``state_losses.csv``. On one device, a resumed run ends with
    the same bits as an uninterrupted one. A finished run is not trained again: its files are
    written from its last state.

    If the weights diverge, training stops. Those of the last look that found nothing wrong are
    saved (or the initial ones), and the state holds ``diverged_at``.

    Args:
        recipe: What to train, and how.
        images: (N, S, S, 3) uint8 RGB, S the recipe's image size; may be memory-mapped.
        seed: Fixes initialization, order, crops, noise and neighbor draws, each by itself.
        folder: Where the run's files go.
        make_step: Makes what the recipe trains: Zero-LEINR, or a baseline with its own step.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        checkpoint_every: Steps between two looks at the weights, whether they diverged.
        checkpoint_seconds: Time between two checkpoints, at least; each is made after such a look.
        replace: Start again if the folder holds a run of another recipe, seed or other images.
        segment: What the state records of this segment of the run, in its list ``segments``.
        progress: Called every few steps; its seconds are those of all segments of the run.

    Returns:
        The trained networks.

    Raises:
        InputError: The images are not what the recipe wants, the state in the folder belongs to
            another recipe, seed or other images, or another process trains in the folder.

    Examples:
        >>> import tempfile
        >>> from zero_leinr.recipe import Recipe
        >>> recipe = Recipe(denoiser=None, epochs=1, batch=2, image_size=32)
        >>> photos = np.random.default_rng(0).integers(0, 80, (4, 32, 32, 3), np.uint8)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model = train(recipe, photos, 0, Path(folder), device="cpu")
        ...     sorted(path.name for path in Path(folder).iterdir())
        ['losses.csv', 'model.safetensors', 'state.ckpt', 'state_losses.csv']
    """
    check_images(images, recipe)
    with locked(folder):
        device = choose_device(device)
        step = make_step(recipe, seed, device)
        state_file, log = folder / "state.ckpt", LossLog(folder / "state_losses.csv")
        pixels = hashlib.sha256(np.ravel(images).data).hexdigest()
        start = getattr(recipe, "start", None)
        trained = repr(recipe) + (f" from {start}" if start else "")
        identity = {"recipe": trained, "seed": seed, "images": pixels}
        total = recipe.epochs * steps_in_epoch(recipe, len(images))
        record = _resume(step, identity, state_file, replace)
        first: int = record["step"]
        todo: Iterable[tuple[int, int, Tensor]] = ()
        if first < total and "diverged_at" not in record:
            record["segments"] = [*record["segments"], {"from_step": first, **(segment or {})}]
            log.truncate(first)
            todo = batches(images, recipe, seed, first, device)
        now = flushed = time.monotonic()
        started, saved = now - record["seconds"], -math.inf
        sound = copy.deepcopy(step.state_dict())
        if progress:
            progress(first, total, {"seconds": record["seconds"]})

        for number, epoch, batch in todo:
            log.add(number, epoch, step(batch, epoch, number))
            done = number + 1
            looking = done % checkpoint_every == 0 or done == total
            now = time.monotonic()
            if looking or now - flushed >= FLUSH_SECONDS:
                values, flushed = log.flush(), now
                if progress:
                    progress(done, total, values | {"seconds": now - started})
            if not looking:
                continue
            if _are_finite(step.model):
                finished = datetime.now(UTC).isoformat(timespec="seconds")
                record |= {"step": done, "seconds": now - started, "finished": finished}
                sound = copy.deepcopy(step.state_dict())
            else:
                record["diverged_at"] = done
                step.load_state_dict(sound)
            if done == total or "diverged_at" in record or now - saved >= checkpoint_seconds:
                save_state(sound | identity | record, state_file)
                saved = now
            if "diverged_at" in record:
                break

        save_model(step.model, recipe, folder / "model.safetensors")
        with replacing(folder / "losses.csv") as temporary:
            shutil.copyfile(log.path, temporary)
        return step.model


def _are_finite(model: nn.Module) -> bool:
    """Tell whether no weight has diverged. NaN compares false, so it counts as diverged."""
    largest = torch.stack([weight.detach().abs().max() for weight in model.parameters()]).max()
    return bool(largest < LARGEST_WEIGHT)


def _resume(step: Step, identity: dict[str, Any], state_file: Path, replace: bool) -> Any:
    """Load the state of an earlier run, if there is one.

    Args:
        step: Takes the state.
        identity: What the state must have been trained with.
        state_file: Where the state is.
        replace: Start again instead of refusing another run.

    Returns:
        A dictionary of how far the run is: ``step``, the next one; ``seconds`` that the steps
        before it took; ``segments``, what is recorded of each; and, if the state has them,
        ``finished``, the time of the last checkpoint, and ``diverged_at``, a step.
    """
    record: dict[str, Any] = {"step": 0, "seconds": 0.0, "segments": []}
    if not state_file.exists():
        return record
    state = load_state(state_file)  # to the CPU; the step moves it to where it is needed
    if any(state.get(key) != value for key, value in identity.items()):
        if replace:
            return record
        raise InputError(
            f"{state_file}: belongs to another recipe or seed, or to other images; "
            "choose another folder, or start again here with --replace"
        )
    step.load_state_dict(state)
    recorded = (*record, "finished", "diverged_at")
    return record | {key: state[key] for key in recorded if key in state}
