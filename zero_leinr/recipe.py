"""A recipe: all that a training's result depends on, except its images and its seed.

Variants are data: the full method is ``Recipe()``, an ablation a few overrides of it. Nothing here
needs torch, so the recipes of a whole study are checked in milliseconds.
"""

import contextlib
import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from zero_leinr.errors import InputError, hint

BRANCH_LOSSES = ("smoothness", "spatial", "exposure", "constancy", "angle")
DENOISER_LOSSES = ("reconstruction", "regularization")
NUMBERS = ("exposure_level", "lr", "weight_decay", "clip", "denoiser_lr", "ramp")
ABOVE_ZERO = ("lr", "clip", "denoiser_lr")
PRECISIONS = ("float32", "bfloat16")
SIDE_MULTIPLE = {"branches": 16, "denoiser": 64}
"""Training sides are multiples of 16, the exposure loss's regions, and with ENRB of 64: it sees
sub-images of half the side, and its U-Net halves them five times more."""
NOISE = re.compile(r"(poisson|gauss|mix)(\d+(?:\.\d+)?)(?:_(\d+(?:\.\d+)?))?")


class Budget(Protocol):
    """The part of a recipe that does not depend on the method: batches and number of steps.

    ``Recipe`` describes the five settings.
    """

    @property
    def epochs(self) -> int: ...  # noqa: D102
    @property
    def steps_per_epoch(self) -> int | None: ...  # noqa: D102
    @property
    def batch(self) -> int: ...  # noqa: D102
    @property
    def image_size(self) -> int: ...  # noqa: D102
    @property
    def crop(self) -> int | None: ...  # noqa: D102
    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain values, for JSON."""
        ...


BUDGET = ("epochs", "steps_per_epoch", "batch", "image_size", "crop")


def _weights(**losses: float) -> Any:
    return dataclasses.field(default_factory=lambda: dict(losses))


@dataclass(frozen=True)
class Recipe:
    """Settings of one training; the defaults are those of the official code.

    Attributes:
        light: Loss weights of the light branch by name. A weight of 0 leaves the loss out; None
            leaves the branch out.
        color: The same for the color branch.
        denoiser: The same for ENRB.
        exposure_level: Target of the exposure loss, mean gray in [0, 1].
        noise: Training noise, see ``parse_noise``.
        epochs: Passes over the training images.
        steps_per_epoch: Ends every epoch after this many steps; None takes the whole pass.
        batch: Images in a step.
        image_size: Side of the resized training images, in pixels.
        crop: Side of the random window that a step sees of each image; None shows the whole image.
        lr: Adam's learning rate of the branches.
        weight_decay: L2 in Adam, of the branches only.
        clip: Largest gradient norm of a branch.
        denoiser_lr: Adam's learning rate of ENRB.
        denoiser_halvings: When ``denoiser_lr`` halves, in percent of the epochs.
        ramp: Slope of the regularization's weight: ``ramp * epoch / epochs``, epochs from 0.
        precision: ``float32``, or ``bfloat16`` for autocast in the networks.
        start: Weights that training goes on from: ``released``, or the path of a checkpoint; None
            draws them.
    """

    light: dict[str, float] | None = _weights(smoothness=200, spatial=1, exposure=10, constancy=5)
    color: dict[str, float] | None = _weights(smoothness=200, spatial=1, exposure=10, angle=0.5)
    denoiser: dict[str, float] | None = _weights(reconstruction=1, regularization=1)
    exposure_level: float = 0.6
    noise: str = "poisson5_50"
    epochs: int = 100
    steps_per_epoch: int | None = None
    batch: int = 16
    image_size: int = 256
    crop: int | None = None
    lr: float = 6e-4
    weight_decay: float = 1e-5
    clip: float = 0.1
    denoiser_lr: float = 1e-4
    denoiser_halvings: list[int] = dataclasses.field(default_factory=lambda: [20, 40, 60, 80])
    ramp: float = 2.0
    precision: str = "float32"
    # Not in the repr, which states of earlier versions are known by; see `training.train`.
    start: str | None = dataclasses.field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Check the values, so that a mistake is found before the work starts."""
        if self.light is None and self.color is None:
            raise InputError("recipe: light and color are both null; keep at least one branch")
        for part, allowed in _LOSSES.items():
            if getattr(self, part) is not None:
                self._read_weights(part, allowed)
        for name in NUMBERS:
            object.__setattr__(self, name, float(read_number(name, getattr(self, name))))
        parse_noise(self.noise)
        check_known("precision", self.precision, PRECISIONS)
        if not (self.start is None or isinstance(self.start, str)):
            raise InputError(f"recipe: start takes released or a file, not {self.start!r}")
        halvings = self.denoiser_halvings
        if halvings is None or not all(type(k) is int and 0 < k <= 100 for k in halvings):
            raise InputError(
                "recipe: denoiser_halvings takes whole percents of the epochs, from 1 to 100, not "
                f"{halvings}"
            )
        check_budget(self, SIDE_MULTIPLE["branches" if self.denoiser is None else "denoiser"])

    def _read_weights(self, part: str, allowed: Sequence[str]) -> None:
        """Check a part's loss weights: without any above 0 there is nothing to train on."""
        weights = getattr(self, part)
        for loss in weights:
            check_known(f"{part}.{loss}", loss, allowed)
        read = {loss: read_number(f"{part}.{loss}", weight) for loss, weight in weights.items()}
        if not any(read.values()):
            raise InputError(
                f"recipe: {part} has no loss of weight above 0; leave the part out with null"
            )
        object.__setattr__(self, part, read)

    @property
    def branches(self) -> tuple[str, ...]:
        """Names of the branches that the recipe has."""
        return tuple(b for b in ("light", "color") if getattr(self, b) is not None)

    def replace(self, overrides: Mapping[str, Any]) -> Self:
        """Return the recipe with some settings changed.

        Args:
            overrides: Values by name. A mapping changes single loss weights and keeps the
                others: ``{"light": {"constancy": 0}}``.

        Raises:
            InputError: A key is unknown or a value is not allowed.

        Examples:
            >>> Recipe().replace({"light": {"constancy": 0}}).light
            {'smoothness': 200, 'spatial': 1, 'exposure': 10, 'constancy': 0}
        """
        known = [field.name for field in dataclasses.fields(self)]
        merged: dict[str, Any] = {}
        for key, value in overrides.items():
            check_known(key, key, known)
            old = getattr(self, key)
            if key in _LOSSES:
                if not (value is None or isinstance(value, Mapping)):
                    raise InputError(f"recipe: {key} takes loss weights by name, or null")
                value = None if value is None else {**(old or {}), **value}
            elif key not in NUMBERS and None not in (old, value) and type(value) is not type(old):
                kind = "whole number" if type(old) is int else type(old).__name__
                raise InputError(f"recipe: {key} takes a {kind}, not {value!r}")
            merged[key] = value
        return dataclasses.replace(self, **merged)

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain values, for JSON; ``Recipe().replace`` reads them back.

        ``start`` is left out where weights are drawn, as in the records of earlier versions.
        """
        settings = dataclasses.asdict(self)
        return settings if self.start else {k: v for k, v in settings.items() if k != "start"}


def parse_noise(name: str) -> tuple[str, float, float] | None:
    """Split the name of a noise model, such as ``poisson5_50``, into its kind and range.

    The official names: ``poisson``, ``gauss`` or ``mix`` with one number or two. Two are a range,
    from which each image draws its own level. ``none`` gives None.

    Raises:
        InputError: The name is not a noise model, or its range runs backwards or reaches 0.

    Examples:
        >>> parse_noise("poisson5_50")
        ('poisson', 5.0, 50.0)
    """
    if name == "none":
        return None
    found = NOISE.fullmatch(name) if isinstance(name, str) else None
    if not found:
        raise InputError(
            f"noise: {name!r} is not a noise model; write none, or poisson, gauss or mix with one "
            "number or a range, such as poisson5_50"
        )
    kind, low, high = found[1], float(found[2]), float(found[3] or found[2])
    if not 0 < low <= high:
        raise InputError(f"noise: {name!r} needs a range above 0 that does not run backwards")
    return kind, low, high


def read_number(name: str, value: Any) -> float:
    """Read a setting or a loss weight; also from text, since YAML reads ``1e-4`` as a string.

    Args:
        name: The setting's name; those in ``ABOVE_ZERO`` must not be 0.
        value: What the user wrote.

    Raises:
        InputError: It is not a number, too small, or not finite.
    """
    number = value
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            number = float(value)
    known = isinstance(number, int | float) and not isinstance(number, bool)
    if not known or not 0 <= number < math.inf or (name in ABOVE_ZERO and not number):
        least = "above 0" if name in ABOVE_ZERO else "from 0 up"
        raise InputError(f"recipe: {name} must be a number {least}, not {value!r}")
    return number


_LOSSES = {"light": BRANCH_LOSSES, "color": BRANCH_LOSSES, "denoiser": DENOISER_LOSSES}


def check_budget(recipe: Budget, multiple: int) -> None:
    """Check the settings that all recipes have in common.

    Args:
        recipe: Any recipe.
        multiple: The side of a step's images must be a multiple of this.

    Raises:
        InputError: A value is not allowed.
    """
    for name in BUDGET:
        value = getattr(recipe, name)
        optional = value is None and name in ("steps_per_epoch", "crop")
        if not optional and (type(value) is not int or value < 1):
            raise InputError(f"recipe: {name} must be a whole number above 0, not {value!r}")
    if recipe.crop is not None and recipe.crop > recipe.image_size:
        raise InputError(f"recipe: crop {recipe.crop} exceeds image_size {recipe.image_size}")
    side = recipe.crop or recipe.image_size
    if side % multiple:
        raise InputError(
            f"recipe: crop (or image_size) must be a multiple of {multiple}, not {side}"
        )


def check_known(where: str, name: str, known: Sequence[str]) -> None:
    """Check the name of a setting; a near miss gets a suggestion.

    Raises:
        InputError: ``name`` is not known; the message names ``where``.
    """
    if name not in known:
        raise InputError(f"recipe: unknown {where}; {hint(name, known)}")
