"""What a method costs: parameters, operations, seconds and memory for one image of 600x400.

All four are measured on the method itself, a function from image to image, as it runs:

- *parameters*: numbers in the weights that take part in enhancing an image;
- *GFLOPs*: billions of operations in convolutions and matrix products, as PyTorch's counter sees
  them; a multiply-add counts as two, everything between the layers as none. What runs is counted,
  so ENRB's merged upsampling needs fewer than its layers one by one would;
- *seconds*: the median of several calls after a warm-up, from 8-bit image to 8-bit image, so
  conversion and the way to a GPU and back are in;
- *memory*: what the call needs at its peak beyond what the loaded method holds. Of the process on a
  CPU (so measure each method in a fresh one), of PyTorch's allocator on a GPU.
"""

import contextlib
import gc
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.results import Method, read_study
from experiments.analysis.results import Study as Results
from experiments.enhance.run import Enhancer, baseline, trained
from experiments.provenance import provenance
from experiments.sheets.study import Study
from experiments.tables.plain import PlainTable, write_table
from zero_leinr.allocator import return_freed_memory
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError

WIDTH, HEIGHT = 600, 400  # of LOL's images
REPEATS = 7
MEBIBYTE = 2**20


def measure_method(
    study: Study, name: str, weights: Path | None, device: str = "auto"
) -> dict[str, Any]:
    """Measures one method of a study; to be called in a fresh process.

    Args:
        study: The study; its padding counts.
        name: The method.
        weights: What was trained for it; None for a method that is not trained here.
        device: Where its network runs; methods without one run on the processor.

    Returns:
        The content of ``costs/<method>.json``: see the top of this file; ``parameters`` and
        ``gflops`` are None without a network, ``memory_mib`` where it cannot be measured.
        ``processor_share`` is processor time over time on the clock, on a CPU: well below 1, other
        work ran beside it, and the seconds are too long.

    Raises:
        InputError: The study has no such method, or its weights cannot be had.
    """
    method = study.method(name)
    if "images" in method.entry:
        raise InputError(f"method {name}: its images were made elsewhere; nothing can be measured")
    if (method.recipe is None) != (weights is None):
        raise InputError(f"method {name}: --weights goes with a method that is trained here")
    if "method" in method.entry:
        enhancer = baseline(method.entry, None, device, weights)
    else:
        assert weights is not None  # what is no baseline is a variant of Zero-LEINR, trained here
        enhancer = trained(weights, study.padding, device)
    # What has not imported torch by now has no network.
    device = choose_device(device) if "torch" in sys.modules else "cpu"
    return {"method": name, **measure(enhancer, night_image(), device)}


def measure(enhancer: Enhancer, image: np.ndarray, device: str) -> dict[str, Any]:
    """Measures a function from a uint8 (H, W, 3) image to another; see ``measure_method``."""
    # Libraries that the method loads at its first call belong to no image.
    enhancer(image[:96, :96].copy())
    memory = peak_memory(enhancer, image, device)
    worked = time.process_time()
    seconds = [_seconds(enhancer, image) for _ in range(REPEATS)]
    worked = time.process_time() - worked
    parameters, operations = network_cost(enhancer, image)
    return {
        "width": image.shape[1],
        "height": image.shape[0],
        "parameters": parameters,
        "gflops": None if operations is None else operations / 1e9,
        "seconds": statistics.median(seconds),
        "seconds_each": seconds,
        "processor_share": worked / sum(seconds) if device == "cpu" else None,
        "memory_mib": None if memory is None else memory / MEBIBYTE,
        "threads": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
        **provenance(device),
    }


def night_image() -> np.ndarray:
    """A photograph that ships with scikit-image, 600x400, darkened and noisy; always the same."""
    from skimage.data import coffee

    from experiments.data.embedded import SEED, darken, draw_camera

    rng = np.random.default_rng(SEED)
    image = darken(coffee(), draw_camera(rng), rng)
    assert image.shape == (HEIGHT, WIDTH, 3)
    return image


def _seconds(enhancer: Enhancer, image: np.ndarray) -> float:
    started = time.perf_counter()
    enhancer(image)  # its result lies in main memory, so a GPU has finished
    return time.perf_counter() - started


# -------------------------------------------------------------------------------------- memory


def peak_memory(enhancer: Enhancer, image: np.ndarray, device: str) -> int | None:
    """Bytes that one call needs at its peak beyond what is held before it; None if unknown."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        held = torch.cuda.memory_allocated(device)
        enhancer(image)
        return torch.cuda.max_memory_allocated(device) - held
    if device != "cpu":
        return None
    gc.collect()
    return_freed_memory()  # what is kept for reuse would hide what the call needs
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak starts from here
    before = _peak_of_process()
    enhancer(image)
    return _peak_of_process() - before


def _peak_of_process() -> int:
    """Most bytes of main memory that this process has had."""
    with contextlib.suppress(OSError):
        # Linux hands the peak of `getrusage` down from the process that started this one.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# ------------------------------------------------------------------------------------- network


def network_cost(enhancer: Enhancer, image: np.ndarray) -> tuple[int | None, int | None]:
    """Parameters in use and operations of the network behind a method; None where there is none.

    Args:
        enhancer: The method.
        image: uint8 (H, W, 3).

    Returns:
        How many numbers the parameters hold that any operation took, and the operations.
    """
    if "torch" not in sys.modules:  # what never imported it has no network
        return None, None
    from torch import nn
    from torch.overrides import TorchFunctionMode
    from torch.utils._pytree import tree_leaves
    from torch.utils.flop_counter import FlopCounterMode

    used: dict[int, nn.Parameter] = {}

    class Watch(TorchFunctionMode):
        """Notes every parameter that an operation takes, however the network is called."""

        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if getattr(func, "__name__", "") != "__get__":  # looking at .device uses nothing
                leaves = tree_leaves((args, kwargs))
                used.update((id(leaf), leaf) for leaf in leaves if isinstance(leaf, nn.Parameter))
            return func(*args, **(kwargs or {}))

    with FlopCounterMode(display=False) as counter, Watch():
        enhancer(image)
    if not used:
        return None, None
    return sum(parameter.numel() for parameter in used.values()), counter.get_total_flops()


# --------------------------------------------------------------------------------------- table

NUMBERS = ["parameters", "gflops", "seconds", "memory_mib", "processor_share"]
COLUMNS = ["method", *NUMBERS, "device", "device_name", "threads"]
IDLE = 0.8  # processor's share from which a time counts as undisturbed


def read_costs(study_folder: Path, study: Results) -> pd.DataFrame:
    """Reads ``costs/<method>.json`` of every method that runs here.

    Returns:
        One row a method, in table order; the columns are ``COLUMNS``.

    Raises:
        InputError: A file is missing or lacks a key.
    """
    rows = []
    for method in measured(study):
        path = study_folder / "costs" / f"{method.name}.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            rows.append([content[column] for column in COLUMNS])
        except FileNotFoundError as error:
            raise InputError(f"{path}: missing; measure it with `zero-leinr costs`") from error
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path}: not a cost file; delete it and measure again") from error
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype(dict.fromkeys(NUMBERS, float))


def measured(study: Results) -> list[Method]:
    """The methods that have costs: all but those whose images were made elsewhere."""
    return [method for method in study.methods if method.weights != "made elsewhere"]


def describe_machine(costs: pd.DataFrame) -> str:
    """Where the costs were measured; says so if that were several machines."""
    places = costs[["device", "device_name", "threads"]].drop_duplicates()
    names = [
        f"{name}" if device.startswith("cuda") else f"{name}, {threads} thread{'s' * (threads > 1)}"
        for device, name, threads in places.itertuples(index=False)
    ]
    if len(names) == 1:
        return f"Measured on {names[0]}"
    return f"Measured on different devices, so times cannot be compared: {'; '.join(names)}"


def write_costs(study_folder: Path) -> list[Path]:
    """Writes ``tables/costs.{csv,md,tex}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a cost file is missing or cannot be used.
    """
    study = read_study(study_folder)
    costs = read_costs(study_folder, study)
    whole = costs.astype({"parameters": "Int64"})
    return write_table(layout(study, costs), whole, study_folder / "tables" / "costs")


def layout(study: Results, costs: pd.DataFrame) -> PlainTable:
    """Lays out the table, in the order and groups of the score tables."""
    groups: dict[str, list[list[str]]] = {}
    for method, row in zip(measured(study), costs.to_dict("records"), strict=True):
        cells = [study.label(method), method.weights]
        cells.append("n/a" if pd.isna(row["parameters"]) else f"{row['parameters']:,.0f}")
        cells += [significant(row[name]) for name in ("gflops", "seconds", "memory_mib")]
        groups.setdefault(method.group, []).append(cells)
    caption = (
        f"{study.title}: what one image of {WIDTH}x{HEIGHT} pixels costs. Parameters in use; "
        "GFLOPs of convolutions and matrix products, a multiply-add counts as two; median time "
        "from 8-bit image to 8-bit image; peak memory beyond the loaded method. "
        f"{describe_machine(costs)}."
    )
    heads = ["Method", "Weights", "Parameters", "GFLOPs", "Time (s)", "Memory (MiB)"]
    notes = ["n/a: not applicable, the method has no network"]
    disturbed = set(costs.loc[costs["processor_share"] < IDLE, "method"])
    if disturbed:
        names = ", ".join(method.label for method in study.methods if method.name in disturbed)
        notes.append(f"Other work ran beside these, their times are too long: {names}")
    return PlainTable(f"{study.name}-costs", caption, heads, ["l", "l"] + ["r"] * 4, groups, notes)


def significant(value: float) -> str:
    """Three significant digits and no exponent: 0.00123, 1.23, 123, 1230."""
    if pd.isna(value):
        return "n/a"
    return np.format_float_positional(float(f"{value:.3g}"), trim="-")
