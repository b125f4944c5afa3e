"""A parser whose complaints are one line, with the name that was probably meant."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from zero_leinr.errors import InputError, hint, unknown


class Parser(argparse.ArgumentParser):
    """Raise InputError in place of printing the usage and ending the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.names: list[str] = []
        self.commands: dict[str, Parser] = {}
        super().__init__(*args, **kwargs)

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """Add an argument, and note the names of an option."""
        action = super().add_argument(*args, **kwargs)
        self.names += action.option_strings
        return action

    def error(self, message: str) -> NoReturn:
        """Raise the complaint; argparse calls this."""
        raise InputError(f"{self.prog.removeprefix('zero-leinr').strip() or self.prog}: {message}")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse the arguments of one command.

        Raises:
            InputError: A command or an option is unknown or missing, or a value cannot be.
        """
        command = next(iter(arguments), "")
        if command and not command.startswith("-") and command not in self.commands:
            raise unknown("command", command, self.commands)
        options, rest = self.parse_known_args(arguments)
        for option in rest:
            if option.startswith("-"):
                name = option.partition("=")[0]
                known = self.commands[command].names
                raise unknown("option", name, [n for n in known if len(n) > 2], command)
            raise InputError(f"{command}: {option!r} is too much here; --help shows examples")
        return options


def one_of(*names: str) -> Callable[[str], str]:
    """Return the type of an option that takes one of these names."""

    def check(value: str) -> str:
        if value not in names:
            raise argparse.ArgumentTypeError(f"unknown value {value!r}; {hint(value, names)}")
        return value

    return check
