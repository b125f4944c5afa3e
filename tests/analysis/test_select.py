"""A part of a study, for the tables and figures of one's own paper."""

import json

import pandas as pd
import pytest
from support.fake_study import make_study, score_file

from experiments.analysis.collect import collect
from experiments.analysis.losses import read_losses
from experiments.analysis.results import open_study, read_study
from experiments.analysis.select import select
from experiments.cli.main import main
from experiments.publish.registry import tables_of
from zero_leinr.errors import InputError


@pytest.fixture
def source(tmp_path):
    return make_study(tmp_path / "small")


def test_tables_and_figures_of_a_selection_know_of_nothing_else(source, tmp_path, capsys):
    mine = tmp_path / "mine"
    score_file(source, "he").unlink()  # of what is not chosen, nothing is needed
    arguments = ["--methods", "full", "input", "--datasets", "pairs", "--metrics", "ssim"]
    assert main(["select", str(source), str(mine), *arguments, "--seeds", "1"]) == 0
    assert f"next: zero-leinr tables {mine}" in capsys.readouterr().out
    assert main(["tables", str(mine)]) == 0
    table = pd.read_csv(mine / "tables" / "scores_standard.csv")
    assert list(table["method"]) == ["full", "input"]
    assert set(table["dataset"]) == {"pairs"}
    assert set(table["metric"]) == {"ssim"}
    assert list(table["n_seeds"]) == [1, 1]
    text = (mine / "tables" / "scores_standard.md").read_text()
    assert "A & B (selection): mean scores on Pairs (3 images)" in text
    assert "**4.300**" in text  # the best of the two
    assert main(["figures", str(mine), "--only", "scores"]) == 0
    assert (mine / "figures" / "scores_pairs.png").stat().st_size > 0
    assert not (source / "tables").exists()


def test_what_is_said_of_sets_that_are_left_out_is_left_out(source, tmp_path):
    path = source / "study.json"
    content = json.loads(path.read_text())
    content["remarks"] = [
        {"kind": "data", "dataset": "single", "text": "2 of 3"},
        {"kind": "data", "text": "the training images are copies"},
        {"kind": "leak", "dataset": "single", "text": "1"},
        {"kind": "leak", "dataset": "pairs", "text": "2"},
    ]
    path.write_text(json.dumps(content))
    select(source, tmp_path / "mine", datasets=["pairs"])
    remarks = read_study(tmp_path / "mine").remarks
    assert [remark.text for remark in remarks] == ["the training images are copies", "2"]


def test_a_selection_of_a_kept_study_has_tables_and_curves_of_its_own(source, tmp_path):
    kept, mine = tmp_path / "kept", tmp_path / "mine"
    collect(source, kept)
    select(kept, mine, methods=["full", "he"], datasets=["pairs"], seeds=[1])
    study, scores = open_study(mine)
    assert set(zip(scores["method"], scores["seed"], strict=True)) == {("he", 0), ("full", 1)}
    assert set(scores["dataset"]) == {"pairs"}
    assert set(read_losses(mine, study)["seed"]) == {1}
    select(kept, mine, methods=["he"])  # the links of a former selection are replaced
    assert tables_of(mine, *open_study(mine)) == ["main"]


def test_a_selection_is_replaced_and_nothing_else_is(source, tmp_path):
    mine = tmp_path / "mine"
    for names in (["input"], ["he"]):
        select(source, mine, methods=names, title="Mine")
        assert [method.name for method in read_study(mine).methods] == names
        assert read_study(mine).title == "Mine"
    with pytest.raises(InputError, match="small: is there and no selection"):
        select(source, source, methods=["he"])


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"methods": ["zero"]}, "no 'zero' among its methods; did you mean zero_dce?"),
        ({"datasets": ["lol"]}, "no 'lol' among its datasets"),
        ({"metrics": ["mse"]}, "no 'mse' among its metrics"),
        ({"seeds": [0, 7]}, "full has no seed 7"),
    ],
)
def test_what_the_study_does_not_have_is_refused(source, tmp_path, chosen, message):
    with pytest.raises(InputError, match=message):
        select(source, tmp_path / "mine", **chosen)
    assert not (tmp_path / "mine").exists()
