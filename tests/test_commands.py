"""Commands that the pages show.

Those that need nothing but the checkout run here; those of the first hour run in their own test.
The others need data or hours: every one must be a command that there is, with options that it has.
"""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from experiments.cli.main import main, parser
from experiments.sheets.study import Studies

PROJECT = Path(__file__).parents[1]
PAGES = [
    *PROJECT.glob("*.md"),
    *PROJECT.glob("docs/**/*.md"),
    *PROJECT.glob("results/reference/*/README.md"),
    PROJECT / "zero_leinr" / "weights" / "README.md",
]
PROGRAMS = ("zero-leinr ", "make ", "snakemake ", "python ")


def commands(page: Path) -> list[list[str]]:
    """Return the commands in a page's blocks of code, as a shell would see them."""
    found, language = [], None
    for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        fence = re.match(r" *```(\w*)$", line)
        if fence:
            language = fence[1] if language is None else None
        elif language in ("", "sh", "bash"):
            found += [part.strip() for part in line.split("&&")]
    return [shlex.split(line, comments=True) for line in found if line.startswith(PROGRAMS)]


SHOWN = {page.relative_to(PROJECT).as_posix(): commands(page) for page in PAGES}


def test_the_pages_show_commands():
    assert {command[0] for shown in SHOWN.values() for command in shown} == {
        program.strip() for program in PROGRAMS
    }
    assert sum(len(shown) for shown in SHOWN.values()) > 60


@pytest.mark.parametrize("page", [page for page, shown in SHOWN.items() if shown])
def test_every_command_of_a_page_is_one(page):
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = {
        name for rule in re.findall(r"^([\w ./-]+):(?!=)", makefile, re.M) for name in rule.split()
    }
    for program, *arguments in SHOWN[page]:
        if program == "zero-leinr":
            parser().parse(arguments)  # raises what a user would be told
        elif program == "make":
            assert {word for word in arguments if "=" not in word} <= targets, arguments
        elif program == "python" and arguments[0].endswith(".py"):
            script = (PROJECT / arguments[0]).read_text(encoding="utf-8")
            for option in (word for word in arguments if word.startswith("--")):
                assert f'"{option}"' in script, (arguments[0], option)


def test_the_studies_that_are_run_ship_or_are_written_by_the_page():
    for page, shown in SHOWN.items():
        written = {command[2] for command in shown if command[1] == "study"}
        runs = [command[2] for command in shown if command[:2] == ["zero-leinr", "run"]]
        targets = runs + [command[1] for command in shown if command[0] == "snakemake"]
        for target in targets:
            study = target.removeprefix("results/").split("/")[0]
            assert study in {*Studies(), *written}, (page, target)


def of_kept_studies() -> list[list[str]]:
    """Return the commands that read nothing but a kept study."""
    found = [
        command[1:] for shown in SHOWN.values() for command in shown if "zero-leinr" in command
    ]
    return [
        command
        for command in found
        if (paths := [word for word in command if "results/" in word])
        and all(path.startswith("results/reference/") for path in paths)
    ]


@pytest.mark.parametrize("command", of_kept_studies(), ids=" ".join)
def test_commands_that_need_a_kept_study_alone_run(command, tmp_path, monkeypatch):
    shutil.copytree(PROJECT / "results" / "reference", tmp_path / "results" / "reference")
    monkeypatch.chdir(tmp_path)
    assert main(command) == 0
