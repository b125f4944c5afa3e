"""Is our training the same method? The official one and ours on the same images, with one budget.

    python benchmarks/same_method.py Zero-LEINR --images train.npy --pairs LOL/eval15 --out same
        --set epochs=10 steps_per_epoch=20 batch=2 crop=64

The official training loop (nycu-acm/Zero-LEINR, which you fetch) gets the batches that
ours sees, in the same order; initial weights, noise and neighbor draws are its own, from a seed
that it never sets itself. Both are scored by this project. What is trained already is not trained
again.
"""

import argparse
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from official import official_training, run
from side_by_side import Table

METRICS = ("psnr", "ssim", "lpips")


def main() -> None:
    """Train, score, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("official", type=Path, help="folder with the official train.py")
    parser.add_argument("--images", type=Path, required=True, help="what `prepare` wrote")
    parser.add_argument("--pairs", type=Path, required=True, help="a folder with low/ and high/")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="the budget")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--out", type=Path, required=True, help="folder of weights and the table")
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")  # the official code leaves PyTorch changed
    for seed in options.seeds:
        for side, train in {"official": train_official, "here": train_here}.items():
            weights = options.out / side / f"seed{seed}" / "model.safetensors"
            if not weights.exists():
                process = spawn.Process(target=train, args=(options, seed, weights))
                process.start()
                process.join()
                if process.exitcode:
                    raise SystemExit(f"the training of {weights.parent} stopped: see above")
    compare(options).show(options.out / "same_method")


def recipe_of(options: argparse.Namespace) -> Any:
    """Return the official recipe with the budget of this comparison."""
    from experiments.cli.common import parse_settings
    from zero_leinr.recipe import Recipe

    return Recipe().replace(parse_settings(options.set))


def train_here(options: argparse.Namespace, seed: int, weights: Path) -> None:
    """Train as `zero-leinr train` does."""
    from experiments.train.run import run_training

    run_training(recipe_of(options), options.images, seed, weights.parent, device=options.device)


def train_official(options: argparse.Namespace, seed: int, weights: Path) -> None:
    """Run the official loop and saves its networks as weights of this project."""
    import torch

    from experiments.data.prepare import load
    from zero_leinr.batches import batches, steps_in_epoch
    from zero_leinr.checkpoint import save_model
    from zero_leinr.model import ZeroLEINR

    recipe, images = recipe_of(options), load(options.images)
    networks: dict[str, Any] = {}
    feed = batches(images, recipe, seed, 0, options.device)
    train = official_training(options.official, options.device)
    torch.manual_seed(seed)
    settings = {"num_epochs": recipe.epochs, "lr_n2n": recipe.denoiser_lr}
    epochs = Epochs(feed, steps_in_epoch(recipe, len(images)))
    run(train, epochs, networks.update, **settings)
    model = ZeroLEINR()
    model.cpleb.branches["light"].load_state_dict(networks["ENHANCER_B1"].state_dict())
    model.cpleb.branches["color"].load_state_dict(networks["ENHANCER_B2"].state_dict())
    assert model.enrb is not None
    model.enrb.load_state_dict(networks["DENOISER"].state_dict())
    save_model(model, recipe, weights)


class Epochs:
    """An epoch's batches, each time it is iterated over."""

    def __init__(self, feed: Iterator[Any], steps: int) -> None:
        self.feed, self.steps = feed, steps

    def __iter__(self) -> Iterator[Any]:
        for _ in range(self.steps):
            yield next(self.feed)[2]


def compare(options: argparse.Namespace) -> Table:
    """Mean scores of both sides with their spread over seeds, and how far they are apart."""
    import numpy as np

    title = f"The official training and ours, {' '.join(options.set) or 'official settings'}, "
    title += f"on {options.pairs.name}: mean and standard deviation over {len(options.seeds)} seeds"
    table = Table(title, ["score", "official", "here", "here - official", "in spreads"])
    found = {side: scores(options, side) for side in ("official", "here")}
    for metric in METRICS:
        theirs, ours = (np.array([s[metric] for s in found[side]]) for side in found)
        spread = np.sqrt((theirs.var(ddof=1) + ours.var(ddof=1)) / 2)
        cells = [f"{x.mean():.4f} ± {x.std(ddof=1):.4f}" for x in (theirs, ours)]
        apart = ours.mean() - theirs.mean()
        table.add(metric, *cells, f"{apart:+.4f}", f"{abs(apart) / spread:.2f}")
    return table


def scores(options: argparse.Namespace, side: str) -> list[dict[str, float]]:
    """Return the mean scores of each seed under the standard protocol."""
    from experiments.enhance.run import enhance_items, trained
    from experiments.score.run import folder_items, score_folder

    items = folder_items(options.pairs / "low", options.pairs / "high")
    means = []
    for seed in options.seeds:
        folder = options.out / side / f"seed{seed}"
        if not all((folder / "images" / f"{item.name}.png").exists() for item in items):
            enhancer = trained(folder / "model.safetensors", "minimal", options.device)
            enhance_items(enhancer, items, folder / "images")
        rows = score_folder(items, folder / "images", METRICS, options.device)
        rows = rows[rows["protocol"] == "standard"]
        means.append(rows.groupby("metric")["value"].mean().to_dict())
    return means


if __name__ == "__main__":
    main()
