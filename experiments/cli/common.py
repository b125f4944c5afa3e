"""What the commands have in common: their options for machine and seeds, studies and settings."""

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.parser import one_of
from zero_leinr.device import check_device
from zero_leinr.errors import InputError
from zero_leinr.gpu_slots import take_gpu

if TYPE_CHECKING:
    from experiments.sheets.study import StudyConfig

DEVICES = ("auto", "cpu", "gpu", "cuda", "mps")


def add_command(commands: Any, name: str, run: Any, summary: str, examples: str) -> Any:
    """Add a command with its help; ``run`` is called with the parsed options."""
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n  " + examples.replace("\n", "\n  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def add_machine(command: Any) -> None:
    """Add the options of commands that compute: device and threads."""
    command.add_argument(
        "--device",
        type=one_of(*DEVICES),
        metavar="{" + ",".join(DEVICES) + "}",
        default="auto",
        help="default: the best here; gpu stops where there is none",
    )
    command.add_argument(
        "--gpus",
        type=int,
        choices=(0, 1),
        help="what a scheduler gave this job, in place of --device: 0 is cpu, 1 is gpu",
    )
    command.add_argument("--threads", type=at_least_one, help="CPU threads (default: all)")


def at_least_one(text: str) -> int:
    """Read a count from the command line."""
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a count of at least 1")
    return int(text)


def use_machine(options: argparse.Namespace) -> None:
    """Settle threads and device of a command before torch and numpy load; takes a GPU slot."""
    if getattr(options, "threads", None):
        # Read by the numerical libraries when they load. All three, since Snakemake sets them all,
        # and MKL and OpenBLAS prefer their own.
        for library in ("OMP", "MKL", "OPENBLAS"):
            os.environ[f"{library}_NUM_THREADS"] = str(options.threads)
    if getattr(options, "gpus", None) is None:  # else a scheduler has the word, and torch
        check_device(getattr(options, "device", "auto"))
    else:
        options.device = "gpu" if options.gpus else "cpu"
    if getattr(options, "device", "cpu") in ("auto", "gpu", "cuda"):
        take_gpu()


def find_study(name: str) -> "StudyConfig":
    """Load a study by its name in ``experiments/config/studies``, or by the path of its file.

    Raises:
        InputError: There is no such study, or something in it is wrong.
    """
    from experiments.sheets.reading import CONFIG
    from experiments.sheets.study import load_study

    path = Path(name)
    return load_study(path if path.suffix else CONFIG / "studies" / f"{name}.yaml")


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Turn ``["epochs=20", "light.spatial=0"]`` into overrides of a recipe; values are YAML.

    Raises:
        InputError: An item is not ``key=value``, or its value is not YAML.
    """
    if not settings:
        return {}  # a machine that only trains may have no PyYAML
    from experiments.sheets.ablations import nest
    from experiments.sheets.reading import parse_yaml

    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals and value):
            raise InputError(f"--set {setting}: write KEY=VALUE, such as epochs=20")
        values[key] = parse_yaml(value, f"--set {' '.join(setting.split())[:80]}")
    return nest(values)


def add_seeds(command: Any) -> None:
    """Add the option that enhances or scores several seeds of a method in one call."""
    command.add_argument(
        "--seeds", nargs="+", type=int, help="these seeds of a method: a folder seed<k> for each"
    )


def seed_folders(seeds: list[int] | None) -> list[str]:
    """Return the folder of each seed below that of its method; none if no seeds are named."""
    return [""] if seeds is None else [f"seed{seed}" for seed in seeds]
