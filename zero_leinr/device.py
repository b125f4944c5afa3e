"""Which device the networks run on, and how a CPU is set up for training."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zero_leinr.errors import InputError
from zero_leinr.gpu_slots import visible_gpus

log = logging.getLogger(__name__)

AMD = Path("/dev/kfd")
"""What the driver of AMD's GPUs is reached by; PyTorch calls them cuda, too."""

BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""The bfloat16 instructions of CPUs by Intel, AMD and ARM, as PyTorch names them."""


def choose_device(name: str = "auto") -> str:
    """Resolve ``auto`` to cuda, mps or cpu, whichever comes first here, ``gpu`` to cuda or mps.

    Raises:
        InputError: This machine does not have the named device.
    """
    if name == "cpu":
        return name
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name in ("auto", "gpu"):
        found = next((device for device, is_there in there.items() if is_there), "cpu")
        if name == "gpu" and found == "cpu":
            raise InputError(
                "a GPU was asked for, and torch sees none: `python -c 'import torch; "
                "torch.cuda.init()'` says why; ZERO_LEINR_GPUS=0 keeps a study on the CPU"
            )
        return found
    if not there.get(name.split(":")[0]):
        if name.split(":")[0] in there:
            raise InputError(
                f"device {name}: not on this machine, as far as PyTorch sees; use cpu or auto"
            )
        raise InputError(f"device {name}: not known; use auto, cpu, cuda or mps")
    return name


def warn_where_slow(precision: str, device: str) -> None:
    """Warn if the CPU has to emulate bfloat16, which is many times slower than float32."""
    if device == "cpu" and precision == "bfloat16" and has_bfloat16() is False:
        log.warning(
            "precision bfloat16: this CPU has no instructions for it and is 2 to 13 times slower "
            "than with float32 (docs/profile.md); use float32 here"
        )


def has_bfloat16() -> bool | None:
    """Tell whether this CPU has instructions for bfloat16; None if PyTorch cannot tell."""
    import torch

    can = getattr(torch.cpu, "get_capabilities", None)  # older versions of PyTorch lack it
    return any(can().get(name) for name in BFLOAT16) if can else None


def check_device(name: str) -> None:
    """Refuse a GPU where none can be, without loading torch; ``choose_device`` asks torch.

    Raises:
        InputError: There is no such device, as far as the system's files tell.
    """
    apple = sys.platform == "darwin"
    if (name == "mps" and not apple) or (name == "cuda" and apple):
        raise InputError(f"device {name}: not on this machine; use cpu or auto")
    if name in ("cuda", "gpu") and not (apple or visible_gpus() or AMD.exists()):
        raise InputError(f"device {name}: no GPU is seen on this machine; use cpu or auto")


def set_up_training() -> None:
    """Set up this process as a training wants it; to be called before its first threads start.

    The CPU treats subnormal numbers as zero, see ``subnormals_as_zero``. cuDNN leaves out those
    algorithms that add up in any order: with them, no two runs would have the same bits.
    """
    import torch

    torch.set_flush_denormal(True)
    torch.backends.cudnn.deterministic = True


@contextmanager
def training_setup() -> Iterator[None]:
    """Call ``set_up_training``; afterwards, the calling thread is as it was."""
    import torch

    before = torch.backends.cudnn.deterministic
    with subnormals_as_zero():
        set_up_training()
        try:
            yield
        finally:
            torch.backends.cudnn.deterministic = before


@contextmanager
def subnormals_as_zero() -> Iterator[None]:
    """Let the CPU treat numbers below 1.2e-38 as zero, in this thread and those it starts.

    Training drives weights of dead channels and Adam's averages there, and some CPUs compute with
    such numbers many times slower. Weights trained on a GPU hold very small numbers that become
    subnormal in the networks: one image took 19.6 s, and 2.4 s this way, with the same output.
    """
    import torch

    tiny = torch.tensor(torch.finfo(torch.float32).tiny)
    before = bool(tiny / 4 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


@contextmanager
def exact_float32() -> Iterator[None]:
    """Let cuDNN compute float32 as IEEE defines it, and not in TF32 with its 10 bits.

    For evaluation: with TF32, scores of official weights would differ from those of a CPU. Training
    keeps TF32, which is PyTorch's default for convolutions.
    """
    import torch

    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
