"""Enhances images: a method from the sheet or trained weights, over data sets or photos."""

import sys
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from experiments.data.listing import Item
from experiments.data.weights import weights_file
from experiments.progress import progress_bar
from zero_leinr.allocator import return_freed_memory
from zero_leinr.errors import InputError
from zero_leinr.images import check_side, color_profile, image_size, read_image, write_image

if TYPE_CHECKING:
    from zero_leinr.model import ZeroLEINR

#: Images that are written at a time; a GPU enhances faster than one thread compresses.
WRITERS = 4

LARGE = 2_000_000
"""Pixels of an image from which on a trial of bfloat16 pays."""

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
    done: Callable[[int], None] | None = None,
) -> Enhancer:
    """Load weights of Zero-LEINR.

    Args:
        weights: A ``model.safetensors``, or another checkpoint of it.
        padding: ``square`` (official) or ``minimal``.
        device: Where the networks run.
        tile: Side of the tiles that an image goes through in; None: large images alone are tiled.
        precision: ``float32``, a faster one of ``zero_leinr.inference.PRECISIONS``, or ``auto``:
            bfloat16 for large 8-bit images on a CPU where a trial finds it faster.
        done: Called after each tile of an image with the number of its pixels.

    Raises:
        InputError: The file is missing or not such weights; a padding, tile or precision that
            cannot be.
    """
    from zero_leinr.checkpoint import load_model
    from zero_leinr.device import choose_device, warn_where_slow
    from zero_leinr.inference import check_options, enhance

    device = choose_device(device)
    fixed = "float32" if precision == "auto" else precision
    check_options(padding, tile, fixed, device.split(":")[0])
    warn_where_slow(fixed, device)
    model = load_model(weights, device)

    trials: list[str] = []  # one for all images

    def method(image: np.ndarray) -> np.ndarray:
        large = image.dtype == np.uint8 and image.shape[0] * image.shape[1] >= LARGE
        if precision == "auto" and device == "cpu" and large:
            trials[:] = trials or [_tried(model, image)]
            return enhance(model, image, padding, tile, trials[0], done)
        return enhance(model, image, padding, tile, fixed, done)

    return method


def _tried(model: "ZeroLEINR", image: np.ndarray) -> str:
    """Return the precision that a trial recommends, and say what it does to the image."""
    from zero_leinr.device import has_bfloat16
    from zero_leinr.precision_trial import try_bfloat16

    if not has_bfloat16():
        return "float32"
    trial = try_bfloat16(model, image)
    if trial.precision == "bfloat16":
        print(f"{trial} (--precision float32 turns it off)", file=sys.stderr)
    return trial.precision


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


def enhance_items(
    enhancer: Enhancer,
    items: Sequence[Item],
    folder: Path,
    files: "Files | None" = None,
    bar: "PixelBar | None" = None,
) -> None:
    """Enhance every image of a listing into ``folder``, as ``<name>.png``.

    All files are looked at before the first one is enhanced. Images are written beside the next
    one's enhancement. One that turns out broken does not stop the others.

    Args:
        enhancer: The method.
        items: The images.
        folder: Where the results go.
        files: How images are read and written; as those of a study if None.
        bar: The progress bar, if the method moves it within an image, too.

    Raises:
        InputError: An image cannot be read, two have one name, or what is written would take the
            place of an image.
    """
    files, bar = files or StudyFiles(), bar or PixelBar()
    bar.start(check_items(items, folder, files))
    before = None
    broken = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writing: deque[Future[None]] = deque()
        for item in items:
            try:
                image, about = files.read(item.low)
            except InputError as error:
                broken.append(error)
                continue
            if image.shape != before:
                return_freed_memory()
            before = image.shape
            if len(writing) == WRITERS:  # no more images wait in memory than can be written at once
                writing.popleft().result()
            made = enhancer(image)
            writing.append(pool.submit(files.write, folder, item.name, image, made, about))
            bar.image(image.shape[0] * image.shape[1])
        for written in writing:
            written.result()
    bar.close()
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise InputError(f"{broken[0]}{more}; the other images are enhanced")


def check_items(items: Sequence[Item], folder: Path, files: "Files | None" = None) -> int:
    """Look at every image, as far as that is fast, and return how many pixels they have.

    Raises:
        InputError: An image is missing, no image or too small, two have one name, or what is
            written would take the place of an image.
    """
    files = files or StudyFiles()
    for name, times in Counter(item.name for item in items).items():
        if times > 1:
            raise InputError(f"{name}: several images have this name; rename all but one")
    originals = {Path(item.low).resolve() for item in items}
    pixels = 0
    for item in items:
        width, height = image_size(item.low)
        check_side(item.low, width, height)
        pixels += width * height
        for path in files.paths(folder, item.name):
            if path.resolve() in originals:
                raise InputError(f"{path}: this image would be overwritten; choose another --out")
    return pixels


def references(method: str, items: Sequence[Item]) -> list[Item]:
    """Return the references of images in their place, for a positive control.

    Raises:
        InputError: An image has none.
    """
    made = [Item(item.name, item.high, item.high) for item in items if item.high]
    if len(made) < len(items):
        raise InputError(f"method {method} is made of references; give --listings of image pairs")
    return made


class Files(Protocol):
    """How images are read and written."""

    def read(self, path: str) -> tuple[np.ndarray, Any]:
        """Return an image, and what its result is written with."""
        ...

    def write(
        self, folder: Path, name: str, image: np.ndarray, made: np.ndarray, about: Any
    ) -> None:
        """Write a result."""
        ...

    def paths(self, folder: Path, name: str) -> list[Path]:
        """Return the files that are written for an image, the result first."""
        ...


class StudyFiles:
    """The images of a study: 8-bit RGB, written as PNG."""

    def read(self, path: str) -> tuple[np.ndarray, Any]:
        """Return an image and its color profile."""
        return read_image(path), color_profile(path)

    def write(
        self, folder: Path, name: str, image: np.ndarray, made: np.ndarray, about: Any
    ) -> None:
        """Write a result as PNG."""
        write_image(folder / f"{name}.png", made, about)

    def paths(self, folder: Path, name: str) -> list[Path]:
        """Return the one file of an image."""
        return [folder / f"{name}.png"]


class PixelBar:
    """A progress bar over the pixels of all images, which moves within an image, too."""

    def start(self, pixels: int) -> None:
        """Show the bar."""
        self.bar = progress_bar("enhance", "px", pixels, scaled=True)
        self.finished = 0

    def tile(self, pixels: int) -> None:
        """Move on by a tile."""
        self.bar.update(pixels)

    def image(self, pixels: int) -> None:
        """Move on to the end of an image, whatever its tiles made of it."""
        self.finished += pixels
        self.bar.update(self.finished - self.bar.n)

    def close(self) -> None:
        """Leave the bar as it is."""
        self.bar.close()
