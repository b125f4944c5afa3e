"""Times training on a GPU: each switch alone and all together, baselines, several runs at once."""

import json
import time
from argparse import Namespace
from collections.abc import Callable
from itertools import product
from typing import Any

from side_by_side import Table, batch_of, device_name, finished, in_turns
from training import our_step

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
