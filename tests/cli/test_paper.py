"""The commands for a paper: one table, one figure, with the options of a grid of images."""

import pytest
from support.fake_study import make_study

from experiments.cli.main import main
from experiments.cli.paper import parse_label
from zero_leinr.errors import InputError


def test_a_table_is_printed_or_written(tmp_path, capsys):
    folder = make_study(tmp_path / "small")
    assert main(["table", "main", str(folder)]) == 0
    assert r"\label{tab:main}" in capsys.readouterr().out
    assert main(["table", "main", str(folder), "--out", str(tmp_path / "paper")]) == 0
    there = {path.name for path in (tmp_path / "paper").rglob("*") if path.is_file()}
    assert there == {"main.tex", "main.tabular.tex", "references.bib", "zl-tables.sty"}


def test_a_grid_shows_what_the_options_choose(tmp_path, capsys):
    folder, out = make_study(tmp_path / "small"), tmp_path / "paper"
    options = ["--images", "02", "--crops", "02:0,0,8,8", "--methods", "full"]
    command = ["figure", "qualitative_pairs", str(folder), "--out", str(out), *options]
    assert main([*command, "--labels", "full=Ours"]) == 0
    written = capsys.readouterr().out.split()
    assert [path.rpartition("/")[2] for path in written] == [
        f"qualitative_pairs{suffix}" for suffix in (".pdf", ".png", ".caption.tex", ".tex")
    ]
    caption = (out / "figures" / "qualitative_pairs.caption.tex").read_text()
    assert caption.startswith("Pairs, from top to bottom: 02.")
    assert main([*command, "--labels", "Ours"]) != 0
    assert "--labels Ours: write METHOD=LABEL" in capsys.readouterr().err


def test_a_label_may_hold_equals_signs():
    assert parse_label("full=a=b") == ("full", "a=b")
    for bad in ("full", "=a", "full="):
        with pytest.raises(InputError, match="write METHOD=LABEL"):
            parse_label(bad)
