"""Two studies side by side: every score that differs is found, and what explains it."""

import json
import shutil

import pytest
from support.fake_study import make_study, score_file, write

from experiments.analysis.collect import collect
from experiments.analysis.compare_studies import compare_studies
from experiments.cli.main import main


@pytest.fixture
def pair(tmp_path):
    first = make_study(tmp_path / "first")
    shutil.copytree(first, tmp_path / "second")
    return first, tmp_path / "second"


def test_equal_studies_are_the_same_in_either_form(pair, tmp_path, capsys):
    collect(pair[0], tmp_path / "kept")
    for other in (pair[1], tmp_path / "kept"):
        found = compare_studies(pair[0], other)
        assert found.same
        assert not found.settings
        assert found.common > 50
        assert main(["compare", str(pair[0]), str(other)]) == 0
        assert f"{found.common} scores are in both; 0 differ." in capsys.readouterr().out


def test_one_other_score_is_found(pair, capsys):
    file = score_file(pair[1], "he", 0, "pairs")
    file.write_text(file.read_text().replace("02,psnr,luma,2.1", "02,psnr,luma,2.4"))
    (row,) = compare_studies(*pair).different.to_dict("records")
    assert row["largest"] == pytest.approx(0.3)
    assert row["second"] - row["first"] == pytest.approx(0.1)
    where = (row["method"], row["dataset"], row["metric"], row["protocol"], row["images"])
    assert where == ("he", "pairs", "psnr", "luma", 1)
    assert main(["compare", *map(str, pair)]) == 1
    assert " he " in capsys.readouterr().out
    assert compare_studies(*pair, tolerance=0.31).same
    assert main(["compare", *map(str, pair), "--tolerance", "0.31"]) == 0


def test_settings_that_explain_it_are_named_once(pair):
    for seed in (0, 1):
        for folder, commit in zip(pair, ("abc", "def"), strict=True):
            record = {"git_commit": commit, "recipe": {"light": {"spatial": seed}}}
            write(folder / "runs" / "full" / f"seed{seed}" / "run.json", json.dumps(record))
    content = json.loads((pair[1] / "study.json").read_text())
    content["budget"]["label"] = "reduced: 3 epochs"
    write(pair[1] / "study.json", json.dumps(content))
    assert compare_studies(*pair).settings == [
        "budget: reduced: 2 epochs / reduced: 3 epochs (study)",
        "git_commit: abc / def (2 runs)",
    ]


def test_what_only_one_has_is_told(pair, capsys):
    content = json.loads((pair[1] / "study.json").read_text())
    content["methods"] = content["methods"][:-1]
    write(pair[1] / "study.json", json.dumps(content))
    found = compare_studies(*pair)
    assert not found.same
    assert [line.split(":")[0] for line in found.only[0]] == ["full on pairs", "full on single"]
    assert found.only[1] == []
    assert main(["compare", *map(str, pair)]) == 1
    assert f"Only in {pair[0]}: full on pairs" in capsys.readouterr().out
