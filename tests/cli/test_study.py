"""`check`: wrong studies, and GPUs that torch cannot use."""

import os

import pytest
import yaml
from support.command_line import command, fails

from experiments.sheets.reading import CONFIG


def test_a_study_does_not_train_beside_a_gpu_that_torch_cannot_use(tmp_path, monkeypatch, capsys):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: NVIDIA (UUID: GPU-1)'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("experiments.check.choose_device", lambda: "cpu")
    assert "torch cannot use it" in fails(capsys, "check", "demo")
    for name, value in (("CUDA_VISIBLE_DEVICES", ""), ("ZERO_LEINR_GPUS", "0")):
        monkeypatch.setenv(name, value)
        assert command("check", "demo") == 0
        monkeypatch.delenv(name)
    tool.write_text("#!/bin/sh\nexit 1\n")  # the tool is there, a GPU is not
    assert command("check", "demo") == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methodes": ["input"]}, "unknown key 'methodes'"),
        ({"methods": ["inptu"]}, "unknown method 'inptu'"),
        ({"datasets": ["lol"]}, "unknown data set 'lol'"),
        ({"variants": ["no_light"]}, "unknown variant 'no_light'"),
        ({"metrics": ["psnr", "fid"]}, "unknown metric 'fid'"),
        ({"budget": {"epoch": 1}}, "did you mean epochs"),
        ({"seeds": []}, "seeds"),
        ({"padding": "round"}, "padding"),
    ],
)
def test_wrong_studies_name_file_and_key(tmp_path, capsys, change, message):
    study = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text()) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(study))
    line = fails(capsys, "check", path)
    assert message in line
    assert "yaml" in line
