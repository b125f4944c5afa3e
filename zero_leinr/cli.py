"""The command ``zero-leinr``: the whole suite in a checkout, ``enhance`` alone elsewhere."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from zero_leinr.errors import InputError

SUITE = Path(__file__).parents[1] / "experiments" / "cli"
"""The suite's commands lie beside this package in a checkout. A wheel does not have them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As on the command line; those of the process by default.

    Returns:
        The exit code: 0, or 2 after a one-line error.
    """
    if SUITE.is_dir():
        # By name: the suite is built on this package, and never the other way round.
        return import_module("experiments.cli.main").main(arguments)
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] not in ("enhance", "-h", "--help", "--version"):
        return _error(
            f"{arguments[0]}: not a command of the installed package, which has `enhance` alone; "
            "the suite (train, score, studies) is a checkout of the repository"
        )
    options = _parser().parse_args(arguments)
    try:
        _enhance(options)
    except InputError as error:
        return _error(str(error))
    return 0


def _error(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    from zero_leinr import __version__

    parser = argparse.ArgumentParser(
        prog="zero-leinr",
        description="Brighten dark photos. The suite, which trains, scores and compares, is a "
        "checkout of the repository; in Python, `zero_leinr.train` trains without it.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    command = commands.add_parser("enhance", help="brighten images with trained weights")
    command.add_argument("images", nargs="+", type=Path)
    command.add_argument(
        "--out", type=Path, default=Path("enhanced"), help="folder for PNGs (default: enhanced)"
    )
    command.add_argument(
        "--weights", type=Path, help="a model.safetensors (default: the released weights)"
    )
    command.add_argument(
        "--strength", type=float, default=1.0, help="0 is the input, 1 the enhanced image (default)"
    )
    command.add_argument(
        "--exposure", type=float, help="mean brightness of the result, between 0 and 1"
    )
    command.add_argument("--device", default="auto", help="auto (default), cpu, cuda or mps")
    return parser


def _enhance(options: argparse.Namespace) -> None:
    from zero_leinr.allocator import reuse_freed_memory
    from zero_leinr.atomic_write import replacing
    from zero_leinr.enhancing import enhance

    reuse_freed_memory()
    for path in options.images:
        made = enhance(
            path,
            weights=options.weights,
            strength=options.strength,
            exposure=options.exposure,
            device=options.device,
        )
        target = options.out / f"{path.stem}.png"
        if target.resolve() == path.resolve():
            raise InputError(f"{target}: this image would be overwritten; choose another --out")
        with replacing(target) as temporary:
            made.save(temporary, format="PNG")
        print(target)
