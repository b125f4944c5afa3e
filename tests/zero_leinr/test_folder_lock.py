"""A folder belongs to one process at a time, and to nobody once that process is dead."""

import os
import signal
import subprocess
import sys

import pytest
from support.command_line import fails

from zero_leinr.errors import InputError
from zero_leinr.folder_lock import LOCK, is_locked, locked, owner_here

HOLD = (
    "import sys, time; from pathlib import Path; from zero_leinr.folder_lock import locked\n"
    "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds ``tmp_path / run``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_a_folder_in_use_is_refused_in_one_line_that_names_the_process(tmp_path, holder):
    folder = tmp_path / "run"
    with pytest.raises(InputError, match=f"process {holder.pid} on ") as error, locked(folder):
        pass
    assert "\n" not in str(error.value)
    assert is_locked(folder)
    assert owner_here(folder) == holder.pid


def test_a_killed_process_leaves_a_free_folder(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    folder = tmp_path / "run"
    assert (folder / LOCK).exists()
    assert not is_locked(folder)
    assert owner_here(folder) is None
    with locked(folder), locked(folder):
        assert owner_here(folder) == os.getpid()
    assert list(folder.iterdir()) == []


def test_two_trainings_in_one_folder_do_not_mix(tmp_path, photos, holder, capsys):
    (tmp_path / "run" / "losses.csv").write_text("of the first")
    said = fails(capsys, "train", photos, "--out", tmp_path / "run", "--device", "cpu")
    assert f"process {holder.pid}" in said
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {LOCK, "losses.csv"}
    assert (tmp_path / "run" / "losses.csv").read_text() == "of the first"


def test_a_link_in_place_of_the_lock_empties_no_file(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("keep")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LOCK).symlink_to(mine)
    with pytest.raises(InputError), locked(tmp_path / "run"):
        pass
    assert mine.read_text() == "keep"
