"""Where a number came from: versions, commit, machine and time of a run."""

import contextlib
import json
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from zero_leinr.atomic_write import replacing


def provenance(device: str) -> dict[str, Any]:
    """Return what a reader needs to know about this process to repeat it.

    Args:
        device: The device that the work ran on, such as ``cpu`` or ``cuda``.
    """
    return {
        "versions": {
            "python": platform.python_version(),
            **{name: _version(name) for name in ("zero-leinr", "torch", "numpy")},
        },
        "git_commit": git_commit(),
        "device": device,
        "device_name": device_name(device),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str | None:
    """Its version; None for a copy of this repository that is used without being installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_commit() -> str | None:
    """Return the commit of this checkout, with ``-dirty`` if files differ; None outside of one."""
    here = Path(__file__)
    # An installed copy may lie in a checkout of something else, which does not track this file.
    tracked = ["ls-files", "--error-unmatch", here.name]
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        for command in (tracked, describe):
            found = subprocess.run(
                ["git", *command], cwd=here.parent, capture_output=True, text=True, check=True
            )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def device_name(device: str) -> str:
    """Return the name of the GPU, or the model of the CPU where Linux tells it."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write a JSON file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
