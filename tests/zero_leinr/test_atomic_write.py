"""A file is whole or not there; unfinished ones do not stay, and do not meet."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from zero_leinr import atomic_write
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

WRITE = (
    "import sys, time; from pathlib import Path; from zero_leinr.atomic_write import replacing\n"
    "with replacing(Path(sys.argv[1])) as part:\n"
    "    part.write_text('half'); print('half', flush=True); time.sleep(600)"
)


@pytest.fixture
def writer(tmp_path):
    """Another process in the middle of writing ``tmp_path / a.txt``."""
    command = [sys.executable, "-c", WRITE, str(tmp_path / "a.txt")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"half\n"
    yield process
    process.kill()
    process.wait()


def write(path, text="whole"):
    atomic_write._swept.clear()  # as in a new process
    with replacing(path) as part:
        part.write_text(text)


def test_the_unfinished_file_of_a_dead_process_is_removed_and_that_of_a_living_one_stays(
    tmp_path, writer
):
    mine = tmp_path / ".0123.part"  # of another program
    mine.touch()
    write(tmp_path / "b.txt")
    assert len(list(tmp_path.iterdir())) == 3
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    write(tmp_path / "b.txt")
    assert {path.name for path in tmp_path.iterdir()} == {"b.txt", mine.name}


def test_two_processes_of_one_number_do_not_write_to_one_file(tmp_path, monkeypatch):
    """As in two containers that share a file system."""
    monkeypatch.setattr(os, "getpid", lambda: 7)

    def write_long(digit):
        with replacing(tmp_path / "a.txt") as part:
            for _ in range(50):
                with part.open("a") as file:
                    file.write(digit * 100)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_long, "01234567"))
    text = (tmp_path / "a.txt").read_text()
    assert len(text) == 5000
    assert len(set(text)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_new_file_has_the_permissions_that_new_files_have(tmp_path):
    write(tmp_path / "a.txt")
    (tmp_path / "b.txt").touch()
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_what_the_system_refuses_is_one_line_and_leaves_nothing(tmp_path):
    def fill_the_disk():
        with replacing(tmp_path / "a.txt") as part, open("/dev/full", "w") as full:
            part.write_text("half")
            full.write("more")

    with pytest.raises(InputError, match=r"a\.txt: cannot be written \(No space"):
        fill_the_disk()
    assert list(tmp_path.iterdir()) == []
