"""What the training of a baseline is made of; needs no torch, so a study is checked in no time.

The values stand in ``experiments/config/methods.yaml``, the formulas in the baseline's own file.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from zero_leinr.errors import InputError
from zero_leinr.recipe import SIDE_MULTIPLE, Recipe, check_budget, check_known, read_number


@dataclass(frozen=True)
class BaselineRecipe:
    """Settings of one training of a baseline; everything but the images and the seed.

    Attributes:
        method: The file in ``baselines/`` whose ``training_step`` trains.
        losses: Weights of its losses by name.
        epochs: Passes over the training images.
        batch: Images in a step.
        lr: Adam's learning rate.
        weight_decay: L2 in Adam.
        clip: Largest gradient norm of all weights together.
        steps_per_epoch: Ends every epoch after so many steps; None takes the whole pass.
        image_size: Side in pixels that training images are resized to.
        crop: Side of the random window that a step sees of each image; None shows all of it.
    """

    method: str
    losses: dict[str, float]
    epochs: int
    batch: int
    lr: float
    weight_decay: float
    clip: float
    steps_per_epoch: int | None = None
    image_size: int = 256
    crop: int | None = None

    def __post_init__(self) -> None:
        """Check the values, so that a mistake is found before the work starts."""
        check_budget(self, SIDE_MULTIPLE["branches"])
        losses = {name: read_number(f"losses.{name}", w) for name, w in dict(self.losses).items()}
        if not any(losses.values()):
            raise InputError("recipe: losses has none of weight above 0, so nothing is trained")
        object.__setattr__(self, "losses", losses)
        for name in ("lr", "weight_decay", "clip"):
            object.__setattr__(self, name, read_number(name, getattr(self, name)))

    def replace(self, overrides: Mapping[str, Any]) -> Self:
        """Return the recipe with some settings changed, ``losses`` one by one.

        Raises:
            InputError: A key is unknown or a value cannot be.
        """
        for key in overrides:
            check_known(key, key, [field.name for field in dataclasses.fields(self)])
        weights = overrides.get("losses", {})
        if not isinstance(weights, Mapping):
            raise InputError("recipe: losses takes loss weights by name")
        for loss in weights:
            check_known(f"losses.{loss}", loss, list(self.losses))
        return dataclasses.replace(self, **{**overrides, "losses": {**self.losses, **weights}})

    def to_dict(self) -> dict[str, Any]:
        """All settings as plain values, for JSON; ``BaselineRecipe(**settings)`` reads them."""
        return dataclasses.asdict(self)


def make_recipe(settings: Mapping[str, Any]) -> Recipe | BaselineRecipe:
    """Return the recipe of a baseline, which names its ``method``, or one of Zero-LEINR.

    Args:
        settings: All settings of a baseline; for Zero-LEINR those that are not the official ones.

    Raises:
        InputError: A key is unknown or missing, or a value cannot be.
    """
    if "method" not in settings:
        return Recipe().replace(settings)
    try:
        return BaselineRecipe(**settings)
    except TypeError as error:
        raise InputError(f"recipe of {settings['method']}: {error}") from error
