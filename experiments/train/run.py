"""A run: one method trained with one seed, and what is recorded about it."""

import csv
import functools
import hashlib
import logging
import math
import statistics
import sys
from pathlib import Path
from typing import Any

from baselines.recipe import BaselineRecipe
from experiments.data.prepare import load
from experiments.progress import clock, progress_bar
from experiments.provenance import provenance, write_json
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe

log = logging.getLogger(__name__)

FAILED = 100
"""A part whose loss ends so many times as high as it began has failed. Losses rise by less than ten
times in a training that works: the weight of the regularization grows from 0."""


def run_training(
    recipe: Recipe | BaselineRecipe,
    images: Path,
    seed: int,
    folder: Path,
    *,
    device: str = "auto",
    compiled: bool = False,
    graphed: bool = False,
    replace: bool = False,
    about: dict[str, Any] | None = None,
) -> None:
    """Train, with a progress bar, and write ``run.json`` beside the weights.

    Args:
        recipe: What to train.
        images: Prepared training images, see ``training_images``.
        seed: The run's seed.
        folder: The run's folder.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        compiled: Whether networks and losses go through ``torch.compile``.
        graphed: Whether a baseline's step is replayed as a CUDA graph.
        replace: Start again where the folder holds another run.
        about: More that ``run.json`` should say: study, method, hash of the training images.

    Raises:
        InputError: The images or the folder cannot be used, or the step cannot be a CUDA graph.
    """
    from zero_leinr.checkpoint import load_state
    from zero_leinr.device import choose_device, warn_where_slow
    from zero_leinr.training import train

    device = choose_device(device)
    make_step = _step_of(recipe, device, compiled, graphed)
    array = load(images)
    if isinstance(recipe, Recipe):
        warn_where_slow(recipe.precision, device)
    segment = {"compiled": compiled, "cuda_graph": graphed, **provenance(device)}
    del segment["finished"]  # the state says when
    with _ProgressBar() as bar:
        train(
            recipe,
            array,
            seed,
            folder,
            make_step=make_step,
            device=device,
            replace=replace,
            segment=segment,
            progress=bar.update,
        )
    state = load_state(folder / "state.ckpt")
    if "diverged_at" in state:
        log.warning(
            "%s: weights diverged before step %d, and those of step %d were kept: lower the "
            "learning rate, make batches larger, or take another seed",
            folder, state["diverged_at"], state["step"],
        )  # fmt: skip
    # A state from before segments were recorded has none.
    segments = state.get("segments") or [segment]
    gpus = {s.get("device_name") for s in segments if s.get("device") != "cpu"}
    if len(gpus) > 1:
        log.warning(
            "%s: trained on several GPU models (%s), which draw different random numbers; none of "
            "them can repeat this run",
            folder, ", ".join(sorted(map(str, gpus))),
        )  # fmt: skip
    last = {key: value for key, value in segments[-1].items() if key != "from_step"}
    failed = failed_parts(folder / "losses.csv")
    for part in failed:
        log.warning(
            "%s: training failed: the loss of %s grew more than %d times. Lower the learning rate, "
            "make batches larger, or take another seed",
            folder, part, FAILED,
        )  # fmt: skip
    write_json(
        {
            **(about or {}),
            "seed": seed,
            "recipe": recipe.to_dict(),
            **_start(recipe),
            "training_images": len(array),
            "weights_sha256": sha256(folder / "model.safetensors"),
            "steps": state["step"],
            "diverged_at": state.get("diverged_at"),
            "overflowed_steps": overflowed_steps(folder / "losses.csv"),
            "failed_parts": failed,
            "seconds": round(
                state["seconds"], 1
            ),  # of training, all segments of an interrupted run
            "finished": state.get("finished"),
            **last,
            # An interrupted run may have gone on on another machine.
            **({"segments": segments} if len(segments) > 1 else {}),
        },
        folder / "run.json",
    )


def _step_of(recipe: Recipe | BaselineRecipe, device: str, compiled: bool, graphed: bool) -> Any:
    """Return what makes a recipe's training step, as fast as was asked for."""
    from zero_leinr.training_step import COMPILED, training_step

    if isinstance(recipe, Recipe):
        if graphed:
            raise InputError("train: --cuda-graph is for baselines; Zero-LEINR takes --compile")
        return functools.partial(training_step, compiled=COMPILED if compiled else ())
    if graphed and not device.startswith("cuda"):
        raise InputError(f"train: --cuda-graph needs a CUDA GPU, and this runs on {device}")
    from baselines.registry import find
    from baselines.replayed_step import faster

    make_step = find(f"{recipe.method}:training_step")
    return faster(make_step, compiled, graphed)


def sha256(path: Path) -> str:
    """Return a file's hash in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _start(recipe: Recipe | BaselineRecipe) -> dict[str, Any]:
    """Return what is recorded of the weights that a training started from, if it did."""
    if not isinstance(recipe, Recipe) or not recipe.start:
        return {}
    from zero_leinr.training_step import start_file

    content = start_file(recipe.start).read_bytes()
    return {"start_sha256": hashlib.sha256(content).hexdigest()}


def overflowed_steps(losses: Path) -> int:
    """How many steps overflowed in a loss and were left out; more than a few spoil a run."""
    with losses.open(newline="") as file:
        return sum("" in row for row in csv.reader(file))


def failed_parts(losses: Path) -> list[str]:
    """Return the parts that ended with a loss far above their first: ``denoiser``, for one.

    Args:
        losses: What a training leaves: a column ``part/total`` for each part, empty where a step
            overflowed.

    Returns:
        Parts whose median over the last twentieth of the steps is more than ``FAILED`` times that
        over the first.
    """
    with losses.open(newline="") as file:
        rows = list(csv.DictReader(file))
    some = math.ceil(len(rows) / 20)
    failed = []
    for column in (name for name in rows[0] if name.endswith("/total")):
        first, last = (
            statistics.median(float(row[column] or math.inf) for row in part)
            for part in (rows[:some], rows[-some:])
        )
        if not last <= FAILED * first:
            failed.append(column.removesuffix("/total"))
    return failed


LINES = 100
"""Lines about its progress that a training writes at most where the output is no terminal."""


class _ProgressBar:
    """Steps done, with the totals of the losses; lines where the output is no terminal."""

    def __enter__(self) -> "_ProgressBar":
        self.bar = progress_bar("train", "step")
        self.first: tuple[int, float] | None = None
        self.said = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def update(self, done: int, total: int, values: dict[str, float]) -> None:
        totals = {k.split("/")[0]: v for k, v in values.items() if k.endswith("/total")}
        self.bar.total = total
        self.bar.set_postfix(totals, refresh=False)
        self.bar.update(done - self.bar.n)
        if not sys.stderr.isatty():
            self._say(done, total, values["seconds"])

    def _say(self, done: int, total: int, seconds: float) -> None:
        first, began = self.first = self.first or (done, seconds)
        if done > first and (done == total or (done - self.said) * LINES >= total):
            self.said = done
            left = (seconds - began) / (done - first) * (total - done)
            print(f"step {done} of {total}, {clock(left)} left", file=sys.stderr, flush=True)
