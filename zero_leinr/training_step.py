"""One training step of Zero-LEINR, in its exact order."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from zero_leinr import losses
from zero_leinr.enrb import draw_neighbors, subsample
from zero_leinr.model import ZeroLEINR
from zero_leinr.noise import add_noise
from zero_leinr.recipe import Recipe
from zero_leinr.rng import stream

Losses = dict[str, Tensor]


class TrainingStep:
    """The three networks with their optimizers; calling it trains each of them once.

    Order: noise; light branch; color branch; both again without gradients and fused; denoiser.
    No gradient passes between the three.

    Args:
        model: The networks, on their device.
        recipe: Losses, learning rates and noise.
        seed: The run's seed.

    Source: ``train.py`` of nycu-acm/Zero-LEINR.
    """

    def __init__(self, model: ZeroLEINR, recipe: Recipe, seed: int) -> None:
        self.model, self.recipe, self.seed = model, recipe, seed
        # Fused: one pass over the weights in place of ten; processors and GPUs both have it.
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
        """Trains on one batch.

        Args:
            image: (B, 3, H, W) in [0, 1], without noise.
            epoch: Counted from 0; sets ENRB's learning rate and the ramp of its regularization.
            step: Counted from 0 over the whole run; places the random draws.

        Returns:
            The weighted losses by name, such as ``light/exposure`` and ``light/total``, as
            scalars on the device (reading them synchronizes).
        """
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
        """One optimizer step of one branch on a noisy batch (B, 3, H, W)."""
        branch = self.model.cpleb.branches[name]
        with self._autocast(noisy.device.type):
            enhanced, curves = branch(noisy)
        weights = getattr(self.recipe, name)
        values = branch_losses(enhanced, curves, noisy, weights, self.recipe.exposure_level)
        self._step(name, branch, values, self.recipe.clip)
        return {f"{name}/{loss}": value.detach() for loss, value in values.items()}

    def train_denoiser(self, fused: Tensor, neighbors: Tensor, epoch: int) -> Losses:
        """One optimizer step of ENRB on a fused batch (B, 3, H, W)."""
        enrb = self.model.enrb
        assert enrb is not None
        first, second = subsample(fused, neighbors)
        weights = self.recipe.denoiser or {}
        with self._autocast(fused.device.type):
            denoised = enrb(first).float()
        ramp = self.recipe.ramp * epoch / self.recipe.epochs
        values: Losses = {}
        if weights.get("reconstruction"):
            loss = losses.reconstruction(denoised, second)
            values["reconstruction"] = weights["reconstruction"] * loss
        if weights.get("regularization"):
            with torch.no_grad(), self._autocast(fused.device.type):
                denoised_pair = subsample(enrb(fused).float(), neighbors)
            loss = losses.regularization(denoised, second, *denoised_pair)
            values["regularization"] = weights["regularization"] * ramp * loss
        lr = denoiser_lr(self.recipe, epoch)
        self.optimizers["denoiser"].param_groups[0]["lr"] = lr
        self._step("denoiser", enrb, values, clip=None)
        return {f"denoiser/{loss}": value.detach() for loss, value in values.items()}

    def _step(self, name: str, net: nn.Module, values: Losses, clip: float | None) -> None:
        """Adds the total to ``values`` and takes one optimizer step on it.

        A noisy pixel far above 1 can overflow in the eight squarings of the curve. The official
        code then stops with an assertion; here such a step is left out.
        """
        values["total"] = torch.stack(list(values.values())).sum()
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        values["total"].backward()
        norm = nn.utils.get_total_norm([w.grad for w in net.parameters() if w.grad is not None])
        # Squares of gradients can overflow where no loss does; the log shows that step as left out.
        values["total"] = torch.where(torch.isfinite(norm), values["total"].detach(), math.inf)
        # Adam's fused step takes both, as it does from a gradient scaler: it divides the gradients
        # on its way through them, or leaves all as it is. Nothing asks the device for an answer.
        optimizer.found_inf = (~torch.isfinite(norm)).float()  # type: ignore[attr-defined]
        if clip is not None:
            scale = (norm + 1e-6) / clip
            optimizer.grad_scale = scale.clamp(min=1)  # type: ignore[attr-defined]
        optimizer.step()

    def _autocast(self, device: str) -> torch.autocast:
        return torch.autocast(device, torch.bfloat16, enabled=self.recipe.precision == "bfloat16")

    def state_dict(self) -> dict[str, Any]:
        """Weights and optimizer states; with the step number, all that a resume needs."""
        return {
            "model": self.model.state_dict(),
            "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Takes back what :meth:`state_dict` gave."""
        self.model.load_state_dict(state["model"])
        for name, optimizer in self.optimizers.items():
            # The settings are those of the recipe and of this version, not of the file.
            settings = {"param_groups": optimizer.state_dict()["param_groups"]}
            optimizer.load_state_dict(state["optimizers"][name] | settings)


def training_step(
    recipe: Recipe, seed: int, device: str, *, compiled: bool = False
) -> TrainingStep:
    """The training step of a recipe with a new model; the seed alone fixes its weights.

    Args:
        recipe: What to train, and how.
        seed: The run's seed.
        device: Where to.
        compiled: Whether the networks go through ``torch.compile``: the first steps take a minute,
            and numbers differ in the last bits from those of networks that are not compiled.
    """
    model = ZeroLEINR(recipe.branches, denoise=recipe.denoiser is not None).initialize(seed)
    model.to(device).to(memory_format=torch.channels_last)
    if compiled:
        for network in (*model.cpleb.branches.values(), model.enrb):
            if network is not None:
                network.compile()
    return TrainingStep(model, recipe, seed)


def branch_losses(
    enhanced: Tensor,
    curves: Tensor,
    noisy: Tensor,
    weights: Mapping[str, float],
    exposure_level: float,
) -> Losses:
    """The weighted losses of one branch; a loss of weight 0 is not computed.

    Args:
        enhanced: (B, 3, H, W), the branch's output.
        curves: (B, 24, H, W), its curve maps.
        noisy: (B, 3, H, W), what it saw.
        weights: Weight by loss name (see ``recipe.BRANCH_LOSSES``).
        exposure_level: Target of the exposure loss.
    """
    functions = {
        "smoothness": lambda: losses.illumination_smoothness(curves),
        "spatial": lambda: losses.spatial_consistency(enhanced, noisy),
        "exposure": lambda: losses.exposure_control(enhanced, exposure_level),
        "constancy": lambda: losses.color_constancy(enhanced),
        "angle": lambda: losses.color_angle(enhanced, noisy),
    }
    return {name: weight * functions[name]() for name, weight in weights.items() if weight}


def denoiser_lr(recipe: Recipe, epoch: int) -> float:
    """ENRB's learning rate: halved at epochs 19, 39, 59 and 79 of 100, counted from 0.

    Of N epochs at ``int(k * N / 100) - 1``, k the recipe's ``denoiser_halvings``.
    In runs so short that this falls before the first epoch, that halving is left out, as PyTorch's
    scheduler does.
    """
    milestones = [int(k * recipe.epochs / 100) - 1 for k in recipe.denoiser_halvings]
    return recipe.denoiser_lr * 0.5 ** sum(0 <= m <= epoch for m in milestones)
