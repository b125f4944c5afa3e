"""Seconds a training step: the official code as its script calls it, against this project.

    python benchmarks/training.py Zero-LEINR --batch 2 --size 128
    python benchmarks/training.py --curves LOL/our485/low

The official code (nycu-acm/Zero-LEINR) is fetched by whoever runs this. Both sides train on one
batch that lies on the device, at the same size and in the same arithmetic. The official step keeps
all that `train.py` does in one: its assertions, its losses read for the log (the log itself, and
loading images, are left out). With --curves, loss curves in float32 and in the fast arithmetic.
"""

import argparse
import functools
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from side_by_side import Table, compared, in_turns

COLUMNS = ["step", "official (s)", "here (s)", "ratio", "ratio of processor time"]
SEEDS = (0, 1, 2)
STEPS = 200


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("official", nargs="?", type=Path, help="folder with the official train.py")
    parser.add_argument("--curves", type=Path, help="instead: loss curves; a folder of dark images")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--size", type=int, default=128, help="side of the images (default 128)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--repeats", type=int, default=5, help="timed steps of each (default 5)")
    parser.add_argument("--steps", type=int, default=STEPS, help="of a loss curve (default 200)")
    parser.add_argument("--threads", type=int, default=1, help="of the processor (default 1)")
    parser.add_argument("--compile", action="store_true", help="compile the networks of ours")
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    if (options.official is None) == (options.curves is None):
        parser.error("give the folder of the official code, or --curves (one of them)")
    (time_steps if options.official else compare_curves)(options).show(options.out)


def time_steps(options: argparse.Namespace) -> Table:
    """One step of either side, in turns."""
    shape = (options.batch, options.size, options.device)
    ours = [("as the official one, channels last", "float32", False)]
    if options.precision == "bfloat16" or options.compile:
        ours.append(("fast settings", options.precision, options.compile))
    makers: list[Any] = [(official_step, (options.official, *shape, "float32"))]
    makers += [(our_step, (*shape, precision, compiled)) for _, precision, compiled in ours]
    if options.precision == "bfloat16":
        makers.append((official_step, (options.official, *shape, "bfloat16")))
    official, *measured = in_turns(makers, options.repeats, options.threads)
    title = f"Training: median seconds of a step, batch {options.batch}, "
    table = Table(title + f"{options.size}x{options.size}, on {options.device}", COLUMNS)
    for (name, precision, compiled), times in zip(ours, measured, strict=False):
        extra = ", compiled" if compiled else ""
        table.add(f"{name}: {precision}{extra}; official float32", *compared(official, times))
        if precision == "bfloat16":
            cells = compared(measured[-1], times)
            table.add(f"{name}: {precision}{extra}; official bfloat16", *cells)
    return table


def batch_of(batch: int, size: int, device: str) -> Any:
    """Dark images with structure, (B, 3, S, S) in [0, 1]; always the same."""
    import torch

    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(batch, 3, size // 8, size // 8, generator=generator)
    return torch.nn.functional.interpolate(coarse * 0.3, scale_factor=8, mode="bilinear").to(device)


def finished(device: str) -> None:
    """Waits until the device has done all that it was told."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()


# --------------------------------------------------------------------------------------- ours


def our_step(
    batch: int, size: int, device: str, precision: str, compiled: bool
) -> Callable[[], None]:
    """The step that `zero-leinr train` takes."""
    import torch

    from zero_leinr.memory import reuse_freed_memory
    from zero_leinr.recipe import Recipe
    from zero_leinr.training_step import training_step

    reuse_freed_memory()
    recipe = Recipe().replace({"batch": batch, "image_size": size, "precision": precision})
    step = training_step(recipe, 0, device, compiled=compiled)
    image = batch_of(batch, size, device).contiguous(memory_format=torch.channels_last)

    def call() -> None:
        step(image, epoch=1, step=0)
        finished(device)

    return call


# ----------------------------------------------------------------------------------- official


def official_step(
    folder: Path, batch: int, size: int, device: str, precision: str
) -> Callable[[], None]:
    """The step of the official `train`, which runs as it is, a step a call."""
    import torch
    import torchvision  # noqa: F401  (before the stand-ins, which it would find)

    if device == "cpu":
        stay_on_cpu()
    # Imported by the official files for what is not called here.
    for name, member in {
        "torchinfo": "summary",
        "cv2": "",
        "tensorboardX": "SummaryWriter",
    }.items():
        sys.modules[name] = types.ModuleType(name)
        setattr(sys.modules[name], member, _Nothing)
    sys.path.insert(0, str(folder))
    import train

    # Removed from PyTorch; its place was taken by the name with an underscore.
    torch.nn.utils.clip_grad_norm = torch.nn.utils.clip_grad_norm_
    images = batch_of(batch, size, device)
    steps = _Stepping(images)
    train.dataloader.lowlight_loader = lambda *_: None
    train.torch.utils.data.DataLoader = lambda *_, **__: steps
    return steps.stepper(functools.partial(train.train, official_config()), device, precision)


class _Nothing:
    """Stands for the log; does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


class _Stepping:
    """Gives the official loop its one batch, whenever a step is asked for.

    The loop runs in a thread of its own that is awake only between asking and answering.
    """

    def __init__(self, images: Any) -> None:
        self.images, self.ended = images, False

    def stepper(self, run: Callable[[], Any], device: str, precision: str) -> Callable[[], None]:
        import threading

        import torch

        self.asked, self.done = threading.Semaphore(0), threading.Semaphore(0)
        half = precision == "bfloat16"

        def loop() -> None:
            try:
                with torch.autocast(device, torch.bfloat16, enabled=half):
                    run()
            finally:
                self.ended = True  # by one of its assertions
                self.done.release()

        threading.Thread(target=loop, daemon=True).start()
        self.done.acquire()  # the loop has asked for its first batch

        def call() -> None:
            self.asked.release()
            self.done.acquire()
            if self.ended:
                raise SystemExit("the official training stopped: see above")
            finished(device)

        return call

    def __iter__(self) -> Iterator[Any]:
        while True:
            self.done.release()
            self.asked.acquire()
            yield self.images


def official_config() -> Any:
    """The official defaults that `train` reads, with epoch 1 as in our step."""
    return types.SimpleNamespace(
        gpu_devices="0", noisetype="poisson5_50", parallel=False, load_pretrain_enhance=False,
        load_pretrain_denoise=False, train_dirs="", patch_size=0, train_batch_size=0, num_workers=0,
        tb_path="", well_exposure=0.6, lr=6e-4, weight_decay=1e-5, lr_n2n=1e-4, num_epochs=100,
        gamma=0.5, start_epoch=1, grad_clip_norm=0.1, increase_ratio=2.0, Lambda1=1.0, Lambda2=1.0,
        display_iter=10**9, snapshot_iter=10**9,
    )  # fmt: skip


def stay_on_cpu() -> None:
    """Makes what is sent to CUDA stay where it is; the official code names no other device."""
    import torch

    torch.Tensor.cuda = lambda self, *_, **__: self
    torch.nn.Module.cuda = lambda self, *_, **__: self
    generator = torch.Generator
    torch.Generator = lambda device="cpu": generator()


# ------------------------------------------------------------------------------------- curves


def compare_curves(options: argparse.Namespace) -> Table:
    """Losses over the steps of a training, in both arithmetics, against the spread of seeds."""
    import tempfile

    import numpy as np

    from experiments.images import list_images, read_image
    from experiments.training_images import resized

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
    """The losses of one training by name, one value a step."""
    import csv

    import numpy as np

    from zero_leinr.recipe import Recipe
    from zero_leinr.training import train

    run = folder / f"{settings.get('precision', 'float32')}{seed}"
    per_epoch = -(-len(images) // options.batch)
    recipe = Recipe().replace(
        {
            "epochs": -(-options.steps // per_epoch),
            "steps_per_epoch": min(per_epoch, options.steps),
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
