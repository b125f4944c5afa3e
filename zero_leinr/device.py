"""Which device the networks run on, and how a processor is set up for training."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from zero_leinr.errors import InputError

log = logging.getLogger(__name__)

BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""Instructions for bfloat16 of processors by Intel and AMD, and by ARM's design."""


def choose_device(name: str = "auto") -> str:
    """Resolves ``auto`` to cuda, mps or cpu, whichever comes first on this machine.

    Raises:
        InputError: The named device is not there.
    """
    if name == "cpu":
        return name
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, found in there.items() if found), "cpu")
    if not there.get(name.split(":")[0]):
        raise InputError(f"device {name}: not on this machine; use auto, or one of cpu, cuda, mps")
    return name


def warn_where_slow(precision: str, device: str) -> None:
    """Warns where a processor must emulate bfloat16: it takes many times as long as float32."""
    if device != "cpu" or precision != "bfloat16":
        return
    import torch

    can = getattr(torch.cpu, "get_capabilities", None)  # PyTorch before it can't tell
    if can and not any(can().get(name) for name in BFLOAT16):
        log.warning(
            "precision bfloat16: this processor has no instructions for it and takes 2 to 13 "
            "times as long as with float32 (docs/profile.md); take float32 here"
        )


@contextmanager
def flush_to_zero() -> Iterator[None]:
    """Makes the processor take subnormal numbers for zero, in this thread and those it starts.

    Training drives weights of dead channels and Adam's averages below 1.2e-38, and some processors
    compute with such numbers many times slower (docs/profile-training.md). Afterwards the calling
    thread is as it was. Does nothing on processors that cannot do it.
    """
    import torch

    tiny = torch.tensor(torch.finfo(torch.float32).tiny)
    before = bool(tiny / 4 == 0)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
