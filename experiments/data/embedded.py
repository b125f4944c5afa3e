"""Embedded data: low-light images made at run time, so that a study runs without a download.

**Camera model.** A clean 8-bit image is darkened as a camera with too little light would record it,
in linear light, channel by channel:

    x = srgb_to_linear(clean)                         scene light, white = 1
    y = 2**-stops * gain * x                          exposure and color cast
    z = Poisson(photons * y) / photons + read * N(0, 1)   shot noise and read noise
    low = round8(linear_to_srgb(clip(z, 0, 1)))       tone curve and 8 bits

`stops` of missing light, the `gain` of each channel, `photons` counted at white and the `read`
noise are drawn for each image and kept in `parameters.json`: the truth against which a claim
(restored brightness, color, noise) can be measured. The Poisson-Gaussian noise follows Foi et al.,
"Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data", IEEE TIP 2008.
Not modelled: demosaicing, compression, blur, hot pixels.

**Test set** (`embedded/test/{low,high}`): 8 pairs of 320x240 from the photographs that are shipped
inside scikit-image. **Training set** (`embedded/train/low`): 64 procedurally drawn dead-leaves
scenes of 128x128. Overlapping leaves with radii distributed as r^-3 occlude each other, which gives
the edges, the scale invariance and the falling spectrum of natural images (Lee, Mumford and Huang,
"Occlusion models for natural images", IJCV 2001). No photograph is in the training set.

Everything follows from one seed; a finished folder is never half there and always the same.
"""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zero_leinr.errors import InputError
from zero_leinr.images import read_image, write_image

SEED = 2023
VERSION = 1
"""Of the sets as they are made here; raise it where their pixels change."""

#: Photograph in scikit-image, and the box (left, top, right, bottom) that becomes one test image.
PHOTOGRAPHS: dict[str, tuple[str, tuple[int, int, int, int]]] = {
    "astronaut": ("astronaut.png", (0, 0, 512, 384)),
    "astronaut_suit": ("astronaut.png", (150, 260, 486, 512)),
    "chelsea": ("chelsea.png", (51, 0, 451, 300)),
    "coffee": ("coffee.png", (33, 0, 566, 400)),
    "coffee_cup": ("coffee.png", (150, 60, 470, 300)),
    "motorcycle": ("motorcycle_left.png", (37, 0, 704, 500)),
    "motorcycle_wheel": ("motorcycle_left.png", (40, 170, 440, 470)),
    "rocket": ("rocket.jpg", (36, 0, 604, 426)),
}
TEST_SIZE = (320, 240)  # sides over 192 px, below which NIQE means nothing

TRAIN_COUNT = 64
TRAIN_SIDE = 128

Parameters = dict[str, Any]
#: One image of a set: stem, what goes to disk as {"low": array, "high": array}, its parameters.
Made = tuple[str, dict[str, np.ndarray], Parameters]


def srgb_to_linear(image: np.ndarray) -> np.ndarray:
    """Decode sRGB values in [0, 1] to linear light in [0, 1] (IEC 61966-2-1)."""
    return np.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(light: np.ndarray) -> np.ndarray:
    """Encode linear light in [0, 1] as sRGB values in [0, 1] (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def draw_camera(rng: np.random.Generator) -> Parameters:
    """Draw the camera of one image.

    Returns:
        `stops` (3.5 to 5.5 stops too dark), `gain` (red, green, blue; from tungsten-warm to cool),
        `photons` at white (800 to 3000: the shot noise of a high ISO value) and `read`
        (standard deviation in units of white).
    """
    warmth = rng.uniform(-0.15, 0.3)
    return {
        "stops": float(rng.uniform(3.5, 5.5)),
        "gain": [float(np.exp(warmth)), 1.0, float(np.exp(-warmth))],
        "photons": float(rng.uniform(800.0, 3000.0)),
        "read": float(rng.uniform(0.0005, 0.0015)),
    }


def darken(clean: np.ndarray, camera: Parameters, rng: np.random.Generator) -> np.ndarray:
    """Record a clean image with too little light; the model stands at the top of this file.

    Args:
        clean: uint8 (H, W, 3), RGB.
        camera: as `draw_camera` gives it.
        rng: source of the noise.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    # float64: one last bit of difference between machines then never reaches the 8-bit result.
    light = srgb_to_linear(np.arange(256) / 255.0)[clean]
    light = light * 2.0 ** -camera["stops"] * np.asarray(camera["gain"])
    sensed = rng.poisson(camera["photons"] * light) / camera["photons"]
    sensed = sensed + camera["read"] * rng.standard_normal(light.shape)
    return to_8_bit(linear_to_srgb(np.clip(sensed, 0.0, 1.0)))


def to_8_bit(image: np.ndarray) -> np.ndarray:
    """Round values in [0, 1] to uint8."""
    return np.floor(np.clip(image, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def photograph_pairs() -> Iterator[Made]:
    """Yield the paired test images, the same at every call.

    Raises:
        InputError: this scikit-image does not ship the photographs.
    """
    for index, (stem, (file, box)) in enumerate(PHOTOGRAPHS.items()):
        rng = np.random.default_rng([SEED, 0, index])
        photograph = Image.fromarray(read_image(_shipped(file)))
        high = np.array(photograph.resize(TEST_SIZE, Image.Resampling.LANCZOS, box=box))
        camera = draw_camera(rng)
        low = darken(high, camera, rng)
        yield stem, {"low": low, "high": high}, {"photograph": file, "box": list(box), **camera}


def leaf_scenes() -> Iterator[Made]:
    """Yield the training images, the same at every call; they have no reference on disk."""
    for index in range(TRAIN_COUNT):
        rng = np.random.default_rng([SEED, 1, index])
        scene = dead_leaves(TRAIN_SIDE, rng)
        camera = draw_camera(rng)
        yield f"leaves{index + 1}", {"low": darken(scene, camera, rng)}, camera


def dead_leaves(side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a dead-leaves scene of discs and squares under uneven light.

    Each leaf has a muted color, a shading across it and a piece of 1/f texture. Drawn at twice the
    size and averaged, so that edges are soft.

    Args:
        side: height and width in pixels.
        rng: source of everything drawn.

    Returns:
        uint8 (side, side, 3), RGB.
    """
    size = 2 * side
    axis = np.arange(size, dtype=np.float64)
    texture = _one_over_f(size, rng)
    canvas = _muted_color(rng) * (1.0 + 0.2 * texture[..., None])
    for radius in _power_law_radii(300, 8.0, 0.6 * size, rng):
        cx, cy = rng.uniform(-0.1 * size, 1.1 * size, 2)
        rows = slice(max(0, int(cy - radius)), max(0, min(size, int(cy + radius) + 2)))
        columns = slice(max(0, int(cx - radius)), max(0, min(size, int(cx + radius) + 2)))
        dx, dy = (axis[None, columns] - cx) / radius, (axis[rows, None] - cy) / radius
        angle = rng.uniform(0.0, 2.0 * np.pi)
        u, v = np.cos(angle) * dx + np.sin(angle) * dy, np.cos(angle) * dy - np.sin(angle) * dx
        square = rng.random() < 0.4
        inside = np.maximum(abs(u), abs(v)) <= 0.7 if square else u * u + v * v <= 1.0
        turned = texture if rng.random() < 0.5 else texture.T
        shading = 1.0 + rng.uniform(0.0, 0.4) * u[inside]
        shading *= 1.0 + rng.uniform(0.0, 0.25) * turned[rows, columns][inside]
        canvas[rows, columns][inside] = shading[:, None] * _muted_color(rng)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    across = axis / size - 0.5
    slope = np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None]
    canvas *= 1.0 + rng.uniform(0.0, 0.8) * slope[..., None]
    return to_8_bit(canvas.reshape(side, 2, side, 2, 3).mean(axis=(1, 3)))


def _power_law_radii(
    count: int, smallest: float, largest: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw radii with density r^-3 between two bounds (inverse of the distribution function)."""
    u = rng.uniform(size=count)
    return (smallest**-2 - u * (smallest**-2 - largest**-2)) ** -0.5


def _one_over_f(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a periodic (size, size) field with a 1/f amplitude spectrum, mean 0, deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :])
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) / frequency)
    return field / field.std()


def _muted_color(rng: np.random.Generator) -> np.ndarray:
    """Draw an RGB color in [0, 1]: any brightness; yellow-blue varies most, as in nature."""
    brightness = rng.beta(1.6, 1.8)
    warm, green = rng.normal(0.12, 0.3), rng.normal(0.0, 0.12)
    tint = warm * np.array([1.0, 0.1, -1.0]) + green * np.array([-1.0, 1.0, -0.5])
    return np.clip(brightness * (1.0 + tint), 0.0, 1.0)


#: What each embedded set is made of: its sub-folder and its images.
SETS: dict[str, Callable[[], Iterator[Made]]] = {"test": photograph_pairs, "train": leaf_scenes}


def make_embedded(folder: Path, name: str) -> None:
    """Make one embedded set, unless it is there already, whole and unchanged.

    The set is written beside its place and moved there in one step; two processes may do so at the
    same time. `parameters.json` carries the truth of each image and the sha256 of each file.

    Args:
        folder: the embedded folder; the set goes to `folder/name`.
        name: `test` or `train`.

    Raises:
        InputError: the folder cannot be written.
    """
    target = folder / name
    if is_whole(target):
        return
    made = folder / f".{name}.{secrets.token_hex(8)}"  # in two containers, pids can be the same
    try:
        _write_set(made / "new", SETS[name]())
        if target.exists():  # changed or half deleted by someone: made again
            target.rename(made / "old")
        (made / "new").rename(target)
    except OSError as error:
        if not is_whole(target):  # else another process was first
            reason = error.strerror or error
            raise InputError(f"{target}: cannot be written ({reason})") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def is_whole(target: Path) -> bool:
    """Tell whether a set is there with every file as it was written by this version."""
    try:
        record = json.loads((target / "parameters.json").read_text())
        return record["version"] == VERSION and all(
            _sha256(target / file) == expected for file, expected in record["sha256"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def _write_set(folder: Path, made: Iterator[Made]) -> None:
    record: dict[str, Any] = {"seed": SEED, "version": VERSION, "images": {}, "sha256": {}}
    for stem, arrays, parameters in made:
        record["images"][stem] = parameters
        for kind, array in arrays.items():
            file = f"{kind}/{stem}.png"
            write_image(folder / file, array)
            record["sha256"][file] = _sha256(folder / file)
    (folder / "parameters.json").write_text(json.dumps(record, indent=1) + "\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _shipped(file: str) -> Path:
    """Path of a photograph inside the installed scikit-image; never a download."""
    import skimage

    path = Path(skimage.__file__).parent / "data" / file
    if not path.is_file():
        raise InputError(f"{path}: this scikit-image does not ship the photograph; reinstall it")
    return path
