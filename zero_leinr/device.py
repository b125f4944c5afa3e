"""Which device the networks run on."""

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
