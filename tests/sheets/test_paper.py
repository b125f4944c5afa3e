"""Every `cite` resolves, every short name fits, and every symbol is one of the recipe."""

import re

import pytest

from experiments.sheets.datasets import load_registry
from experiments.sheets.metrics import load_metrics
from experiments.sheets.paper import cite_of, cited, load_names, load_paper, load_references
from experiments.sheets.reading import CONFIG, load_checked
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe


def all_cites():
    cites = [name.cite for name in load_names().values()]
    cites += [entry.cite for entry in load_registry().values()]
    return cited([*cites, *(entry.get("cite") for entry in load_metrics().values())])


def test_every_cite_is_an_entry_and_every_entry_is_cited():
    assert sorted(all_cites()) == sorted(load_references())


@pytest.mark.parametrize("kind", ["methods", "metrics"])
def test_all_methods_and_metrics_with_a_publication_cite_it(kind):
    sheet = load_checked(CONFIG / f"{kind}.yaml", f"{kind}.schema.yaml")
    for name, entry in sheet.items():
        assert ("cite" in entry) != entry["citation"].startswith("none"), name


def test_every_data_set_cites_a_publication():
    for name in load_registry():
        assert cite_of("dataset", name), name


@pytest.mark.parametrize("key", load_references())
def test_an_entry_agrees_with_the_citation_in_the_config(key):
    """The year, and the first author's family name, stand in the `citation` beside the `cite`."""
    entry = load_references()[key]
    year = re.search(r"year\s*= \{(\d{4})\}", entry)[1]
    author = re.search(r"author\s*= \{(.*?)\},$", entry, re.M)[1].split(",")[0]
    assert re.search(r"title\s*= \{", entry)
    assert key.startswith(re.sub("[^a-z]", "", author.lower()))
    assert year in key


def test_short_names_fit_and_tell_methods_apart():
    names = [name.short for name in load_names().values()]
    assert max(map(len, names)) <= 16
    assert len(set(names)) == len(names)


def test_symbols_are_those_of_the_recipe():
    recipe, paper = Recipe().to_dict(), load_paper()
    assert set(paper["parts"]) <= set(recipe)
    parts = [recipe["light"], recipe["color"], recipe["denoiser"]]
    # Without reconstruction there is no denoiser: it is no loss to leave out.
    assert set(paper["losses"]) == {loss for part in parts for loss in part} - {"reconstruction"}


def test_protocols_have_names():
    used = {p for entry in load_metrics().values() for p in entry["protocols"]}
    assert used == set(load_paper()["protocols"])


def test_citations_are_found_by_kind():
    assert cite_of("method", "zero_dce") == "guo2020zerodce"
    assert cite_of("dataset", "lol_eval15") == "wei2018retinexnet"
    assert cite_of("metric", "ssim") == "wang2004ssim"
    assert cite_of("method", "of another program") is None


def test_a_key_that_stands_twice_is_named(tmp_path):
    path = tmp_path / "references.bib"
    path.write_text("@misc{a,\n  year = {1}\n}\n@misc{a,\n  year = {2}\n}\n")
    with pytest.raises(InputError, match="stands twice: @misc"):
        load_references(path)
