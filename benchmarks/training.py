"""Seconds a training step: the official code as its script calls it, against this project.

    python benchmarks/training.py Zero-LEINR --batch 2 --size 128
    python benchmarks/training.py Zero-LEINR --batch 16 --size 256 --loop LOL/our485/low
    python benchmarks/training.py Zero-LEINR --batch 2 --size 128 --state run/state.ckpt
    python benchmarks/training.py --curves LOL/our485/low

The official code (nycu-acm/Zero-LEINR) is which you fetch. Both sides train on one
batch that lies on the device, at the same size and in the same precision (`official.py` says what
its step keeps). With --state, both go on from a training's weights: late in one, some of these are
too small for a CPU's fast path. With --loop, whole epochs with the loading of images; with
--curves, loss curves in float32 and in the fast precision.
"""

import argparse
import itertools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from official import official_epoch, official_step
from side_by_side import Table, batch_of, compared, finished, in_turns

COLUMNS = ["step", "official (s)", "here (s)", "ratio", "ratio of CPU time"]
SEEDS = (0, 1, 2)
STEPS = 200


def main() -> None:
    """Measure and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("official", nargs="?", type=Path, help="folder with the official train.py")
    parser.add_argument("--curves", type=Path, help="instead: loss curves; a folder of dark images")
    parser.add_argument("--loop", type=Path, help="times epochs over this folder of dark images")
    parser.add_argument("--state", type=Path, help="goes on from this state.ckpt of a training")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=128, help="side of the images (default 128)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--repeats", type=int, default=5, help="timed calls of each (default 5)")
    parser.add_argument("--steps", type=int, default=STEPS, help="of a loss curve (default 200)")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU (default 1)")
    parser.add_argument(
        "--compile", action="store_true", help="compile networks and losses of ours"
    )
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    if (options.official is None) == (options.curves is None):
        parser.error("give the folder of the official code, or --curves (one of them)")
    measure = compare_curves if options.curves else time_epochs if options.loop else time_steps
    measure(options).show(options.out)


def time_epochs(options: argparse.Namespace) -> Table:
    """One epoch of either side, in turns; images are decoded by it, or once before all epochs."""
    what = (options.loop, options.batch, options.size, options.device)
    makers: list[Any] = [(official_epoch, (options.official, *what))]
    makers.append((our_epoch, (*what, options.precision, options.compile)))
    official, ours = in_turns(makers, options.repeats, options.threads)
    title = f"Training: median seconds of an epoch over {ours.result} images with their loading, "
    shape = f"batch {options.batch}, {options.size}x{options.size}, on {options.device}"
    table = Table(title + shape, ["epoch", *COLUMNS[1:]])
    extra = ", compiled" if options.compile else ""
    table.add(f"{options.precision}{extra}; official float32", *compared(official, ours))
    return table


def time_steps(options: argparse.Namespace) -> Table:
    """One step of either side, in turns."""
    shape = (options.batch, options.size, options.device)
    ours = [("as the official one, channels last", "float32", False)]
    if options.precision == "bfloat16" or options.compile:
        ours.append(("fast settings", options.precision, options.compile))
    makers: list[Any] = [(official_step, (options.official, *shape, "float32", options.state))]
    makers += [(our_step, (*shape, *setting, options.state)) for _, *setting in ours]
    if options.precision == "bfloat16":
        makers.append((official_step, (options.official, *shape, "bfloat16", options.state)))
    official, *measured = in_turns(makers, options.repeats, options.threads)
    title = f"Training: median seconds of a step, batch {options.batch}, "
    table = Table(
        title + f"{options.size}x{options.size}, on {options.device}{late(options)}", COLUMNS
    )
    for (name, precision, compiled), times in zip(ours, measured, strict=False):
        extra = ", compiled" if compiled else ""
        table.add(f"{name}: {precision}{extra}; official float32", *compared(official, times))
        if precision == "bfloat16":
            cells = compared(measured[-1], times)
            table.add(f"{name}: {precision}{extra}; official bfloat16", *cells)
    return table


def late(options: argparse.Namespace) -> str:
    """Where in a training the timed steps are."""
    if options.state is None:
        return ""
    from zero_leinr.checkpoint import load_state

    return f", after {load_state(options.state)['step']} steps of a training"


# --------------------------------------------------------------------------------------- ours


def our_step(
    batch: int,
    size: int,
    device: str,
    precision: str,
    compiled: bool | Collection[str],
    state: Path | None = None,
) -> Callable[[], None]:
    """Return the step that `zero-leinr train` takes; ``compiled`` may name parts of it."""
    import torch

    from zero_leinr.allocator import reuse_freed_memory
    from zero_leinr.checkpoint import load_state
    from zero_leinr.device import set_up_training
    from zero_leinr.recipe import Recipe
    from zero_leinr.training_step import COMPILED, training_step

    reuse_freed_memory()
    set_up_training()
    recipe = Recipe().replace({"batch": batch, "image_size": size, "precision": precision})
    parts = {True: COMPILED, False: ()}[compiled] if isinstance(compiled, bool) else compiled
    step = training_step(recipe, 0, device, compiled=parts)
    if state is not None:
        step.load_state_dict(load_state(state, device))
    image = batch_of(batch, size, device).contiguous(memory_format=torch.channels_last)

    def call() -> None:
        step(image, epoch=1, step=0)
        finished(device)

    return call


def our_epoch(
    folder: Path, batch: int, size: int, device: str, precision: str, compiled: bool
) -> Callable[[], int]:
    """Return an epoch as `zero-leinr train` runs it, its images decoded and resized before."""
    import numpy as np

    from experiments.data.images import list_images
    from experiments.data.prepare import resized
    from zero_leinr.allocator import reuse_freed_memory
    from zero_leinr.batches import batches, steps_in_epoch
    from zero_leinr.device import set_up_training
    from zero_leinr.images import read_image
    from zero_leinr.recipe import Recipe
    from zero_leinr.training_step import COMPILED, training_step

    reuse_freed_memory()
    set_up_training()
    images = np.stack([resized(read_image(path), size) for path in list_images(folder)])
    settings = {"batch": batch, "image_size": size, "precision": precision, "epochs": 10**6}
    recipe = Recipe().replace(settings)
    train_on = training_step(recipe, 0, device, compiled=COMPILED if compiled else ())
    steps = batches(images, recipe, 0, 0, device)

    def call() -> int:
        for step, _, image in itertools.islice(steps, steps_in_epoch(recipe, len(images))):
            train_on(image, 1, step)
        finished(device)
        return len(images)

    return call


# ------------------------------------------------------------------------------------- curves


def compare_curves(options: argparse.Namespace) -> Table:
    """Losses over the steps of a training, in both precisions, against the spread of seeds."""
    import os
    import tempfile

    # Read by the libraries of this process when they load.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import numpy as np

    from experiments.data.images import list_images
    from experiments.data.prepare import resized
    from zero_leinr.images import read_image

    paths = list_images(options.curves)
    images = np.stack([resized(read_image(path), options.size) for path in paths])
    fast = {"precision": "bfloat16" if options.precision == "float32" else options.precision}
    columns = ["loss", "float32", "spread of seeds", "fast minus float32", "in spreads"]
    title = f"Loss curves over {options.steps} steps, batch {options.batch}, {options.size} px: "
    table = Table(title + f"mean over steps, {len(SEEDS)} seeds", columns)
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            kind: [curve(options, images, seed, settings, Path(folder)) for seed in SEEDS]
            for kind, settings in {"plain": {}, "fast": fast}.items()
        }
    for name in runs["plain"][0]:
        plain, quick = (np.stack([run[name] for run in runs[kind]]) for kind in ("plain", "fast"))
        spread = plain.std(0, ddof=1).mean()
        apart = np.abs(quick - plain).mean()
        cells = (plain.mean(), spread, apart, apart / spread)
        table.add(name, *(f"{value:.3g}" for value in cells))
    return table


def curve(
    options: argparse.Namespace, images: Any, seed: int, settings: dict[str, Any], folder: Path
) -> dict[str, Any]:
    """Return the losses of one training by name, one value a step."""
    import csv

    import numpy as np

    from zero_leinr.recipe import Recipe
    from zero_leinr.training import train

    run = folder / f"{settings.get('precision', 'float32')}{seed}"
    # At least four epochs: the regularization's weight is 0 in the first one.
    per_epoch = min(-(-len(images) // options.batch), -(-options.steps // 4))
    recipe = Recipe().replace(
        {
            "epochs": -(-options.steps // per_epoch),
            "steps_per_epoch": per_epoch,
            "batch": options.batch,
            "image_size": options.size,
            **settings,
        }
    )
    train(recipe, images, seed, run, device=options.device)
    with (run / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[: options.steps]
    names = [name for name in rows[0] if "/" in name]
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


if __name__ == "__main__":
    main()
