"""Every CSV file that a study writes has the columns that `schemas/csv.schema.yaml` says."""

import re
from dataclasses import fields

import pandas as pd
import pytest
import yaml
from support.planted import costs_study, published_sheet

from experiments.analysis.collect import collect
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.cli.main import main
from experiments.data.leaks import Summary
from experiments.sheets.reading import PACKAGE
from experiments.tables.published import write_published

DOCUMENTED = yaml.safe_load((PACKAGE / "schemas" / "csv.schema.yaml").read_text(encoding="utf-8"))
TYPES = {
    "integer": lambda column: (column.dropna() % 1 == 0).all(),
    "number": pd.api.types.is_numeric_dtype,
    "boolean": pd.api.types.is_bool_dtype,
    "string": lambda column: True,
}


def documented_by(pattern: str, file: str) -> bool:
    """Whether a file has this name; words in capitals stand for any."""
    return bool(re.fullmatch(re.sub("[A-Z]+", "[^/]+", pattern), file))


def documented(file: str) -> dict[str, str]:
    """Return column -> type of a file, named as in a study's folder."""
    for pattern, entry in DOCUMENTED.items():
        if documented_by(pattern, file):
            return {field["name"]: field["type"] for field in entry["fields"]}
    raise AssertionError(f"{file} is in no schema")


@pytest.fixture(scope="module")
def written(planted, tmp_path_factory):
    """Folders of studies with every table."""
    costs = costs_study(tmp_path_factory.mktemp("costs"))
    for command in ("tables", "differences", "claims"):
        assert main([command, str(planted)]) == 0
    for command in ("tables", "costs", "protocols", "ranks"):
        assert main([command, str(costs)]) == 0
    write_published(costs, published_sheet(costs / "figures.txt", {"protocol": "gaussian"}))
    kept = tmp_path_factory.mktemp("kept") / "study"
    collect(costs, kept)
    return planted, costs, kept


def test_every_csv_file_is_as_documented(written):
    found = set()
    for folder in written:
        for path in folder.rglob("*.csv"):
            name = path.relative_to(folder).as_posix()
            columns = documented(name)
            frame = pd.read_csv(path, dtype={n: str for n, t in columns.items() if t == "string"})
            own = [column for column in frame if "/" not in column]  # a loss each, in losses.csv
            assert own == list(columns), name
            assert all(TYPES[columns[column]](frame[column]) for column in own), name
            found.add(name)
    for pattern in DOCUMENTED.keys() - {"tables/leaks.csv"}:
        assert any(re.fullmatch(re.sub("[A-Z]+", "[^/]+", pattern), name) for name in found), (
            pattern
        )


def test_the_leak_table_is_as_documented():
    assert [field.name for field in fields(Summary)] == list(documented("tables/leaks.csv"))


def test_tables_lose_no_digit(written):
    folder = written[1]
    study = read_study(folder)
    scores = read_scores(folder, study)
    chosen = scores.query("method == 'full' and metric == 'psnr' and protocol == 'luma'")
    table = pd.read_csv(folder / "tables" / "scores_luma.csv").query("metric == 'psnr'")
    assert table.set_index("method")["mean"]["full"] == chosen["value"].mean()
