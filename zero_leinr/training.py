"""The training loop, and nothing else."""

import csv
import hashlib
import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from zero_leinr.atomic_write import replacing
from zero_leinr.checkpoint import load_state, save_model, save_state
from zero_leinr.device import choose_device, flush_to_zero
from zero_leinr.errors import InputError
from zero_leinr.recipe import Budget
from zero_leinr.rng import stream
from zero_leinr.training_step import training_step

Progress = Callable[[int, int, dict[str, float]], None]
"""Called with the steps done, the steps in all, and the latest losses with ``seconds`` so far."""

FLUSH_EVERY = 10
"""Steps between two looks at the losses: reading them makes the device wait."""

LARGEST_WEIGHT = 1e6
"""Weights beyond this have diverged; those of a network that works stay some orders below it."""


class Step(Protocol):
    """What the loop drives: networks with their optimizers, trained once by each call."""

    @property
    def model(self) -> nn.Module:
        """What is saved in the end."""
        ...

    def __call__(self, image: Tensor, epoch: int, step: int) -> dict[str, Tensor]:
        """Trains on a batch (B, 3, H, W); returns its losses as ``part/loss``, not read yet."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that a resume needs."""
        ...

    def load_state_dict(self, state: Any) -> None:
        """Takes back what :meth:`state_dict` gave."""
        ...


MakeStep = Callable[[Any, int, str], Step]
"""Makes the step of a recipe, with a seed, on a device. The seed alone fixes its weights."""


@flush_to_zero()  # before the first threads start, which inherit it
def train(
    recipe: Budget,
    images: np.ndarray,
    seed: int,
    folder: Path,
    *,
    make_step: MakeStep = training_step,
    device: str = "auto",
    checkpoint_every: int = 100,
    replace: bool = False,
    piece: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Any:
    """Trains a model; goes on where an interrupted run stopped.

    Leaves ``model.safetensors`` (the last weights) and ``losses.csv`` in the folder, and what a
    resume needs: ``state.ckpt`` and ``state_losses.csv``. On one device a resumed run ends with
    the same bits as an uninterrupted one. A finished run is not trained again: its files are
    written from its last state.

    Where the weights diverge, training stops, and those of the last checkpoint (or the first, if
    there is none yet) are saved; the state then says ``diverged_at``.

    Args:
        recipe: What to train, and how.
        images: (N, S, S, 3) uint8 RGB, S the recipe's image size; may be memory-mapped.
        seed: Fixes initialization, order, crops, noise and neighbor draws, each by itself.
        folder: Where the run's files go.
        make_step: Makes what the recipe trains: Zero-LEINR, or a baseline with its own step.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        checkpoint_every: Steps between two checkpoints.
        replace: Start anew where the folder holds a run of another recipe, seed or other images.
        piece: What the state shall say of this piece of the run, under ``pieces``.
        progress: Told about every few steps; its seconds are those of all pieces of the run.

    Returns:
        The trained networks.

    Raises:
        InputError: The images are not what the recipe wants, or the state in the folder belongs
            to another recipe, seed or other images.
    """
    check_images(images, recipe)
    device = choose_device(device)
    # Otherwise cuDNN may take algorithms that add in any order, and no run has the same bits twice.
    torch.backends.cudnn.deterministic = True
    train_on = make_step(recipe, seed, device)
    state_file, log = folder / "state.ckpt", LossLog(folder / "state_losses.csv")
    seen = hashlib.sha256(np.ravel(images).data).hexdigest()
    identity = {"recipe": repr(recipe), "seed": seed, "images": seen}
    total = recipe.epochs * steps_in_epoch(recipe, len(images))
    so_far = _resume(train_on, identity, state_file, replace)
    first: int = so_far["step"]
    todo: Iterator[tuple[int, int, Tensor]] = iter(())
    if first < total and "diverged_at" not in so_far:
        so_far["pieces"] = [*so_far["pieces"], {"from_step": first, **(piece or {})}]
        log.truncate(first)
        todo = batches(images, recipe, seed, first, device)
    started = time.monotonic() - so_far["seconds"]
    if progress:
        progress(first, total, {"seconds": so_far["seconds"]})

    for step, epoch, batch in todo:
        log.add(step, epoch, train_on(batch, epoch, step))
        done = step + 1
        saving = done % checkpoint_every == 0 or done == total
        if saving or done % FLUSH_EVERY == 0:
            values = log.flush()
            if progress:
                progress(done, total, values | {"seconds": time.monotonic() - started})
        if saving:
            if diverged := not _are_finite(train_on.model):
                so_far["diverged_at"] = done
                if so_far["step"]:
                    train_on.load_state_dict(load_state(state_file))
                else:
                    train_on = make_step(recipe, seed, device)
            else:
                now = datetime.now(UTC).isoformat(timespec="seconds")
                so_far |= {"step": done, "seconds": time.monotonic() - started, "finished": now}
            save_state(train_on.state_dict() | identity | so_far, state_file)
            if diverged:
                break
    save_model(train_on.model, recipe, folder / "model.safetensors")
    with replacing(folder / "losses.csv") as temporary:
        shutil.copyfile(log.path, temporary)
    return train_on.model


def _are_finite(model: nn.Module) -> bool:
    """Whether no weight has diverged. Asked this way round, since nothing compares with NaN."""
    return all(bool((weight.abs() < LARGEST_WEIGHT).all()) for weight in model.parameters())


def check_images(images: np.ndarray, recipe: Budget) -> None:
    """Checks the training images against the recipe.

    Raises:
        InputError: Wrong type or shape, or no image at all.
    """
    side = recipe.image_size
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (side, side, 3):
        raise InputError(
            f"training images: expected uint8 (N, {side}, {side}, 3), "
            f"got {images.dtype} {images.shape}; prepare them with the recipe's image_size"
        )
    if not len(images):
        raise InputError("training images: there are none")


def steps_in_epoch(recipe: Budget, count: int) -> int:
    """Steps of one epoch over ``count`` images; the last, incomplete batch is kept."""
    return min(math.ceil(count / recipe.batch), recipe.steps_per_epoch or count)


def batches(
    images: np.ndarray, recipe: Budget, seed: int, first: int, device: str
) -> Iterator[tuple[int, int, Tensor]]:
    """Yields step, epoch and batch (B, 3, S, S) in [0, 1], from step ``first`` to the end.

    Every epoch is shuffled anew. With ``crop`` set, each image shows a random window. Both are
    drawn on the processor once an epoch, so that all devices see the same pixels.
    """
    per_epoch = steps_in_epoch(recipe, len(images))
    pixels = resident(images, device)
    for epoch in range(first // per_epoch, recipe.epochs):
        order = torch.randperm(len(images), generator=stream(seed, "order", epoch))
        chunks = order[: per_epoch * recipe.batch].split(recipe.batch)
        start = epoch * per_epoch
        corners = _corners([len(chunk) for chunk in chunks], recipe, seed, start)
        places = [torch.cat(chunks), *corners]
        per_step = zip(*(p.to(pixels.device).split(recipe.batch) for p in places), strict=True)
        for step, place in enumerate(per_step, start):
            if step < first:
                continue
            window = _windows(pixels, recipe.crop, *place)
            # Not MPS: some versions of it read a source that is freed by then.
            window = window.to(device, non_blocking=device.startswith("cuda"))
            # Stored as (H, W, 3), so this permuted view already is channels-last.
            yield step, epoch, window.permute(0, 3, 1, 2).float() / 255


def resident(images: np.ndarray, device: str) -> Tensor:
    """The images as they are, on the GPU if half of its free memory holds them, else here.

    Args:
        images: (N, S, S, 3) uint8; memory-mapped ones stay so where they are not uploaded.
        device: Where training takes place.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        pixels = torch.from_numpy(images)  # only ever read
    if device.startswith("cuda") and pixels.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return pixels.to(device)
    return pixels


def _corners(sizes: list[int], recipe: Budget, seed: int, start: int) -> list[Tensor]:
    """Top and left of every window of an epoch, (N,) each, for batches of these sizes.

    None without a crop. ``start`` is the epoch's first step: each step has a stream of its own.
    """
    if recipe.crop is None:
        return []
    room = recipe.image_size - recipe.crop + 1
    drawn = [
        torch.randint(room, (size, 2), generator=stream(seed, "crop", step))
        for step, size in enumerate(sizes, start)
    ]
    return list(torch.cat(drawn).unbind(1))


def _windows(pixels: Tensor, crop: int | None, chunk: Tensor, *corners: Tensor) -> Tensor:
    """Images number ``chunk`` of (N, S, S, 3), or a window of each: (B, crop, crop, 3)."""
    if crop is None:
        return pixels[chunk]
    top, left = corners
    side = torch.arange(crop, device=pixels.device)
    rows, columns = top[:, None] + side, left[:, None] + side
    return pixels[chunk[:, None, None], rows[:, :, None], columns[:, None, :]]


def _resume(
    train_on: Step, identity: dict[str, Any], state_file: Path, replace: bool
) -> dict[str, Any]:
    """Loads the state of an earlier run, if there is one.

    Args:
        train_on: Takes the state.
        identity: What the state must have been trained with.
        state_file: Where the state is.
        replace: Start anew in place of another run.

    Returns:
        How far the run is: ``step``, the next one; ``seconds`` that the steps before it took, and
        ``pieces``, what is recorded of each piece; ``finished``, the time of the last checkpoint,
        and ``diverged_at``, if there are such.
    """
    so_far: dict[str, Any] = {"step": 0, "seconds": 0.0, "pieces": []}
    if not state_file.exists():
        return so_far
    state = load_state(state_file)  # the step moves it to where it is needed
    if any(state.get(key) != value for key, value in identity.items()):
        if replace:
            return so_far
        raise InputError(
            f"{state_file}: belongs to another recipe or seed, or to other images; "
            "choose another folder, or say --replace to start anew here"
        )
    train_on.load_state_dict(state)
    told = (*so_far, "finished", "diverged_at")
    return so_far | {key: state[key] for key in told if key in state}


class LossLog:
    """A CSV of losses: step, epoch and one column a loss; kept on the device until flushed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending: list[tuple[int, int, dict[str, Tensor]]] = []

    def truncate(self, first: int) -> None:
        """Drops the rows from step ``first`` on, which an interrupted run wrote ahead."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists() or first == 0:
            self.path.unlink(missing_ok=True)
            return
        header, *rows = self.path.read_text().splitlines()
        kept = [row for row in rows if int(row.split(",")[0]) < first]
        with replacing(self.path) as temporary:
            temporary.write_text("\n".join([header, *kept]) + "\n")

    def add(self, step: int, epoch: int, values: dict[str, Tensor]) -> None:
        """Remembers the losses of a step without reading them."""
        self.pending.append((step, epoch, values))

    def flush(self) -> dict[str, float]:
        """Appends what is pending to the file and returns the losses of the latest step.

        A loss that overflowed in a step (see ``TrainingStep``) is an empty cell.
        """
        names = list(self.pending[0][2])
        values = [torch.stack(list(values.values())) for *_, values in self.pending]
        rows = torch.stack(values).tolist()
        new = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if new:
                writer.writerow(["step", "epoch", *names])
            for (step, epoch, _), row in zip(self.pending, rows, strict=True):
                cells = [f"{value:.6g}" if math.isfinite(value) else "" for value in row]
                writer.writerow([step, epoch, *cells])
        self.pending.clear()
        return dict(zip(names, rows[-1], strict=True))
