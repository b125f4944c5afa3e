"""The script for a GPU that is there for minutes, tried on a CPU: check, and pieces."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from zero_leinr.checkpoint import load_model
from zero_leinr.recipe import Recipe

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu_session.py"


@pytest.fixture
def session(tmp_path):
    """Runs the script on two tiny recipes; returns what it printed."""
    np.save(tmp_path / "train.npy", np.full((2, 64, 64, 3), 30, np.uint8))
    (tmp_path / "recipes").mkdir()
    for name, denoiser in (("zero_leinr", {}), ("no_enrb", None)):
        settings = {"denoiser": denoiser, "image_size": 64, "epochs": 2, "batch": 1}
        content = {"recipe": Recipe().replace(settings).to_dict(), "method": name}
        content |= {"study": "tiny", "seeds": [4]}
        (tmp_path / "recipes" / f"{name}.json").write_text(json.dumps(content))

    # As where this project is not installed: packages are found, links to a checkout are not.
    bare = os.environ | {"PYTHONPATH": sysconfig.get_path("purelib")}

    def run(*arguments: str) -> str:
        command = [
            sys.executable,
            "-S",
            str(SCRIPT),
            "--images",
            "train.npy",
            "--recipes",
            "recipes",
        ]
        command += ["--out", "out", "--device", "cpu", *arguments]
        found = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True)
        assert found.returncode == 0, found.stderr
        return found.stdout

    return run


def test_a_session_checks_and_trains_and_the_next_one_goes_on(session, tmp_path):
    assert "waits" in session("--parts", "check", "train", "--minutes", "0")
    assert (
        "killed after 12 and resumed | the same bits"
        in (tmp_path / "out" / "tables" / "resume.md").read_text()
    )
    table = (tmp_path / "out" / "tables" / "check.md").read_text()
    assert "denoiser/total, relative | +0.0e+00" in table
    assert "enhanced image" in table
    assert all(f"{loss}, relative" in table for loss in ("light/total", "denoiser/regularization"))
    printed = session("--parts", "train", "--minutes", "2", "--together", "2")
    assert printed.count("| trained |") == 2
    for name in ("zero_leinr", "no_enrb"):
        run = tmp_path / "out" / "runs" / name / "seed4"
        record = json.loads((run / "run.json").read_text())
        assert (record["study"], record["method"], record["seed"]) == ("tiny", name, 4)
        assert load_model(run / "model.safetensors").enrb is None or name == "zero_leinr"
        assert len((run / "losses.csv").read_text().splitlines()) == 5
    assert "trained |" not in session("--parts", "train", "--minutes", "1")


def test_a_switch_is_recommended_where_it_is_worth_other_bits():
    sys.path.insert(0, str(SCRIPT.parent))
    from gpu_timing import worth

    assert worth({"--compile": 1.5, "both": 2.04}) == "both (2.04x)"
    assert worth({"--compile": 1.02, "both": 0.9}) == "nothing"
