"""The one error that a user is meant to read, and how it names what is not known."""

import difflib
from collections.abc import Iterable

LONGEST = 2000
"""Characters of a message."""


class InputError(ValueError):
    """A file, key, folder or set of weights from the user cannot be used.

    The message is one line that names the thing and says what to do. The command line prints it
    without a traceback and exits with code 2.
    """

    def __init__(self, message: str) -> None:
        if len(message) > LONGEST:  # a value in a file of others may have any length
            message = f"{message[: LONGEST - 500]} ... {message[-400:]}"
        super().__init__(message)


def unknown(kind: str, name: str, known: Iterable[str], where: object = "") -> InputError:
    """Return the error for a name that is not known.

    Args:
        kind: What it should name, such as ``method``.
        name: What the user wrote.
        known: The names that there are.
        where: The file that it stands in, if it stands in one.

    Examples:
        >>> print(unknown("method", "zero_dec", ["zero_dce", "he"]))
        unknown method 'zero_dec'; did you mean zero_dce?
    """
    return InputError(f"{where}{': ' if where else ''}unknown {kind} {name!r}; {hint(name, known)}")


def hint(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to one that is not known; all of them if none is near.

    Examples:
        >>> hint("gamma_", ["gamma", "he"]), hint("x", ["gamma", "he"])
        ('did you mean gamma?', 'known: gamma, he')
    """
    known = list(known)
    plain = {each.lower(): each for each in reversed(known)}
    near = difflib.get_close_matches(str(name).lower(), plain, n=1)
    return f"did you mean {plain[near[0]]}?" if near else f"known: {', '.join(known) or 'none'}"
