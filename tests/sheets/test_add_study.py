"""`study` writes a file of three lines that can be run; a wrong one is not written."""

import pytest
from support.command_line import command, fails

from experiments.sheets import add_study as module
from experiments.sheets.add_study import add_study
from experiments.sheets.study import load_study
from zero_leinr.errors import InputError


def test_three_lines_are_a_study(tmp_path):
    methods = ["input", "zero_dce", "input"]
    path, study = add_study("mine", methods, ["lime", "lol_eval15"], folder=tmp_path)
    assert path.read_text() == (
        "methods: [input, zero_dce]\n"
        "datasets: [lime, lol_eval15]\n"
        "metrics: [psnr, ssim, lpips, niqe]\n"
    )
    assert load_study(path) == study
    path, _ = add_study("unpaired", ["input"], ["lime"], folder=tmp_path)
    assert "metrics: [niqe]" in path.read_text()


def test_variants_are_trained_and_need_images(tmp_path):
    with pytest.raises(InputError, match="name its images, such as training_images: "):
        add_study("enrb", ["no_enrb"], ["lime"], folder=tmp_path)
    assert not list(tmp_path.iterdir())
    _, study = add_study("enrb", ["no_enrb"], ["lime"], None, "embedded_train", tmp_path)
    assert [method.name for method in study.trained] == ["no_enrb"]
    assert list(study.methods) == ["no_enrb"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "My-Study"}, "with a-z, 0-9 and _ alone"),
        ({"name": "train"}, "the workflow has a rule train"),
        ({"methods": ["zero_dec"]}, "unknown method 'zero_dec'; did you mean zero_dce?"),
        ({"methods": ["no_enbr"]}, "did you mean no_enrb?"),
        ({"datasets": ["lol_eval"]}, "unknown data set 'lol_eval'; did you mean lol_eval15?"),
        ({"metrics": ["pnsr"]}, "did you mean psnr?"),
    ],
)
def test_a_wrong_study_is_not_written(tmp_path, change, message):
    settings = {"name": "mine", "methods": ["input"], "datasets": ["lime"]} | change
    with pytest.raises(InputError) as error:
        add_study(**settings, folder=tmp_path)
    assert message in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_study_is_never_overwritten(tmp_path):
    path, _ = add_study("mine", ["input"], ["lime"], folder=tmp_path)
    with pytest.raises(InputError, match="there is a study of this name"):
        add_study("mine", ["gamma"], ["lime"], folder=tmp_path)
    assert "input" in path.read_text()


def test_the_command_says_what_to_do_next(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module.add_study, "__defaults__", (None, None, tmp_path))
    assert command("study", "mine", "--methods", "input", "--datasets", "lime") == 0
    assert "next: zero-leinr check mine, then zero-leinr run mine" in capsys.readouterr().out
    assert "did you mean lime?" in fails(
        capsys, "study", "other", "--methods", "input", "--datasets", "lme"
    )
