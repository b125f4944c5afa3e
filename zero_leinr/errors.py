"""The one error that a user is meant to read."""


class InputError(ValueError):
    """A file, key, folder or set of weights from the user cannot be used.

    The message is one line that names the thing and says what to do. The command line prints it
    without a traceback and exits with code 2.
    """
