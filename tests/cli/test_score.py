"""`score` for a study."""

import json

import pytest
from support.command_line import command

from experiments.data.weights import weights_file


def test_scoring_for_a_study_downloads_what_is_new_in_it(photos, tmp_path, monkeypatch, capsys):
    """Its check has tried the rest; twelve jobs on a machine without network would wait each."""

    def download(*_):
        raise AssertionError("asked the network")

    def with_an_address(name, download=False):  # the suite's own parameters need no download
        return weights_file("zero_dce", download=download)

    monkeypatch.setattr("experiments.data.download.download", download)
    monkeypatch.setattr("experiments.score.perceptual.metric_weights", with_an_address)
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path / "empty"))
    monkeypatch.chdir(tmp_path)
    known = tmp_path / "results" / "ablations" / "study.json"
    known.parent.mkdir(parents=True)
    of_study = ("score", photos, "--reference", photos, "--study", "ablations")
    known.write_text(json.dumps({"metrics": [{"name": "lpips"}, {"name": "niqe"}]}))
    assert command(*of_study) == 0
    found = capsys.readouterr()
    assert "not scored: lpips" in found.err
    assert "psnr" in found.out
    known.write_text(json.dumps({"metrics": [{"name": "niqe"}]}))
    with pytest.raises(AssertionError, match="asked the network"):
        command(*of_study)
    for more in ([], ["--metrics", "niqe"]):
        with pytest.raises(AssertionError, match="asked the network"):
            command("score", photos, "--reference", photos, *more)
