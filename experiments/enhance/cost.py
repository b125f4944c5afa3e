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
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from experiments.enhance.run import Enhancer, baseline, trained
from experiments.provenance import provenance
from experiments.sheets.study import StudyConfig
from zero_leinr.allocator import return_freed_memory
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError

WIDTH, HEIGHT = 600, 400  # of LOL's images


REPEATS = 7


MEBIBYTE = 2**20


def measure_method(
    study: StudyConfig, name: str, weights: Path | None, device: str = "auto"
) -> dict[str, Any]:
    """Measure one method of a study; to be called in a fresh process.

    Args:
        study: The study; its padding counts.
        name: The method.
        weights: What was trained for it; None for a method that is not trained here.
        device: Where its network runs; methods without one run on the CPU.

    Returns:
        The content of ``costs/<method>.json``: see the top of this file; ``parameters`` and
        ``gflops`` are None without a network, ``memory_mib`` where it cannot be measured.
        ``processor_share`` is CPU time over wall time, on a CPU: well below 1, other
        work ran beside it, and the seconds are too long.

    Raises:
        InputError: The study has no such method, or its weights are missing.
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
    """Measure a function from a uint8 (H, W, 3) image to another; see ``measure_method``."""
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
    """Return a photograph of scikit-image, 600x400, darkened and noisy; always the same."""
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


def network_cost(enhancer: Enhancer, image: np.ndarray) -> tuple[int | None, int | None]:
    """Count parameters in use and operations of a method's network; None where it has none.

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
