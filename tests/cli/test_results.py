"""Commands that read a finished study: what they write, and their mistakes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support import fake_study
from support.planted import costs_study, swapped_study

from experiments.analysis.differences import differences
from experiments.analysis.protocols import rank
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.cli.main import main
from experiments.figures import differences as figures_differences
from experiments.sheets.study import VARIANTS_GROUP


def test_tables_and_figures_are_written(planted):
    assert main(["claims", str(planted)]) == 0
    assert main(["differences", str(planted)]) == 0
    text = (planted / "tables" / "claims.md").read_text()
    assert "The dual branch preserves color." in text
    assert "+2.0" in (planted / "tables" / "differences.md").read_text()
    for name in ("claims", "differences_pairs", "differences_single"):
        assert (planted / "figures" / f"{name}.png").stat().st_size > 10_000


def without_scores(folder: Path) -> None:
    """Empties score files, as where a metric is defined on no image."""
    for path in folder.glob("scores/*/*/*.csv"):
        path.write_text("image,metric,protocol,value\n")


def without_full(folder: Path) -> None:
    """Leaves the full method no score that counts: one alone, in a protocol that is not there."""
    for path in folder.glob("scores/zero_leinr/*/pairs.csv"):
        rows = [f"{image},psnr,other,1\n" for image in fake_study.IMAGES["pairs"]]
        path.write_text("image,metric,protocol,value\n" + "".join(rows))


@pytest.mark.parametrize(
    ("datasets", "damage", "metric"),
    [
        (("single",), without_scores, "niqe"),  # every image is too small for it
        (("single",), without_scores, "psnr"),  # none has a reference
        (("pairs",), without_full, "psnr"),
    ],
)
def test_where_nothing_can_be_compared_table_and_figure_say_so(tmp_path, datasets, damage, metric):
    methods = [(v, v, VARIANTS_GROUP, "trained here", [0, 1]) for v in ("zero_leinr", "no_enrb")]
    metrics, levels = {metric: fake_study.METRICS[metric]}, {"zero_leinr": 1.0, "no_enrb": 2.0}
    fake_study.make_study(tmp_path, datasets, levels=levels, methods=methods, metrics=metrics)
    damage(tmp_path)
    for command in ("differences", "claims", "protocols"):
        assert main([command, str(tmp_path)]) == 0
    table = (tmp_path / "tables" / "differences.md").read_text()
    assert f"{datasets[0].title()}: nothing can be compared" in table
    assert "too few" not in table
    study = read_study(tmp_path)
    found = differences(study, read_scores(tmp_path, study))
    assert found.empty
    assert {"dataset", "method", "difference", "p_holm"} <= set(found.columns)
    axis = figures_differences.draw(study, datasets[0], found).axes[0]
    assert [text.get_text() for text in axis.texts] == ["nothing can be compared"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["costs"], "give results/<study>, or --study"),
        (["costs", "--study", "baselines", "--method", "gamma"], "--method and --out"),
        (["costs", "--study", "demo", "--method", "zero_leinr", "--out", "o"], "--weights goes"),
        (["costs", "--study", "demo", "--method", "gama", "--out", "o"], "no method 'gama'"),
        (["costs", "absent"], "study.json: missing"),
        (["published", "absent"], "study.json: missing"),
    ],
)
def test_mistakes_are_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line


def test_table_and_figure_of_a_study(tmp_path):
    costs_study(tmp_path)
    assert main(["costs", str(tmp_path)]) == 0
    text = (tmp_path / "tables" / "costs.md").read_text()
    assert "| Zero-DCE | official | 79,416 | 38 | 1.23 | 256 |" in text
    assert "| Input | none | n/a | n/a | 0.0123 | 256 |" in text
    assert "Measured on A CPU, 1 thread." in text
    assert "79416" in (tmp_path / "tables" / "costs.csv").read_text()
    figures = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert figures == ["quality_cost_pairs.pdf", "quality_cost_pairs.png"]
    with Image.open(tmp_path / "figures" / figures[1]) as png:
        assert np.asarray(png.convert("L")).std() > 5


def test_table_and_figure_are_written_and_say_what_moved(tmp_path):
    study = swapped_study(tmp_path)
    assert main(["protocols", str(tmp_path)]) == 0
    text = (tmp_path / "tables" / "protocols.md").read_text()
    assert "PSNR on Pairs: luma 0.67" in text
    assert "Training budget reduced" in text
    assert (tmp_path / "figures" / "protocols_pairs.png").stat().st_size > 10_000
    assert len(pd.read_csv(tmp_path / "tables" / "protocols.csv")) == len(study.methods) * 5


def test_a_protocol_without_a_score_of_every_method_is_left_out_and_told(tmp_path):
    """As where gt_mean is undefined: one method's images are all black."""
    study = swapped_study(tmp_path)
    path = fake_study.score_file(tmp_path, "he")
    frame = pd.read_csv(path, dtype=str)
    frame[(frame["metric"] != "psnr") | (frame["protocol"] != "luma")].to_csv(path, index=False)
    assert main(["protocols", str(tmp_path)]) == 0
    ranks = rank(study, read_scores(tmp_path, study))
    assert set(ranks.query("metric == 'psnr'")["protocol"]) == {"standard"}
    text = (tmp_path / "tables" / "protocols.md").read_text()
    assert "PSNR luma on Pairs is not shown: not every method has it" in text


def test_a_set_without_references_has_no_such_figure(tmp_path, capsys):
    fake_study.make_study(tmp_path)
    command = ["protocols", str(tmp_path), "--only", "figure", "--dataset", "single"]
    assert main(command) == 2
    assert "single: has no metric with several protocols" in capsys.readouterr().err
