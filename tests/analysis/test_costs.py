"""Costs of a study, read and checked."""

import pytest
from support.fake_study import write
from support.planted import costs_study

from experiments.cli.main import main


def test_images_made_elsewhere_have_no_costs(tmp_path):
    path = costs_study(tmp_path) / "study.json"
    write(path, path.read_text().replace("official", "made elsewhere"))
    (tmp_path / "costs" / "zero_dce.json").unlink()
    assert main(["costs", str(tmp_path)]) == 0
    text = (tmp_path / "tables" / "costs.md").read_text()
    assert "Zero-LEINR" in text
    assert "Zero-DCE" not in text


@pytest.mark.parametrize("content", [None, "{}", "[", "[]"])
def test_a_missing_or_broken_cost_file_is_named(tmp_path, capsys, content):
    path = costs_study(tmp_path) / "costs" / "he.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    assert main(["costs", str(tmp_path)]) == 2
    assert "he.json" in capsys.readouterr().err
