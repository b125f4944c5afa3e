"""The file of published figures: every one has a source."""

import pytest
import yaml
from support.planted import published_sheet

from experiments.sheets.published import load_published
from experiments.sheets.reading import CONFIG
from zero_leinr.errors import InputError

# Of the methods that no file in baselines/ runs; the others must be names of methods.yaml.
NOT_HERE = {"retinexnet", "srie", "enlightengan", "retinexformer", "nerco", "lightendiffusion"}
NOT_HERE |= {"lasq", "kind_pp", "pydiff", "smg"}


def test_the_sheet_that_ships_names_known_methods_and_data():
    figures = load_published()
    methods = yaml.safe_load((CONFIG / "methods.yaml").read_text())
    assert set(figures["method"]) - set(methods) == NOT_HERE
    datasets = yaml.safe_load((CONFIG / "datasets.yaml").read_text())["datasets"]
    assert set(figures["dataset"]) <= set(datasets)
    assert not figures["source"].str.contains("same").any()
    assert not figures.duplicated(["dataset", "method", "metric", "source", "value"]).any()
    assert set(figures["reason"].str.partition(":")[0]) <= {
        "", "protocol", "weights", "implementation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": ""}, "line 3: a figure needs a source"),
        ({"value": "high"}, "line 3: value is not a number"),
        ({"grade": "rumor"}, "line 3: grade must be one of paper"),
        ({"metric": "pnsr"}, "unknown metric 'pnsr'"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, change, message):
    path = published_sheet(tmp_path / "published.csv", {}, change)
    with pytest.raises(InputError, match=message):
        load_published(path)
