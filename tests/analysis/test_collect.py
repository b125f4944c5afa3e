"""The kept form of a study: small, and drawn again to the byte."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.fake_study import make_study

from experiments.analysis.collect import collect
from experiments.analysis.losses import read_losses
from experiments.analysis.results import open_study, read_study
from experiments.cli.main import main
from experiments.tables.claims import write_claims
from experiments.tables.costs import write_costs
from experiments.tables.differences import write_differences
from experiments.tables.protocols import write_protocols
from experiments.tables.published import write_published
from experiments.tables.ranks import write_ranks
from experiments.tables.scores import write_tables
from zero_leinr.errors import InputError

REFERENCE = Path(__file__).parents[2] / "results" / "reference"
KEPT = sorted(path.parent.name for path in REFERENCE.glob("*/scores.csv"))
OTHER_TABLES = {
    "claims": write_claims,
    "costs": write_costs,
    "differences": write_differences,
    "protocols": write_protocols,
    "published": write_published,
    "ranks": write_ranks,
}


def test_a_kept_study_draws_the_same_tables(tmp_path):
    source = make_study(tmp_path / "small")
    write_tables(source)
    collect(source, tmp_path / "kept")
    before, after = open_study(source), open_study(tmp_path / "kept")
    assert before[0] == after[0]
    assert before[1].equals(after[1])
    drawn = {path.name: path.read_bytes() for path in (source / "tables").glob("*.md")}
    assert drawn
    assert not list((tmp_path / "kept" / "tables").glob("*.csv"))
    shutil.rmtree(tmp_path / "kept" / "tables")
    write_tables(tmp_path / "kept")
    again = (tmp_path / "kept" / "tables").glob("*.md")
    assert {path.name: path.read_bytes() for path in again} == drawn


def test_the_total_losses_are_kept_and_drawn_again(tmp_path):
    source = make_study(tmp_path / "small")
    collect(source, tmp_path / "kept")
    study = read_study(source)
    kept, all_of_them = (read_losses(folder, study) for folder in (tmp_path / "kept", source))
    assert set(kept["loss"]) == {"light/total", "color/total", "denoiser/total"}
    both = kept.merge(all_of_them, on=["method", "seed", "loss", "step"])
    assert len(both) == len(kept) <= 60 * 2 * 3
    np.testing.assert_allclose(both["value_x"], both["value_y"], rtol=1e-3)
    assert main(["figures", str(tmp_path / "kept"), "--only", "training_curves"]) == 0
    assert (tmp_path / "kept" / "figures" / "training_curves.pdf").is_file()


def test_what_needs_images_or_losses_says_so(tmp_path, capsys):
    source = make_study(tmp_path / "small")
    (source / "runs" / "full" / "seed1" / "losses.csv").unlink()
    collect(source, tmp_path / "kept")
    assert main(["figures", str(tmp_path / "kept")]) == 0
    said = capsys.readouterr().err
    assert "no images are kept: no qualitative drawn" in said
    assert "no losses are kept: no training_curves drawn" in said
    drawn = {path.name for path in (tmp_path / "kept" / "figures").glob("*.pdf")}
    assert drawn == {"scores_pairs.pdf", "scores_single.pdf"}


def test_an_unfinished_study_is_not_kept(tmp_path):
    source = make_study(tmp_path / "small")
    (source / "scores" / "he" / "seed0" / "pairs.csv").unlink()
    with pytest.raises(InputError, match=r"pairs\.csv: score file missing"):
        collect(source, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_kept_study_is_not_kept_again(tmp_path):
    collect(make_study(tmp_path / "small"), tmp_path / "kept")
    with pytest.raises(InputError, match="in the kept form already"):
        collect(tmp_path / "kept", tmp_path / "other")


@pytest.mark.parametrize("name", KEPT)
def test_the_repository_s_tables_are_drawn_from_what_is_kept(tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(REFERENCE / name, folder)
    tables = {path.name: path.read_bytes() for path in (folder / "tables").glob("*.md")}
    shutil.rmtree(folder / "tables")
    write_tables(folder)
    for table, write in OTHER_TABLES.items():
        if f"{table}.md" in tables:
            write(folder)
    drawn = {path.name: path.read_bytes() for path in (folder / "tables").glob("*.md")}
    assert drawn.keys() == tables.keys()
    for table in drawn:
        assert drawn[table] == tables[table], f"{REFERENCE / name}: draw {table} again"
