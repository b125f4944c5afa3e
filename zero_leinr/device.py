"""Which device the networks run on, and how a processor is set up for training."""

from collections.abc import Iterator
from contextlib import contextmanager

from zero_leinr.errors import InputError


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
