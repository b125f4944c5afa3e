"""Whether a study still is what it says it is."""

import hashlib
import json

import pytest
from support.fake_study import make_study, score_file, write

from experiments.analysis.collect import collect
from experiments.cli.main import main
from experiments.data.fetch import fetch
from experiments.data.listing import Item, content_sha256
from experiments.score.run import score_folder, write_scores
from experiments.tables.scores import write_tables
from experiments.verify import verify


@pytest.fixture
def folder(tmp_path):
    """A study whose scores are those of its images, and whose files are as they were recorded."""
    root = make_study(tmp_path / "small", ("pairs",), metrics={"psnr": PSNR})
    listing = root / "data" / "pairs.json"
    content = json.loads(listing.read_text())
    items = [Item(**item) for item in content["items"]]
    write(listing, json.dumps(content | {"sha256": content_sha256(items)}))
    for method in ("input", "he", "zero_dce", "full"):
        images = root / "images" / method / "seed0" / "pairs"
        scores = score_folder(items, images, ["psnr"])
        scores = scores[scores["protocol"].isin(PSNR[4])]
        for seed in (0, 1) if method == "full" else (0,):
            write_scores(scores, score_file(root, method, seed, "pairs"))
    for seed in (0, 1):
        run = root / "runs" / "full" / f"seed{seed}"
        (run / "model.safetensors").write_bytes(b"weights")
        sha = hashlib.sha256(b"weights").hexdigest()
        write(run / "run.json", json.dumps({"seed": seed, "weights_sha256": sha}))
    write_tables(root)
    return root


PSNR = ("PSNR", "dB", "up", True, ["standard", "luma"])


def found(folder):
    return {finding.what: finding.holds for finding in verify(folder, sample=2)}


def test_all_holds_in_a_study_as_it_was_left(folder, capsys):
    assert set(found(folder).values()) == {True}
    assert len(found(folder)) == 6  # images, two runs, scores, two tables
    assert main(["verify", str(folder)]) == 0
    assert "holds        scores on Pairs: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("pairs-low-02.png", "images of Pairs"),
        ("runs/full/seed1/model.safetensors", "weights of full, seed 1"),
        ("tables/scores_luma.md", "table scores_luma"),
    ],
)
def test_a_changed_file_fails(folder, capsys, path, what):
    (folder / path).write_bytes((folder / path).read_bytes() + b" ")
    assert {name for name, holds in found(folder).items() if not holds} == {what}
    assert main(["verify", str(folder)]) == 1
    assert f"FAILS        {what}: " in capsys.readouterr().out


def test_other_scores_fail_with_their_place(folder):
    file = score_file(folder, "he", 0, "pairs")
    rows = file.read_text().splitlines()
    others = [f"{row.rpartition(',')[0]},12.5" for row in rows[1:]]
    file.write_text("\n".join([rows[0], *others]) + "\n")
    bad = {finding.what: finding.seen for finding in verify(folder) if finding.holds is False}
    assert bad.pop("scores on Pairs").startswith(f"{file}: psnr (")
    assert set(bad) == {"table scores_luma", "table scores_standard"}


def test_what_is_gone_is_not_checked_and_a_kept_study_has_tables_alone(folder, tmp_path):
    (folder / "pairs-low-02.png").unlink()
    write(folder / "runs" / "full" / "seed0" / "run.json", json.dumps({"seed": 0}))
    (folder / "tables" / "scores_luma.md").unlink()
    holds = found(folder)
    assert [holds[name] for name in ("images of Pairs", "weights of full, seed 0")] == [None] * 2
    assert holds["table scores_luma"] is None
    write_tables(folder)
    collect(folder, tmp_path / "kept")
    assert found(tmp_path / "kept") == {"table scores_luma": True, "table scores_standard": True}


def test_the_fetch_stage_lists_the_hash_that_is_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listing = fetch("embedded_test")
    assert content_sha256(listing.items) == listing.sha256
