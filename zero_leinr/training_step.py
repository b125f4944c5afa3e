"""One training step of Zero-LEINR, from top to bottom.

1. Noise is added to the images.
2. The light branch takes an Adam step on its losses.
3. The color branch does the same.
4. Both branches enhance the images again, with their new weights; the results are fused.
5. The denoiser takes an Adam step on the fused images.

No gradient passes between the three networks.

Source: ``train.py`` of nycu-acm/Zero-LEINR.
"""

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zero_leinr import losses
from zero_leinr.checkpoint import load_model
from zero_leinr.clip_or_skip import clip_or_skip
from zero_leinr.enrb import draw_neighbors, subsample
from zero_leinr.errors import InputError
from zero_leinr.model import ZeroLEINR
from zero_leinr.noise import add_noise
from zero_leinr.recipe import Recipe
from zero_leinr.released import RELEASED
from zero_leinr.rng import stream

Losses = dict[str, Tensor]

COMPILED = ("networks", "losses")
"""What ``torch.compile`` can take: the networks; the losses of the branches."""


class TrainingStep:
    """The three networks with their optimizers; a call trains each of them once.

    Args:
        model: The networks, on their device.
        recipe: Losses, learning rates and noise.
        seed: The run's seed.
        compiled: What goes through ``torch.compile``, for whole batches; of ``COMPILED``.
    """

    def __init__(
        self, model: ZeroLEINR, recipe: Recipe, seed: int, compiled: Collection[str] = ()
    ) -> None:
        self.model, self.recipe, self.seed, self.compiled = model, recipe, seed, compiled
        self.losses_of_branch = losses.chosen
        if "losses" in compiled:
            self.losses_of_branch = torch.compile(losses.chosen, dynamic=False)
        # Fused: one pass over the weights instead of ten. clip_or_skip needs it, too.
        self.optimizers: dict[str, torch.optim.Adam] = {
            name: torch.optim.Adam(
                branch.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay, fused=True
            )
            for name, branch in model.cpleb.branches.items()
        }
        if model.enrb is not None:
            self.optimizers["denoiser"] = torch.optim.Adam(
                model.enrb.parameters(), lr=recipe.denoiser_lr, fused=True
            )

    def __call__(self, image: Tensor, epoch: int, step: int) -> Losses:
        """Train on one batch.

        Args:
            image: (B, 3, H, W), RGB in [0, 1], without noise.
            epoch: Counted from 0; sets ENRB's learning rate and the weight of its regularization.
            step: Counted from 0 over the whole run; places the random draws.

        Returns:
            The weighted losses by name, such as ``light/exposure`` and ``light/total``: scalars on
            the device, without gradient. Where a step was skipped, its total is infinite.
        """
        if self.compiled and len(image) < self.recipe.batch:
            # All would be compiled again for the shape of one batch an epoch.
            with torch.compiler.set_stance("force_eager"):
                return self._train(image, epoch, step)
        return self._train(image, epoch, step)

    def _train(self, image: Tensor, epoch: int, step: int) -> Losses:
        device = image.device.type
        noisy = add_noise(image, self.recipe.noise, stream(self.seed, "noise", step, device=device))
        values: Losses = {}
        for name in self.model.cpleb.branches:
            values |= self.train_branch(name, noisy)
        if self.model.enrb is not None:
            with torch.no_grad(), self._autocast(device):
                fused = self.model.cpleb(noisy)
            neighbors = draw_neighbors(fused, stream(self.seed, "neighbors", step, device=device))
            values |= self.train_denoiser(fused, neighbors, epoch)
        return values

    def train_branch(self, name: str, noisy: Tensor) -> Losses:
        """Take one optimizer step of one branch.

        Args:
            name: ``light`` or ``color``.
            noisy: (B, 3, H, W), the noisy images.

        Returns:
            The branch's weighted losses by name.
        """
        with self._autocast(noisy.device.type):
            enhanced, curves = self.model.cpleb.branches[name](noisy)
        weights = {loss: weight for loss, weight in getattr(self.recipe, name).items() if weight}
        level = self.recipe.exposure_level
        values = self.losses_of_branch(tuple(weights), enhanced, curves, noisy, level)
        weighted = {loss: weight * values[loss] for loss, weight in weights.items()}
        return self._descend(name, weighted, self.recipe.clip)

    def train_denoiser(self, fused: Tensor, neighbors: Tensor, epoch: int) -> Losses:
        """Take one optimizer step of ENRB, as Neighbor2Neighbor does.

        Args:
            fused: (B, 3, H, W), the output of CPLEB; H and W multiples of 64.
            neighbors: (B, 2, H/2, W/2), the pixels of the two sub-images.
            epoch: Counted from 0.

        Returns:
            The denoiser's weighted losses by name.
        """
        enrb, recipe = self.model.enrb, self.recipe
        assert enrb is not None
        weights = recipe.denoiser or {}
        weighted: Losses = {}
        first, second = subsample(fused, neighbors)
        with self._autocast(fused.device.type):
            denoised = enrb(first).float()
        if weight := weights.get("reconstruction"):
            weighted["reconstruction"] = weight * losses.reconstruction(denoised, second)
        if weight := weights.get("regularization"):
            with torch.no_grad(), self._autocast(fused.device.type):
                denoised_pair = subsample(enrb(fused).float(), neighbors)
            loss = losses.regularization(denoised, second, *denoised_pair)
            weighted["regularization"] = weight * (recipe.ramp * epoch / recipe.epochs) * loss
        self.optimizers["denoiser"].param_groups[0]["lr"] = denoiser_lr(recipe, epoch)
        return self._descend("denoiser", weighted, clip=None)

    def _descend(self, network: str, weighted: Losses, clip: float | None) -> Losses:
        """Take one optimizer step on the sum of some losses, and return them with their total.

        A noisy pixel far above 1 can overflow in the eight squarings of the curve, and the squares
        of gradients can overflow where no loss does. The official code then stops with an
        assertion; here the step is skipped, and its total is infinite.
        """
        optimizer = self.optimizers[network]
        optimizer.zero_grad(set_to_none=True)
        total = torch.stack(list(weighted.values())).sum()
        total.backward()
        taken = clip_or_skip(optimizer, clip)
        values = weighted | {"total": torch.where(taken, total.detach(), math.inf)}
        return {f"{network}/{loss}": value.detach() for loss, value in values.items()}

    def _autocast(self, device: str) -> torch.autocast:
        return torch.autocast(device, torch.bfloat16, enabled=self.recipe.precision == "bfloat16")

    def state_dict(self) -> dict[str, Any]:
        """Return weights and optimizer states: with the step number, all that a resume needs."""
        return {
            "model": self.model.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave."""
        self.model.load_state_dict(state["model"])
        for name, optimizer in self.optimizers.items():
            # The settings are those of the recipe and of this version, not of the file.
            settings = {"param_groups": optimizer.state_dict()["param_groups"]}
            optimizer.load_state_dict(state["optimizers"][name] | settings)


def training_step(
    recipe: Recipe, seed: int, device: str, *, compiled: Collection[str] = ()
) -> TrainingStep:
    """Make the training step of a recipe, with a new model.

    The seed alone fixes its weights, unless the recipe names others to start from.

    Args:
        recipe: What to train, and how.
        seed: The run's seed.
        device: Where to.
        compiled: Send these through ``torch.compile``, of ``COMPILED``: the first steps then take a
            minute, and numbers differ in the last bits.

    Raises:
        InputError: The weights to start from cannot be read, or lack a part of the recipe.
    """
    model = ZeroLEINR(recipe.branches, denoise=recipe.denoiser is not None).initialize(seed)
    if recipe.start:
        start_from(model, recipe.start)
    model.to(device).to(memory_format=torch.channels_last)
    if compiled:
        from torch._inductor import config as inductor  # takes seconds

        inductor.deterministic = True
    if "networks" in compiled:
        for network in (*model.cpleb.branches.values(), model.enrb):
            if network is not None:
                # ENRB sees two sizes. By itself, PyTorch would compile the second one for any size,
                # which is slower.
                network.compile(dynamic=False)
    return TrainingStep(model, recipe, seed, compiled)


def start_from(model: ZeroLEINR, start: str) -> None:
    """Give a model the weights of a trained one, part by part.

    Args:
        model: May lack parts that the trained one has.
        start: ``released``, or the path of a checkpoint.

    Raises:
        InputError: The file cannot be read, or lacks a part of the model.
    """
    trained = load_model(start_file(start)).state_dict()
    wanted = model.state_dict()
    if missing := sorted(wanted.keys() - trained.keys()):
        part = missing[0].rpartition(".")[0].rpartition(".")[0]
        raise InputError(f"{start}: has no {part}, which this recipe trains; take other weights")
    model.load_state_dict({name: trained[name] for name in wanted})


def start_file(start: str) -> Path:
    """Return the file that the recipe's ``start`` names."""
    return RELEASED if start == "released" else Path(start)


def denoiser_lr(recipe: Recipe, epoch: int) -> float:
    """Return ENRB's learning rate: halved at epochs 19, 39, 59 and 79 of 100, counted from 0.

    Of N epochs, these are ``int(k * N / 100) - 1`` for each k in the recipe's
    ``denoiser_halvings``. In a run so short that this falls before the first epoch, that halving
    is left out, as PyTorch's scheduler does.

    Examples:
        >>> [denoiser_lr(Recipe(), epoch) for epoch in (0, 18, 19, 39)]
        [0.0001, 0.0001, 5e-05, 2.5e-05]
    """
    milestones = [int(k * recipe.epochs / 100) - 1 for k in recipe.denoiser_halvings]
    return recipe.denoiser_lr * 0.5 ** sum(0 <= m <= epoch for m in milestones)
