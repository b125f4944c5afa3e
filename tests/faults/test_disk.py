"""A full disk and a folder that cannot be written: one line in every stage, and nothing lost.

On file systems in memory, which root alone can mount.
"""

import contextlib
import shutil
import subprocess

import numpy as np
import pytest
from support.command_line import command, fails
from support.study_to_report import draw_pictures, whole_study

from experiments.data.listing import Item, Listing, write_listing

pytestmark = pytest.mark.faults

SMALL = ["--device", "cpu", "--set", "epochs=2", "steps_per_epoch=2", "batch=1", "image_size=64"]


@pytest.fixture
def disk(tmp_path):
    """A disk of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk, room=0):
    """Leave so many bytes on a disk."""
    with (disk / "filler").open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 12))
        file.truncate(file.tell() - room)


@pytest.fixture
def stages(disk, photos, tmp_path, monkeypatch):
    """What each stage is called with: everything that it reads is there, and it writes to disk."""
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "train.npy", np.full((2, 64, 64, 3), 40, np.uint8))
    for name in ("tables", "figures"):
        study = whole_study(disk / name)
        draw_pictures(study)
        for drawn in ("tables", "figures"):
            shutil.rmtree(study / drawn, ignore_errors=True)
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    paths = sorted(photos.iterdir())
    for name, chosen in (("l", paths[:1]), ("training", paths[1:])):
        items = [Item(path.stem, str(path), None) for path in chosen]
        listing = Listing(name, False, len(items), len(items), "", "", [], items)
        write_listing(listing, tmp_path / f"{name}.json")
    listing, training = tmp_path / "l.json", tmp_path / "training.json"
    return {
        "fetch": ["fetch", "embedded_test", "--listing", disk / "out" / "l.json"],
        "prepare": ["prepare", "--listing", listing, "--size", "64", "--out", disk / "out/a.npy"],
        "leaks": ["leaks", "--training", training, "--listings", listing, "--out", disk / "out/l"],
        "check": ["check", "demo", "--out", disk / "out" / "study.json"],
        "recipes": ["recipes", "demo", "--out", disk / "out"],
        "train": ["train", "--images", "train.npy", "--out", disk / "out", *SMALL],
        "enhance": ["enhance", photos, "--method", "gamma", "--out", disk / "out"],
        "score": ["score", photos, "--reference", photos, "--metrics", "psnr",
                  "--out", disk / "out" / "s.csv"],
        "tables": ["tables", disk / "tables"],
        "differences": ["differences", disk / "tables", "--only", "table"],
        "figures": ["figures", disk / "figures", "--only", "scores_pairs"],
        "report": ["report", disk / "tables", "--out", disk / "out" / "report.html"],
        "collect": ["collect", disk / "tables", disk / "out" / "kept"],
    }  # fmt: skip


STAGES = ["fetch", "prepare", "leaks", "check", "recipes", "train", "enhance", "score", "tables"]
STAGES += ["differences", "figures", "report", "collect"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_is_one_line_and_the_same_command_goes_on(disk, stages, stage, capsys):
    fill(disk)
    capsys.readouterr()
    said = fails(capsys, *stages[stage])
    assert "space" in said
    assert not list(disk.rglob("*.part"))
    (disk / "filler").unlink()
    assert command(*stages[stage]) == 0


@pytest.mark.parametrize("stage", ["prepare", "train", "figures", "report", "collect"])
def test_a_disk_that_fills_in_the_middle_of_a_file_is_one_line(disk, stages, stage, capsys):
    """Of the stages that write more than 8 KiB at a time."""
    (disk / "out").mkdir()
    fill(disk, room=8 << 10)
    capsys.readouterr()
    assert "space" in fails(capsys, *stages[stage])
    assert not list(disk.rglob("*.part"))
    (disk / "filler").unlink()
    assert command(*stages[stage]) == 0


@pytest.mark.parametrize("stage", STAGES)
def test_a_folder_that_cannot_be_written_is_one_line(disk, stages, stage, capsys):
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    capsys.readouterr()
    assert "ead-only" in fails(capsys, *stages[stage])
