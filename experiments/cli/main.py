"""The command line: ``zero-leinr``, one command a stage.

Each command parses its arguments and calls the library; the workflow's rules call these commands.
One module beside this one holds the commands of a stage.
Heavy imports happen inside the commands, so that ``--help`` and cheap methods start at once.
"""

import argparse
import logging
import sys
from collections.abc import Sequence

from experiments.cli.common import use_machine
from experiments.cli.enhance import add_enhance_commands
from experiments.cli.paper import add_paper_commands
from experiments.cli.results import add_result_commands
from experiments.cli.score import add_score_command
from experiments.cli.study import add_study_commands
from experiments.cli.train import add_train_command
from zero_leinr.allocator import reuse_freed_memory
from zero_leinr.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, or 2 after a one-line error."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    reuse_freed_memory()
    try:
        use_machine(options)
        options.run(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"error: this needs the package {error.name}, which is missing", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        print(
            "error: not enough memory: take smaller images, a smaller --tile (enhance), smaller "
            "batches or crops (train), or another --device",
            file=sys.stderr,
        )
        return 2
    except PermissionError as error:
        print(f"error: {error.filename}: no permission; choose another folder", file=sys.stderr)
        return 2
    return 0


def _is_out_of_memory(error: Exception) -> bool:
    """Tell whether numpy, or torch on any device, found no more memory; without importing them."""
    said = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED")
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in str(error) for words in said)  # AcceleratorError, cuDNN and cuBLAS
    )


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="zero-leinr",
        description="Zero-reference low-light image enhancement: train, enhance, score, compare.",
        epilog="The whole study runs with `make demo`, `make quick` or `make paper`. Data and "
        "weights lie in ./data, or in the folder that $ZERO_LEINR_DATA names.",
    )
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_enhance_commands(commands)
    add_train_command(commands)
    add_score_command(commands)
    add_study_commands(commands)
    add_result_commands(commands)
    add_paper_commands(commands)
    return top


if __name__ == "__main__":
    sys.exit(main())
