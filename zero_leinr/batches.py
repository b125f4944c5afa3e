"""The batches that a training sees: shuffled, cropped, and put on the device."""

import math
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from zero_leinr.errors import InputError
from zero_leinr.recipe import Budget
from zero_leinr.rng import stream


def check_images(images: np.ndarray, recipe: Budget) -> None:
    """Check the training images against the recipe.

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
    """Return the steps of one epoch over ``count`` images; the last, smaller batch is kept."""
    return min(math.ceil(count / recipe.batch), recipe.steps_per_epoch or count)


def batches(
    images: np.ndarray, recipe: Budget, seed: int, first: int, device: str
) -> Iterator[tuple[int, int, Tensor]]:
    """Yield a training's batches.

    Every epoch has its own order. With ``crop`` set, each image shows a random window. Both are
    drawn on the CPU, once an epoch, so that all devices see the same pixels.

    Args:
        images: (N, S, S, 3) uint8 RGB.
        recipe: Epochs, batch and crop.
        seed: The run's seed.
        first: The step to begin with, counted from 0.
        device: Where to.

    Yields:
        Step, epoch and batch: (B, 3, S, S) float32 in [0, 1], or (B, 3, crop, crop).
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
            # Not on MPS: some of its versions read the source after it has been freed.
            window = window.to(device, non_blocking=device.startswith("cuda"))
            # Stored as (H, W, 3), so this permuted view is channels-last already.
            yield step, epoch, window.permute(0, 3, 1, 2).float() / 255


def resident(images: np.ndarray, device: str) -> Tensor:
    """Put the images on the GPU if they fit into half of its free memory; else leave them here.

    Args:
        images: (N, S, S, 3) uint8; may be memory-mapped, and then stays so on the CPU.
        device: Where the training runs.

    Returns:
        The images, (N, S, S, 3) uint8.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        pixels = torch.from_numpy(images)  # only ever read
    if device.startswith("cuda") and pixels.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return pixels.to(device)
    return pixels


def _corners(sizes: list[int], recipe: Budget, seed: int, start: int) -> list[Tensor]:
    """Draw the top and left of every window of an epoch, (N,) each; without a crop, nothing.

    Args:
        sizes: Of the batches.
        recipe: Has the crop.
        seed: The run's seed.
        start: The epoch's first step. Each step has its own stream.
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
    """Take the images with the numbers ``chunk``, or a window of each: (B, crop, crop, 3)."""
    if crop is None:
        return pixels[chunk]
    top, left = corners
    side = torch.arange(crop, device=pixels.device)
    rows, columns = top[:, None] + side, left[:, None] + side
    return pixels[chunk[:, None, None], rows[:, :, None], columns[:, None, :]]
