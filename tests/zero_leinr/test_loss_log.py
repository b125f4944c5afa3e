"""The losses on disk: each step once, whatever an interruption left."""

from pathlib import Path

import pytest
import torch

from zero_leinr.errors import InputError
from zero_leinr.loss_log import LossLog


def test_torn_and_repeated_rows_do_not_survive_a_resume(tmp_path):
    log = LossLog(tmp_path / "losses.csv")
    log.path.write_text("step,epoch,loss\n0,0,5\n1,0,4\n1,0,4\n2,0,3\n3,0,2\n1")
    log.truncate(3)
    log.add(3, 1, {"loss": torch.tensor(2.0)})
    log.flush()
    assert log.path.read_text() == "step,epoch,loss\n0,0,5\n1,0,4\n2,0,3\n3,1,2\n"


def test_a_full_disk_is_one_line():
    log = LossLog(Path("/dev/full"))
    log.add(0, 0, {"loss": torch.tensor(2.0)})
    with pytest.raises(InputError, match="/dev/full: cannot be written"):
        log.flush()
