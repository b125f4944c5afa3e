"""Enhances whole data sets: a method from the sheet or trained weights, one PNG an image."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from experiments.data.listing import Item
from experiments.data.weights import weights_file
from zero_leinr.allocator import return_freed_memory
from zero_leinr.errors import InputError
from zero_leinr.images import check_side, color_profile, image_size, read_image, write_image

#: Images that are written at a time; a GPU enhances faster than one thread compresses.
WRITERS = 4

Enhancer = Callable[[np.ndarray], np.ndarray]


def baseline(
    entry: Mapping[str, Any],
    dataset: str | None,
    device: str = "auto",
    weights: Path | None = None,
) -> Enhancer:
    """Build a baseline from its entry in ``methods.yaml``.

    Args:
        entry: The entry.
        dataset: Name of the data set to enhance, for settings that depend on it.
        device: Where its network runs; ignored by methods without one.
        weights: What was trained here; the official weights of the entry if None.

    Raises:
        InputError: Its weights are missing or wrong, or the device is not there.
    """
    from baselines.registry import build

    if weights is None and "weights" in entry:
        weights = weights_file(entry["weights"])
    return build(entry, weights=weights, device=device, dataset=dataset)


def trained(
    weights: Path,
    padding: str = "square",
    device: str = "auto",
    tile: int | None = None,
    precision: str = "float32",
) -> Enhancer:
    """Load weights that this project trained.

    Args:
        weights: A ``model.safetensors``.
        padding: ``square`` (official) or ``minimal``.
        device: Where the networks run.
        tile: Side of the tiles that an image goes through in; None: large images alone are tiled.
        precision: ``float32``, or a faster one of ``zero_leinr.inference.PRECISIONS``.

    Raises:
        InputError: The file is missing or not such weights; a padding, tile or precision that
            cannot be.
    """
    from zero_leinr.checkpoint import load_model
    from zero_leinr.device import choose_device, warn_where_slow
    from zero_leinr.inference import check_options, enhance

    device = choose_device(device)
    check_options(padding, tile, precision, device.split(":")[0])
    warn_where_slow(precision, device)
    model = load_model(weights, device)
    return lambda image: enhance(model, image, padding, tile, precision)


def adjusted(enhancer: Enhancer, strength: float = 1.0, exposure: float | None = None) -> Enhancer:
    """Add to a method what users steer: how strong the effect is, and how bright the result.

    Args:
        enhancer: The method.
        strength: From 0, the input, to 1, all of the effect.
        exposure: Mean brightness of the result, in (0, 1); None leaves it.
    """
    from zero_leinr.adjust import blend, set_exposure

    if strength == 1 and exposure is None:
        return enhancer

    def adjust(image: np.ndarray) -> np.ndarray:
        result = blend(image, enhancer(image), strength)
        return result if exposure is None else set_exposure(result, exposure)

    return adjust


def enhance_items(enhancer: Enhancer, items: Sequence[Item], folder: Path) -> None:
    """Enhance every image of a listing into ``folder``, as ``<name>.png``.

    All files are looked at before the first one is enhanced. Images are written beside the next
    one's enhancement. One that turns out broken does not stop the others.

    Raises:
        InputError: An image cannot be read, two have one name, or what is written would take the
            place of an image.
    """
    from tqdm import tqdm

    _check_items(items, folder)
    before = None
    broken = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writing: deque[Future[None]] = deque()
        for item in tqdm(items, desc="enhance", unit="image", disable=None):
            try:
                image, profile = read_image(item.low), color_profile(item.low)
            except InputError as error:
                broken.append(error)
                continue
            if image.shape != before:
                return_freed_memory()
            before = image.shape
            if len(writing) == WRITERS:  # no more images wait in memory than can be written at once
                writing.popleft().result()
            target = folder / f"{item.name}.png"
            writing.append(pool.submit(write_image, target, enhancer(image), profile))
        for written in writing:
            written.result()
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise InputError(f"{broken[0]}{more}; the other images are enhanced")


def _check_items(items: Sequence[Item], folder: Path) -> None:
    """Look at every image, as far as that is fast."""
    for name, times in Counter(item.name for item in items).items():
        if times > 1:
            raise InputError(f"{name}: several images have this name; rename all but one")
    originals = {Path(item.low).resolve() for item in items}
    for item in items:
        check_side(item.low, *image_size(item.low))
        if (folder / f"{item.name}.png").resolve() in originals:
            raise InputError(
                f"{folder / item.name}.png: this image would be overwritten; choose another --out"
            )
