"""How the baselines train here: one network, one Adam, one sum of losses.

Each official script is of that kind, so a baseline's own file holds its losses, its first weights
and no more. The loop, the images, their order and their crops are those of Zero-LEINR
(``zero_leinr.training``): with one seed all methods see the same pixels, whatever they are.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from baselines.recipe import BaselineRecipe
from zero_leinr.recipe import check_known

Losses = dict[str, Tensor]


class TrainingStep:
    """A network with its optimizer; calling it trains once.

    Args:
        model: The network, on its device, in training mode.
        losses: Gives all losses of an image (B, 3, H, W), not weighted, by name.
        part: What the losses belong to; their columns in the log are ``part/loss``.
        recipe: Weights of the losses, learning rate, weight decay and clipping.
    """

    def __init__(
        self,
        model: nn.Module,
        losses: Callable[[Tensor], Losses],
        part: str,
        recipe: BaselineRecipe,
    ) -> None:
        self.model, self.losses, self.part, self.recipe = model, losses, part, recipe
        self.compiled = False
        self.optimizer = torch.optim.Adam(
            model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay
        )

    def __call__(self, image: Tensor, epoch: int, step: int) -> Losses:
        """Train on one batch; nothing depends on the epoch or the step.

        Args:
            image: (B, 3, H, W) in [0, 1].
            epoch: Not used.
            step: Not used.

        Returns:
            The weighted losses and their total, as scalars on the device.

        Raises:
            InputError: The recipe weighs a loss that the method does not have.
        """
        if self.compiled and len(image) < self.recipe.batch:
            # It would be compiled again for the shape of one batch an epoch.
            with torch.compiler.set_stance("force_eager"):
                found = self.losses(image)
        else:
            found = self.losses(image)
        for name in self.recipe.losses:
            check_known(f"losses.{name}", name, list(found))
        values = {name: weight * found[name] for name, weight in self.recipe.losses.items()}
        values["total"] = torch.stack(list(values.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        values["total"].backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        return {f"{self.part}/{name}": value.detach() for name, value in values.items()}

    def compile(self) -> None:
        """Send networks and losses through ``torch.compile``; the last bits then differ."""
        self.losses, self.compiled = torch.compile(self.losses, dynamic=False), True

    def state_dict(self) -> dict[str, Any]:
        """Return weights, running statistics and optimizer state."""
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self.model.load_state_dict(state["model"])
        # The settings are those of the recipe and of this step, not of the file.
        own = {"param_groups": self.optimizer.state_dict()["param_groups"]}
        self.optimizer.load_state_dict(state["optimizer"] | own)
