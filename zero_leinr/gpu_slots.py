"""The GPUs of this machine, found without torch, and one of them for each process.

PyTorch takes the first GPU unless told otherwise: four trainings started on a node with four GPUs
would share it. So a process that needs one takes a slot before it loads torch: a lock on a file
named after the GPU's UUID. The kernel frees it when the process ends, however it ends.

Locks are those of one user on one machine; two containers that share a GPU do not see each other's.
"""

import contextlib
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

from zero_leinr.errors import InputError

DEVICES = Path("/dev")
WSL = Path("/usr/lib/wsl/lib")
"""Where Windows puts NVIDIA's driver for Linux; not on every PATH."""

_held: list[IO[str]] = []


def count_gpus() -> int:
    """Return how many GPUs there are to train on; ``ZERO_LEINR_GPUS`` has the last word.

    NVIDIA's that ``CUDA_VISIBLE_DEVICES`` does not hide, each MIG instance as one, or Apple's.
    Others (AMD) are not looked for.

    Raises:
        InputError: ``ZERO_LEINR_GPUS`` is not a number.
    """
    told = os.environ.get("ZERO_LEINR_GPUS")
    if told:
        if not told.isdecimal():
            raise InputError(f"ZERO_LEINR_GPUS={told}: write how many GPUs there are, such as 4")
        return int(told)
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return 1
    return len(visible_gpus())


def visible_gpus() -> dict[str, str]:
    """Return the NVIDIA GPUs that this process may use: name for CUDA -> UUID.

    The name is what ``CUDA_VISIBLE_DEVICES`` calls it. Without ``nvidia-smi``, as in some
    containers, a GPU is known by its number alone, and that stands in for the UUID.
    """
    gpus = _from_tool()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return {name: name for parts in gpus for name in parts}
    found: dict[str, str] = {}
    for name in map(str.strip, chosen.split(",")):
        if name.isdecimal() and int(name) < len(gpus):
            found[name] = gpus[int(name)][0]
        elif uuids := [uuid for uuid in itertools.chain(*gpus) if name and uuid.startswith(name)]:
            found[name] = uuids[0]
        else:
            break  # CUDA ignores what follows a name that it does not know, such as -1
    return found


def _from_tool() -> list[list[str]]:
    """Return a list for each GPU in the order of their numbers: its UUID, or its MIG instances'."""
    tool = shutil.which("nvidia-smi", path=f"{os.environ.get('PATH', '')}{os.pathsep}{WSL}")
    if tool is None:
        return _from_files()
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=60)
        gpus: list[list[str]] = []
        for line in listed.stdout.splitlines() if listed.returncode == 0 else ():
            if uuid := re.search(r"UUID: ([^)]+)\)", line):
                if line.startswith("GPU"):
                    gpus.append([])
                gpus[-1].append(uuid[1])
        return [parts[1:] or parts for parts in gpus]
    return []


def _from_files() -> list[list[str]]:
    """Return the GPUs that the driver's device files show, by number; under WSL there is one."""
    files = [path for path in DEVICES.glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)]
    wsl = (DEVICES / "dxg").exists() and (WSL / "libcuda.so.1").exists()
    return [[str(number)] for number in range(len(files) or int(wsl))]


def take_gpu() -> None:
    """Keep one of the visible GPUs for this process until it ends: one with the fewest runs on it.

    To be called before torch loads. Where there is no GPU, or no lock (Windows), nothing happens.
    """
    if _held or not (gpus := visible_gpus()):
        return
    try:
        import fcntl
    except ImportError:
        return
    folder = Path(tempfile.gettempdir()) / f"zero-leinr-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    # First a free GPU, then one with a single run on it, and so on.
    slots = ((runs, *gpu) for runs in itertools.count() for gpu in gpus.items())
    for runs, name, uuid in slots:
        handle = (folder / f"{uuid.replace('/', '_')}.{runs}").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            continue
        _held.append(handle)
        os.environ["CUDA_VISIBLE_DEVICES"] = name
        return


if __name__ == "__main__":
    print(count_gpus())
