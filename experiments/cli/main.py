"""The command line: ``zero-leinr``, one command a stage.

Each command parses its arguments and calls the library; the workflow's rules call these commands.
One module beside this one holds the commands of a stage.
Heavy imports happen inside the commands, so that ``--help`` and cheap methods start at once.
"""

import errno
import logging
import os
import sys
from collections.abc import Sequence

from experiments.cli.common import use_machine
from experiments.cli.enhance import add_enhance_commands
from experiments.cli.list import add_list_command
from experiments.cli.paper import add_paper_commands
from experiments.cli.parser import Parser
from experiments.cli.results import add_result_commands
from experiments.cli.score import add_score_command
from experiments.cli.study import add_study_commands
from experiments.cli.trace import add_trace_commands
from experiments.cli.train import add_train_command
from zero_leinr import __version__
from zero_leinr.allocator import reuse_freed_memory
from zero_leinr.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0, 1 where a check fails, 2 after an error."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    reuse_freed_memory()
    try:
        options = parser().parse(sys.argv[1:] if arguments is None else arguments)
        use_machine(options)
        return options.run(options) or 0
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
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"error: {_in_words(error)}", file=sys.stderr)
        return 2


def _in_words(error: OSError) -> str:
    """Say what the system refused, and what to do."""
    advice = {
        errno.ENOSPC: "make room, then run the same command again",
        errno.EDQUOT: "make room, then run the same command again",
        errno.EACCES: "no permission; choose another folder",
        errno.EROFS: "choose another folder",
    }
    where = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or " ".join(str(error).split())
    return f"{where}{reason}; {advice[error.errno]}" if error.errno in advice else where + reason


def _is_out_of_memory(error: Exception) -> bool:
    """Tell whether numpy, or torch on any device, found no more memory; without importing them."""
    said = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED")
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in str(error) for words in said)  # AcceleratorError, cuDNN and cuBLAS
    )


def parser() -> Parser:
    """Build the parser of all commands."""
    top = Parser(
        prog="zero-leinr",
        description="Zero-reference low-light image enhancement: train, enhance, score, compare.",
        epilog="The whole study runs with `make demo`, `make quick` or `make paper`. Data and "
        "weights lie in ./data, or in the folder that $ZERO_LEINR_DATA names.",
    )
    top.add_argument("--version", action="version", version=f"zero-leinr {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_enhance_commands(commands)
    add_train_command(commands)
    add_score_command(commands)
    add_study_commands(commands)
    add_list_command(commands)
    add_result_commands(commands)
    add_trace_commands(commands)
    add_paper_commands(commands)
    top.commands = commands.choices
    return top


if __name__ == "__main__":
    sys.exit(main())
