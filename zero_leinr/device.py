"""Which device the networks run on, and how a CPU is set up for training."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from zero_leinr.errors import InputError

log = logging.getLogger(__name__)

BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""The bfloat16 instructions of CPUs by Intel, AMD and ARM, as PyTorch names them."""


def choose_device(name: str = "auto") -> str:
    """Resolve ``auto`` to cuda, mps or cpu, whichever comes first on this machine.

    Raises:
        InputError: This machine does not have the named device.
    """
    if name == "cpu":
        return name
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, found in there.items() if found), "cpu")
    if not there.get(name.split(":")[0]):
        if name.split(":")[0] in there:
            raise InputError(
                f"device {name}: not on this machine, as far as PyTorch sees; use cpu or auto"
            )
        raise InputError(f"device {name}: not known; use auto, cpu, cuda or mps")
    return name


def warn_where_slow(precision: str, device: str) -> None:
    """Warn if the CPU has to emulate bfloat16, which is many times slower than float32."""
    if device != "cpu" or precision != "bfloat16":
        return
    import torch

    can = getattr(torch.cpu, "get_capabilities", None)  # older versions of PyTorch cannot tell
    if can and not any(can().get(name) for name in BFLOAT16):
        log.warning(
            "precision bfloat16: this CPU has no instructions for it and is 2 to 13 times slower "
            "than with float32 (docs/profile.md); use float32 here"
        )


@contextmanager
def flush_to_zero() -> Iterator[None]:
    """Make the CPU treat subnormal numbers as zero, in this thread and those it starts.

    Training drives weights of dead channels and Adam's averages below 1.2e-38, and some CPUs
    compute with such numbers many times slower (docs/profile-training.md). Afterwards, the calling
    thread is as it was. CPUs without this mode are left as they are.
    """
    import torch

    tiny = torch.tensor(torch.finfo(torch.float32).tiny)
    before = bool(tiny / 4 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
