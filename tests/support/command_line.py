"""The command line, called from tests."""

from experiments.cli.main import main


def command(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def fails(capsys, *arguments: object) -> str:
    """Runs a command that must fail; returns its one line."""
    assert command(*arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("error: ")
    assert sum(line.startswith("error: ") for line in lines) == 1
    return lines[-1]
