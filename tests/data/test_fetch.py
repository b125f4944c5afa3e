"""The registry of data sets, folders of the user, listings; the real sets if they are there."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
import yaml
from support.downloads import png
from support.helpers import needs_data, one_line

from experiments.data import fetch as data
from experiments.data import listing as listing_module
from experiments.sheets import datasets
from experiments.sheets.reading import load_checked
from experiments.sheets.weights import WEIGHTS
from zero_leinr.errors import InputError

# Folders of the user


def user_entry(tmp_path, home, files, **entry):
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    registry = tmp_path / "mine.yaml"
    registry.write_text(yaml.safe_dump({"datasets": {"mine": entry}}))
    return registry


def test_user_folder_is_one_entry(tmp_path, home):
    files = {"photos/10.png": png(1), "photos/9.png": png(2), "photos/notes.txt": b""}
    registry = user_entry(tmp_path, home, files, low="photos")
    listing = data.fetch("mine", registry=registry)
    assert [item.name for item in listing.items] == ["9", "10"]
    assert listing.count == listing.expected == 2
    assert not listing.paired
    assert listing.items[0].high is None
    absolute = user_entry(tmp_path, home, {}, low=str(home / "photos"))
    assert data.fetch("mine", registry=absolute).sha256 == listing.sha256


def test_named_images_are_left_out(tmp_path, home):
    files = {"photos/10.png": png(1), "photos/9.png": png(2)}
    registry = user_entry(tmp_path, home, files, low="photos", without=["9"])
    assert [item.name for item in data.fetch("mine", registry=registry).items] == ["10"]
    registry = user_entry(tmp_path, home, files, low="photos", without=["11"])
    with pytest.raises(InputError, match=r"`without` names '11', which is no image of it"):
        data.fetch("mine", registry=registry)


def test_user_pairs(tmp_path, home):
    files = {"a/1.png": png(1), "b/1.png": png(2)}
    registry = user_entry(tmp_path, home, files, low="a", high="b")
    listing = data.fetch("mine", registry=registry)
    assert listing.paired
    assert listing.items == [listing_module.Item("1", str(home / "a/1.png"), str(home / "b/1.png"))]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a/1.png": png(1), "b/2.png": png(2)}, "no partner"),
        ({"a/1.png": png(1), "b/1.png": png(2, (41, 36))}, "must have one size"),
        ({"a/1.png": png(1)[:2000], "b/1.png": png(2)}, "cannot be read as an image"),
        ({"a/1.png": png(1), "b/1.png": png(2)[:2000]}, "cannot be read as an image"),
        ({"a/1.png": b"text", "b/1.png": png(2)}, "not an image"),
        ({"a/1.png": png(1, (40, 31)), "b/1.png": png(2, (40, 31))}, "at least 32 px"),
        ({"a/1.txt": b"", "b/1.png": png(2)}, "no images in this folder"),
        ({"b/1.png": png(2)}, "cannot be listed"),
    ],
)
def test_bad_user_folders_stop_the_fetch(tmp_path, home, files, message):
    registry = user_entry(tmp_path, home, files, low="a", high="b")
    with pytest.raises(InputError, match=message) as error:
        data.fetch("mine", registry=registry)
    assert str(home) in one_line(error)


def test_a_set_that_the_user_fills_says_where_it_comes_from(tmp_path, home):
    with pytest.raises(InputError, match=r"mef is not there; put its 17 images into it, from http"):
        data.fetch("mef")


def test_bad_image_in_an_unpaired_folder(tmp_path, home):
    files = {"a/1.png": png(1), "a/2.png": png(2)[:2000]}
    registry = user_entry(tmp_path, home, files, low="a")
    with pytest.raises(InputError, match=r"a/2\.png: cannot be read as an image"):
        data.fetch("mine", registry=registry)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("paired", [False, True])
def test_a_name_that_is_no_text_is_named(tmp_path, home, paired):
    name = os.fsdecode(b"caf\xe9.png")
    entry = {"low": "a"} | ({"high": "b"} if paired else {})
    registry = user_entry(tmp_path, home, {f"a/{name}": png(1), f"b/{name}": png(2)}, **entry)
    with pytest.raises(InputError, match=r"a/caf\\xe9\.png: this name is not UTF-8; rename"):
        data.fetch("mine", registry=registry)


# The registry


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"datasets": {"x": {"lowe": "a"}}}, r"datasets\.x.*('lowe'|'low')"),
        ({"datasets": {"x": {"low": "a", "lowe": "a"}}}, r"datasets\.x: unknown key 'lowe'"),
        ({"datasets": {"x": {"low": "a", "count": "many"}}}, r"datasets\.x\.count: 'many' is not"),
        ({"datasets": {"x": {"low": "a", "generated": "all"}}}, r"datasets\.x\.generated"),
        ({"data": {}}, "unknown key|required"),
        ({}, "'datasets' is a required"),
        (["a list"], "must be keys with values"),
        ({"datasets": {"x": {"low": {"a": "f", "b": "g"}, "high": "h"}}}, "single folder"),
        ({"datasets": {"x": {"low": {"a": "f"}, "instead": {"b": "g"}}}}, "same names"),
    ],
)
def test_bad_registry(tmp_path, document, message):
    path = tmp_path / "datasets.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(InputError, match=message) as error:
        datasets.load_registry(path)
    one_line(error)


@pytest.mark.parametrize("text", ["datasets: [", "\tdatasets: 1", "a: b: c"])
def test_registry_that_is_not_yaml(tmp_path, text):
    (tmp_path / "datasets.yaml").write_text(text)
    with pytest.raises(InputError, match="not YAML") as error:
        datasets.load_registry(tmp_path / "datasets.yaml")
    one_line(error)


def test_missing_registry_and_manifest(shop):
    with pytest.raises(InputError, match="cannot be read"):
        datasets.load_registry(shop.config / "absent.yaml")
    (shop.config / "manifests" / "set.sha256").unlink()
    with pytest.raises(InputError, match="cannot be read as a manifest"):
        datasets.load_registry(shop.registry)


def test_unknown_name_lists_the_known(home):
    with pytest.raises(InputError, match="unknown data set 'lol'; known: lol_eval15"):
        data.fetch("lol")


def test_shipped_registry_agrees_with_its_manifests():
    for dataset in datasets.load_registry().values():
        if dataset.generated or dataset.page:  # the user fills the latter
            continue
        for folders in (dataset.low, dataset.instead):
            if folders:
                low = [f for folder in folders.values() for f in stems(dataset, folder)]
                assert len(low) - len(dataset.without) == dataset.count, dataset.name
        if dataset.high:
            assert stems(dataset, dataset.low[""]) == stems(dataset, dataset.high)
        assert dataset.licence
        assert dataset.citation


def stems(dataset, folder):
    files = dataset.sources[folder].manifest
    return {Path(file).stem for file in files if str(Path(file).parent) == folder}


def test_copies_are_copies_of_the_same_images():
    train = datasets.load_registry()["zero_leinr_train"]
    for key, folder in train.low.items():
        assert stems(train, folder) == stems(train, train.instead[key])


def test_addresses_are_pinned_and_checksums_whole():
    document = yaml.safe_load(datasets.REGISTRY.read_text())
    for source in document["sources"].values():
        if "address" in source:
            assert re.search(r"/[0-9a-f]{40}(/|$)", source["address"])
    files = {}
    for source in {s for d in datasets.load_registry().values() for s in d.sources.values()}:
        assert all(
            re.fullmatch("[0-9a-f]{64}|git-blob:[0-9a-f]{40}", c) for c in source.manifest.values()
        )
        if source.address:
            assert set(source.folders) == {str(Path(file).parent) for file in source.manifest}
        files |= source.manifest
    assert [f for f, c in files.items() if c.startswith("git-blob")] == ["lime/5.bmp"]
    for name, entry in load_checked(WEIGHTS, "weights.schema.yaml").items():
        assert len(entry["sha256"]) == 64, name
        if "raw.githubusercontent.com" in entry.get("address", ""):
            assert re.search(r"/[0-9a-f]{40}/", entry["address"])


# Listings


def test_listing_round_trip(shop, tmp_path):
    listing = shop.fetch()
    listing_module.write_listing(listing, tmp_path / "out" / "pairs.json")
    assert listing_module.read_listing(tmp_path / "out" / "pairs.json") == listing
    content = json.loads((tmp_path / "out" / "pairs.json").read_text())
    assert {"dataset", "paired", "count", "sha256", "source", "items"} <= content.keys()
    assert content["items"][0].keys() == {"name", "low", "high"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"items": [{}]}', '{"items": [], "more": 1}'])
def test_what_is_not_a_listing(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"not a listing|not valid JSON"):
        listing_module.read_listing(tmp_path / "a.json")


def test_missing_listing(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        listing_module.read_listing(tmp_path / "a.json")


def test_hash_follows_content_and_names(tmp_path, home):
    hashes = set()
    for files in ({"a/1.png": png(1)}, {"a/1.png": png(2)}, {"a/1.png": png(2), "a/2.png": png(1)}):
        registry = user_entry(tmp_path, home, files, low="a")
        hashes.add(data.fetch("mine", registry=registry).sha256)
    assert len(hashes) == 3


def test_embedded_sets_live_in_the_working_directory(home, tmp_path):
    listing = data.fetch("embedded_test")
    assert (listing.count, listing.paired) == (8, True)
    assert listing.items[0].low == "data/embedded/test/low/astronaut.png"
    assert (tmp_path / "data" / "embedded" / "test" / "parameters.json").is_file()


# The real sets


@needs_data
@pytest.mark.parametrize(
    ("name", "count", "paired"),
    [("lol_eval15", 15, True), ("dicm", 64, False), ("zero_leinr_train", 2487, False)],
)
def test_real_sets_match_their_checksums(name, count, paired):
    listing = data.fetch(name, download=False)
    assert (listing.count, listing.expected, listing.paired) == (count, count, paired)
    assert len({item.name for item in listing.items}) == count


@needs_data
def test_real_lime_says_how_many_it_has():
    listing = data.fetch("lime", download=False)
    assert listing.expected == 10
    assert listing.count == 10 or f"{listing.count} images found" in listing.warnings[0]
