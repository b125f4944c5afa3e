"""`train` by hand."""

import numpy as np
from support.command_line import command, fails


def test_a_changed_photo_is_trained_on(photos, tmp_path, capsys):
    run, settings = tmp_path / "run", ["epochs=1", "batch=3", "image_size=64"]
    arguments = ["train", photos, "--out", run, "--set", *settings]
    assert command(*arguments) == 0
    before = np.load(run / "images64.npy")
    (photos / "1.png").write_bytes((photos / "2.png").read_bytes())
    assert "other images" in fails(capsys, *arguments)
    assert command(*arguments, "--replace") == 0
    after = np.load(run / "images64.npy")
    assert np.array_equal(after, before[[0, 2, 2]])


def test_a_broken_training_image_stops_before_training(photos, tmp_path, capsys):
    data = (photos / "1.png").read_bytes()
    (photos / "1.png").write_bytes(data[: len(data) // 2])
    line = fails(capsys, "train", photos, "--out", tmp_path / "run")
    assert "1.png" in line
    assert not (tmp_path / "run" / "state.ckpt").exists()
