"""A GPU for some minutes, in one call: checks it, times training on it, trains until time is up.

    python benchmarks/gpu_session.py --images train.npy --recipes recipes --out session --minutes 9
    python benchmarks/gpu_session.py ... --official Zero-LEINR      # times the official code, too
    python benchmarks/gpu_session.py ... --parts train --together 3 # goes on; three runs at a time
    python benchmarks/gpu_session.py ... --parts tests              # the tests that need a card

Needs what training needs: torch, numpy, Pillow and safetensors (docs/train-elsewhere.md says where
images and recipes come from); --official needs torchvision. The next call with the same folder goes
on where this one stopped. Leaves session/tables and session/runs/<method>/seed<k>.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from side_by_side import Table, batch_of, finished, in_turns
from training import our_step, time_epochs, time_steps

REPOSITORY = Path(__file__).parent.parent
FULL = "zero_leinr"
BATCH, SIZE = 16, 256
ALLOWED = {"float32": (0.01, 0.1), "bfloat16": (0.1, 1.0)}
"""How far losses after three steps, and the mean of image levels, may be apart.

GPUs compute float32 in TF32. On a CPU that rounds so, losses were .0004 and levels .03 apart
(by hand, once); in bfloat16 .002 and .06.
"""


def main() -> None:
    """Run the parts that were asked for, in their order."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=Path, required=True, help="what `prepare` wrote")
    parser.add_argument("--listing", type=Path, help="the listing they came from (recorded)")
    parser.add_argument("--recipes", type=Path, required=True, help="what `recipes` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of tables and runs")
    parser.add_argument("--minutes", type=float, default=9, help="of all parts (default 9)")
    parser.add_argument("--parts", nargs="+", default=["check", "time", "train"])
    parser.add_argument("--seeds", nargs="+", type=int, help="default: those of the recipes")
    parser.add_argument("--together", type=int, default=1, help="runs at a time (default 1)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--compile", action="store_true", help="compile networks and losses")
    parser.add_argument("--official", type=Path, help="folder with the official train.py")
    parser.add_argument("--loop", type=Path, help="with --official: epochs over this folder, too")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=BATCH, help="of the timed steps")
    parser.add_argument("--size", type=int, default=SIZE, help="side of their images")
    options = parser.parse_args()
    ends = time.monotonic() + 60 * options.minutes
    tables = options.out / "tables"
    if "check" in options.parts:
        check(options).show(tables / "check")
        check_resume(options).show(tables / "resume")
    if "tests" in options.parts:  # needs pytest and a checkout, so only where it is asked for
        subprocess.run([sys.executable, "-m", "pytest", "-m", "gpu"], cwd=REPOSITORY, check=True)
    if "time" in options.parts:
        time_settings(options).show(tables / "settings")
        time_together(options).show(tables / "together")
        time_baselines(options).show(tables / "baselines")
        for precision in ("float32", "bfloat16"):
            profile(options, precision).show(tables / f"profile_{precision}")
        if options.official:
            rest = {"repeats": 5, "threads": 8, "curves": None, "state": None}
            both = Namespace(**(vars(options) | rest))
            time_steps(both).show(tables / "official_step")
            if options.loop:
                time_epochs(both).show(tables / "official_loop")
    if "train" in options.parts:
        train_until(options, ends).show(tables / "runs")


# -------------------------------------------------------------------------------------- check


def check(options: Namespace) -> Table:
    """Return the same weights on the same images here and on a CPU in float32.

    ENRB's first weights are so small that its output would be black, and say nothing of it.
    """
    import torch

    from zero_leinr.inference import enhance
    from zero_leinr.recipe import Recipe
    from zero_leinr.training_step import COMPILED, training_step

    columns = ["what", "difference", "allowed"]
    table = Table(f"{device_name(options.device)} against a CPU in float32", columns)
    sides = []
    here = (options.device, options.precision, COMPILED if options.compile else ())
    for device, precision, compiled in (("cpu", "float32", ()), here):
        recipe = Recipe().replace({"precision": precision})
        step = training_step(recipe, 0, device, compiled=compiled)
        with torch.no_grad():
            for weight in step.model.enrb.parameters():
                weight *= 10
        fixed, losses = batch_of(2, 128, device), {}
        neighbors = torch.zeros(2, 2, 64, 64, dtype=torch.int64, device=device)
        neighbors[:, 1] = 1
        for _ in range(3):
            for name in step.model.cpleb.branches:
                losses |= step.train_branch(name, fixed)
            with torch.no_grad():
                fused = step.model.cpleb(fixed)
            losses |= step.train_denoiser(fused, neighbors, epoch=50)
        photo = (batch_of(1, 256, "cpu")[0].permute(1, 2, 0) * 255).byte().numpy()
        image = enhance(step.model.eval(), photo, "minimal").astype(int)
        own = step(fixed, 50, 3)  # draws noise and neighbors there, so nothing to compare with
        if not all(torch.isfinite(loss) for loss in own.values()):
            raise SystemExit(f"this device makes losses that are not finite: {own}")
        sides.append(({name: float(loss) for name, loss in losses.items()}, image))
    (expected, reference), (found, image) = sides
    relative, levels = ALLOWED[options.precision]
    rows = [(f"{key}, relative", found[key] / loss - 1, relative) for key, loss in expected.items()]
    rows.append(("enhanced image, mean, of 255", float(abs(image - reference).mean()), levels))
    for name, difference, allowed in rows:
        table.add(name, f"{difference:+.1e}", f"{allowed:g}")
    if not all(abs(difference) <= allowed for _, difference, allowed in rows):  # NaN, too
        table.show(options.out / "tables" / "check")
        raise SystemExit("this device computes something else: see the table; nothing was trained")
    return table


STEPS, KILLED_AT = 20, 12


def check_resume(options: Namespace) -> Table:
    """Kill a training, go on, and compare its bits with those of a whole one."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    table = Table(f"Resume on {device_name(options.device)}", ["training", "result"])
    weights = []
    with tempfile.TemporaryDirectory() as folder:
        for run, stops in (("whole", [STEPS]), ("killed", [KILLED_AT, STEPS])):
            for stop in stops:
                arguments = (options, Path(folder) / run, stop)
                process = context.Process(target=_train_until, args=arguments)
                process.start()
                process.join()
                if process.exitcode != (0 if stop == STEPS else KILLED):
                    raise SystemExit("a training that was to be resumed has failed: see above")
            weights.append((Path(folder) / run / "model.safetensors").read_bytes())
    same = weights[0] == weights[1]
    result = "the same bits" if same else "other bits"
    table.add(f"{STEPS} steps, killed after {KILLED_AT} and resumed", result)
    if not same:
        table.show(options.out / "tables" / "resume")
        raise SystemExit(
            "a resumed training ends with other bits on this device; nothing was trained"
        )
    return table


KILLED = 9


def _train_until(options: Namespace, folder: Path, stop: int) -> None:
    """Train for some steps with the loop that `zero-leinr train` drives, and is gone."""
    import functools

    import numpy as np

    from zero_leinr.recipe import Recipe
    from zero_leinr.training import train
    from zero_leinr.training_step import COMPILED, training_step

    on_gpu = options.device.startswith("cuda")
    batch, side = (options.batch, options.size) if on_gpu else (2, 64)
    settings = {"batch": batch, "image_size": side, "epochs": 4, "precision": options.precision}
    recipe = Recipe().replace(settings)
    photos = batch_of(STEPS // 4 * batch, side, "cpu").permute(0, 2, 3, 1)
    images = (photos * 255).byte().numpy()

    def progress(done: int, total: int, values: dict[str, float]) -> None:
        if stop <= done < STEPS:
            os._exit(KILLED)

    compiled = COMPILED if options.compile else ()
    make_step = functools.partial(training_step, compiled=compiled)
    train(
        recipe, np.ascontiguousarray(images), 0, folder, make_step=make_step,
        device=options.device, checkpoint_every=4, checkpoint_seconds=0, progress=progress,
    )  # fmt: skip


def device_name(device: str) -> str:
    """Of the GPU, or of whatever stands in for it."""
    import torch

    return torch.cuda.get_device_name() if device.startswith("cuda") else device


# --------------------------------------------------------------------------------------- time


WORTH = 1.1
"""How many times faster a switch must be, to be worth other last bits."""


def time_settings(options: Namespace) -> Table:
    """Time a step with each switch alone and with all together; say which to turn on."""
    title = f"Training on {device_name(options.device)}: median seconds of a step, "
    title += f"batch {options.batch}, {options.size}x{options.size}"
    table = Table(title, ["settings", "seconds", "against the first"])
    seconds: dict[str, float] = {}
    compilations = ((), ("networks",), ("losses",), ("networks", "losses"))
    for precision, compiled in product(("float32", "bfloat16"), compilations):
        shape = (options.batch, options.size, options.device, precision, compiled)
        (times,) = in_turns([(our_step, shape)], repeats=20, threads=8)
        name = precision + f", compiled {' and '.join(compiled)}" * bool(compiled)
        seconds[name] = times.seconds
    shape = (options.batch, options.size, options.device, "float32", ())
    (times,) = in_turns([(unaligned_step, shape)], repeats=20, threads=8)
    seconds["float32, channels not padded"] = times.seconds
    _add_ratios(table, [], seconds)
    both = ", compiled networks and losses"
    found = {
        "--precision bfloat16": seconds["float32"] / seconds["bfloat16"],
        "--compile": seconds["float32"] / seconds["float32" + both],
        "both": seconds["float32"] / seconds["bfloat16" + both],
    }
    table.title += f". Turn on: {worth(found)}"
    return table


def _add_ratios(table: Table, before: list[str], seconds: dict[str, float]) -> None:
    first = next(iter(seconds.values()))
    for name, taken in seconds.items():
        table.add(*before, name, f"{taken:.4f}", f"{first / taken:.2f}x")


def worth(faster: dict[str, float]) -> str:
    """Name the switch that makes a step fastest, if it is worth it.

    Args:
        faster: How many times faster a step is with each switch, or with all.
    """
    best = max(faster, key=lambda name: faster[name])
    return f"{best} ({faster[best]:.2f}x)" if faster[best] >= WORTH else "nothing"


def unaligned_step(*shape: Any) -> Callable[[], None]:
    """Return the step without channels padded to multiples of eight (``zero_leinr.fused_conv``)."""
    from zero_leinr import fused_conv

    fused_conv.ALIGNED.clear()
    return our_step(*shape)


def time_baselines(options: Namespace) -> Table:
    """Time a step of every baseline among the recipes, at its own batch, with each switch."""
    title = f"Training baselines on {device_name(options.device)}: median seconds of a step"
    columns = ["method", "batch", "side", "settings", "seconds", "against the first"]
    table, advice = Table(title, columns), []
    switches = {"as it is": (False, False), "--compile": (True, False)}
    if options.device.startswith("cuda"):
        switches |= {"--cuda-graph": (False, True), "--compile --cuda-graph": (True, True)}
    for path in sorted(options.recipes.glob("*.json")):
        recipe = json.loads(path.read_text(encoding="utf-8"))["recipe"]
        if "method" not in recipe:
            continue
        seconds = {}
        for name, (compiled, graphed) in switches.items():
            maker = (baseline_step, (recipe, options.device, compiled, graphed))
            seconds[name] = in_turns([maker], repeats=20, threads=8)[0].seconds
        side = recipe["crop"] or recipe["image_size"]
        _add_ratios(table, [path.stem, str(recipe["batch"]), str(side)], seconds)
        plain = seconds.pop("as it is")
        advice.append(f"{path.stem}: {worth({k: plain / taken for k, taken in seconds.items()})}")
    table.title += f". Turn on: {', '.join(advice)}" if advice else ""
    return table


def baseline_step(
    settings: dict[str, Any], device: str, compiled: bool, graphed: bool
) -> Callable[[], None]:
    """Return the step that `zero-leinr train` takes for a baseline."""
    from baselines.recipe import make_recipe
    from baselines.registry import find
    from baselines.replayed_step import faster
    from zero_leinr.device import set_up_training

    set_up_training()
    recipe = make_recipe(settings)
    make_step = faster(find(f"{settings['method']}:training_step"), compiled, graphed)
    step = make_step(recipe, 0, device)
    image = batch_of(recipe.batch, recipe.crop or recipe.image_size, device)

    def call() -> None:
        step(image, 0, 0)
        finished(device)

    return call


def profile(options: Namespace, precision: str) -> Table:
    """Return the kernels that take most of a step's time on the device."""
    import torch
    from torch.profiler import ProfilerActivity

    step = our_step(options.batch, options.size, options.device, precision, options.compile)
    step()
    with torch.profiler.profile(activities=list(ProfilerActivity)[:2]) as seen:
        step()
    on_gpu = options.device.startswith("cuda")
    kind = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    rows = sorted(seen.key_averages(), key=lambda row: -getattr(row, kind))
    total = sum(getattr(row, kind) for row in rows) or 1
    title = f"Kernels of a step in {precision} on {device_name(options.device)}"
    table = Table(title, ["kernel", "calls", "milliseconds", "share"])
    for row in rows[:20]:
        took = getattr(row, kind)
        table.add(row.key[:80], str(row.count), f"{took / 1000:.2f}", f"{took / total:.0%}")
    return table


def time_together(options: Namespace) -> Table:
    """Return what one GPU does when several runs share it."""
    title = f"Runs at a time on {device_name(options.device)}: steps a second of all"
    table = Table(title, ["runs", "steps a second", "against one"])
    shape = (options.batch, options.size, options.device, options.precision, options.compile)
    alone = None
    for runs in (1, 2, 3):
        rate = steps_a_second(shape, runs)
        alone = alone or rate
        table.add(str(runs), f"{rate:.1f}", f"{rate / alone:.2f}x")
    return table


def steps_a_second(shape: tuple[Any, ...], runs: int, seconds: float = 10) -> float:
    """Count the steps of all runs in a second, each run in a process of its own."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    barrier, counts = context.Barrier(runs), context.Queue()
    arguments = (shape, seconds, barrier, counts)
    processes = [context.Process(target=_count_steps, args=arguments) for _ in range(runs)]
    for process in processes:
        process.start()
    counted = [counts.get() for _ in processes]
    if None in counted:
        raise SystemExit("a run that was to be timed has failed: see above")
    total = sum(counted)
    for process in processes:
        process.join()
    return total / seconds


def _count_steps(shape: tuple[Any, ...], seconds: float, barrier: Any, counts: Any) -> None:
    try:
        step: Callable[[], None] = our_step(*shape)
        for _ in range(3):
            step()
        finished(shape[2])
        barrier.wait()
    except BaseException:  # the others would wait for this one for ever
        barrier.abort()
        counts.put(None)
        raise
    done, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        step()
        done += 1
    counts.put(done)


# -------------------------------------------------------------------------------------- train


def train_until(options: Namespace, ends: float) -> Table:
    """Train what is not trained yet, the full method first, until the time is up."""
    found = sorted(options.recipes.glob("*.json"), key=lambda path: (path.stem != FULL, path.stem))
    if not found:
        raise SystemExit(f"{options.recipes}: no recipes; write them with `zero-leinr recipes`")
    seeds = options.seeds or json.loads(found[0].read_text(encoding="utf-8"))["seeds"]
    waiting = [
        (recipe, seed, options.out / "runs" / recipe.stem / f"seed{seed}")
        for seed, recipe in product(seeds, found)
    ]
    table = Table("Runs", ["run", "state", "seconds in this session"])
    running: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}
    while time.monotonic() < ends and (waiting or running):
        while waiting and len(running) < options.together:
            recipe, seed, run = waiting.pop(0)
            if not (run / "run.json").exists():
                running[run] = start(options, recipe, seed, run), time.monotonic()
        time.sleep(0.2)
        for run, (process, started) in list(running.items()):
            if process.poll() is not None:
                del running[run]
                state = "failed, see train.log" if process.returncode else "trained"
                table.add(str(run), state, f"{time.monotonic() - started:.0f}")
    for run, (process, started) in running.items():
        process.terminate()
        process.wait()
        table.add(str(run), "goes on from its checkpoint", f"{time.monotonic() - started:.0f}")
    for *_, run in waiting:
        table.add(str(run), "waits", "")
    return table


def start(options: Namespace, recipe: Path, seed: int, run: Path) -> "subprocess.Popen[bytes]":
    """Start `zero-leinr train` on a copy of the recipe with this session's precision."""
    run.mkdir(parents=True, exist_ok=True)
    content = json.loads(recipe.read_text(encoding="utf-8"))
    if "precision" in content["recipe"]:
        content["recipe"]["precision"] = options.precision
    copy = run / "recipe.json"
    copy.write_text(json.dumps(content), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "experiments.cli.main",
        "train",
        "--recipe",
        str(copy.resolve()),
    ]
    command += ["--images", str(options.images.resolve()), "--seed", str(seed)]
    command += ["--out", str(run.resolve()), "--device", options.device]
    command += ["--compile"] * options.compile
    if options.listing:
        command += ["--listing", str(options.listing.resolve())]
    with (run / "train.log").open("ab") as log:
        return subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)


if __name__ == "__main__":
    main()
