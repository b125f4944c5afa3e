"""A parser whose complaints are one line, with the name that was probably meant."""

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from zero_leinr.errors import InputError, hint, unknown
from zero_leinr.recipe import Recipe

SETTINGS = frozenset(field.name for field in dataclasses.fields(Recipe))


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
        for kind, words in (("float", "a number"), ("int", "a whole number")):
            message = message.replace(f"invalid {kind} value:", f"{words}, not")
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
                raise self._unknown_option(command, name)
            raise InputError(f"{command}: {option!r} is too much here; --help shows examples")
        return options

    def _unknown_option(self, command: str, name: str) -> InputError:
        """Return the error for an option that a command does not have."""
        if command == "train" and (key := name.lstrip("-").replace("-", "_")) in SETTINGS:
            return InputError(f"train: write --set {key}=VALUE instead of {name}")
        known = [option for option in self.commands[command].names if len(option) > 2]
        if len(name) == 2:  # -o: the options with this letter
            known = [option for option in known if option.startswith(f"-{name}")] or known
        return unknown("option", name, known, command)


def one_of(*names: str) -> Callable[[str], str]:
    """Return the type of an option that takes one of these names."""

    def check(value: str) -> str:
        if value not in names:
            raise argparse.ArgumentTypeError(f"unknown value {value!r}; {hint(value, names)}")
        return value

    return check
