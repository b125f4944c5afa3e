"""Separate random streams: leaving one part out changes no other."""

import hashlib

import torch

STREAMS = (
    *("init/light", "init/color", "init/denoiser", "init/baseline"),
    *("order", "crop", "noise", "neighbors"),
)


def stream(seed: int, name: str, *counters: int, device: str = "cpu") -> torch.Generator:
    """Make the random generator for one purpose at one point of one run.

    A draw depends on the seed, the purpose and the place in the run (epoch, step), never on what
    was drawn before. So a variant without the denoiser sees the same noise as the full method, and
    a resumed run needs no generator state to continue with the same bits.

    Args:
        seed: The run's seed.
        name: One of ``STREAMS``.
        counters: Where in the run, such as the epoch or the step.
        device: The generator's device. Numbers differ between device types, and on CUDA between
            GPU models: how many numbers a thread draws depends on the number of multiprocessors.

    Raises:
        KeyError: ``name`` is not a stream.

    Examples:
        >>> torch.rand(1, generator=stream(0, "noise", 5))
        tensor([0.3600])
        >>> torch.rand(1, generator=stream(0, "noise", 6))
        tensor([0.0957])
        >>> torch.rand(1, generator=stream(0, "noise", 5))
        tensor([0.3600])
    """
    if name not in STREAMS:
        raise KeyError(name)
    key = "/".join(map(str, (seed, name, *counters))).encode()
    digest = hashlib.blake2b(key, digest_size=8).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest, "big") >> 1)
