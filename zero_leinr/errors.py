"""The one error that a user is meant to read."""


class InputError(ValueError):
    """Something the user gave cannot be used: a file, a key, a folder, a set of weights.

    The message is one line that names the thing and says what to do. The command line prints it
    as it is and exits with code 2; no traceback is needed to understand it.
    """
