"""Config files, records and listings that someone else wrote: a result or one clear line."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cli.common import parse_settings
from experiments.data.listing import read_listing
from experiments.sheets.datasets import load_registry
from experiments.sheets.reading import load_checked, parse_yaml, read_json
from zero_leinr.errors import LONGEST, InputError
from zero_leinr.recipe import Recipe
from zero_leinr.text_files import parse_json

LAUGHS = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML = {
    "empty": "",
    "NUL": "a: \0",
    "laughs": LAUGHS,
    "deep": "[" * 5000,
    "deeper": "[" * 900_000,
    "deep and closed": "a: " + "[" * 500 + "]" * 500,
    "deep in one line": "- " * 400_000,
    "deep mappings": "{a: " * 3000,
    "many keys": "".join(f"k{i}: 1\n" for i in range(30_000)),
    "long text": "a: &a " + "x" * 500_000 + "\nb: [" + "*a," * 100_000 + "]",
    "too large": "a: 1\n" * 300_000,
    "holds itself": "a: &a [*a]",
    "unknown alias": "a: *nobody",
    "twice": "a: 1\na: 2",
    "no date": "title: 2020-13-45",
    "no time": "title: 2020-01-01 99:99:99",
    "python object": "a: !!python/object/apply:os.system [touch PWN]",
    "python name": "a: !!python/name:os.system",
    "unknown tag": "a: !mine 3",
    "merged text": "a: {<<: text}",
    "key is a list": "[a]: 1",
    "key is a mapping": "{a: 1}: 1",
    "number": "3",
    "long number": "a: " + "9" * 5000,
    "sexagesimal": "a: 1:99:99",
    "binary": "a: !!binary '%%%'",
    "two documents": "a: 1\n---\nb: 2",
    "tab": "a:\n\t- 1",
    "set": "a: !!set {x, y}",
    "omap": "a: !!omap [1]",
    "int of nothing": "a: !!int ''",
    "float of text": "a: !!float text",
    "bool of text": "a: !!bool text",
    "timestamp": "a: !!timestamp text",
    "NaN": "a: .nan",
    "half a character": 'a: "\\ud800"',
    "keys of two kinds": "2: &1\nn: 2",  # found by Atheris, as the next
    "a value without end": "2: &1\nn: 2\na: " + "9" * 4000,
    "name with a line end": '"zero_dce\\n": {}',
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
@pytest.mark.parametrize("schema", ["methods", "study", "datasets"])
def test_a_config_file_is_refused_in_one_line(tmp_path, schema, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"mine\.yaml") as error:
        load_checked(path, f"{schema}.schema.yaml")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) <= LONGEST
    assert {found.name for found in tmp_path.iterdir()} == {"mine.yaml"}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_a_setting_is_a_value_or_one_line(text):
    try:
        Recipe().replace(parse_settings([f"epochs={text}"] if text else []))
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert len(str(error)) <= LONGEST  # noqa: PT017


@pytest.mark.parametrize("schema", ["run_json", "study_json", "leaks_json"])
@pytest.mark.parametrize(
    "text",
    ["", "[]", "5", "null", '"a"', "[" * 100_000, "9" * 5000, '{"recipe": 5}', '{"methods": [[]]}',
     '{"segments": {}}', '{"seed": "0"}', "{", "\ufeff{}", '{"a": NaN'],
)  # fmt: skip
def test_a_record_is_refused_in_one_line(tmp_path, schema, text):
    path = tmp_path / "record.json"
    path.write_text(text, "utf-8")
    try:
        assert isinstance(read_json(path, f"{schema}.schema.yaml", "make it again"), dict)
    except InputError as error:
        assert "record.json" in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


def listing(**changed):
    whole = {"dataset": "d", "paired": False, "count": 1, "expected": 1, "sha256": "", "source": ""}
    whole |= {"warnings": [], "items": [{"name": "a", "low": "a.png", "high": None}]}
    return whole | changed


NAMES = ["", ".", "..", ".hidden", "/elsewhere/X", "../../X", "a/b", "a\\b", "a\0b", "\ud800", 5]
NAMES += [None, True, [], {}, "x" * 201, "é" * 101]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_no_name_in_a_listing_leads_out_of_its_folder(tmp_path, name):
    for content in (
        listing(dataset=name),
        listing(items=[{"name": name, "low": "a.png", "high": None}]),
    ):
        path = tmp_path / "l.json"
        path.write_text(json.dumps(content))
        with pytest.raises(InputError, match=r"l\.json: ") as error:
            read_listing(path)
        assert "\n" not in str(error.value)
        assert len(str(error.value)) < 400


ROW = {"name": "a", "label": "A"}
STUDY = {"name": "s", "title": "S", "budget": {"label": "", "reduced": False}, "missing": {}}
STUDY |= {
    "methods": [ROW | {"group": "G", "weights": "none", "seeds": [0]}],
    "datasets": [ROW | {"paired": True, "count": 1}],
    "metrics": [ROW | {"direction": "up", "needs_reference": True, "protocols": ["standard"]}],
    "remarks": [],
}


def read_described(path, kind="methods", **changed):
    content = STUDY | {kind: [STUDY[kind][0] | changed]}
    path.write_text(json.dumps(content))
    return read_json(path, "study_json.schema.yaml", "run again")


@pytest.mark.parametrize("name", [name for name in NAMES[:10] if name != "\ud800"], ids=repr)
def test_no_name_in_a_study_leads_out_of_its_folder(tmp_path, name):
    path = tmp_path / "study.json"
    assert read_described(path)
    for kind, changed in (
        ("methods", {"name": name}),
        ("datasets", {"name": name}),
        ("metrics", {"name": name}),
        ("metrics", {"protocols": [name]}),
        ("metrics", {"beside": [name]}),
    ):
        with pytest.raises(InputError, match=r"study\.json: "):
            read_described(path, kind, **changed)


@pytest.mark.parametrize(
    "changed",
    [{"items": 5}, {"items": None}, {"items": [5]}, {"items": [{}]}, {"items": {"a": 1}},
     {"count": "1"}, {"count": None}, {"warnings": "text"}, {"more": 1},
     {"items": [{"name": "a", "low": 5, "high": None}]},
     {"items": [{"name": "a", "low": None, "high": None}]},
     {"items": [{"name": "a", "low": "a", "high": 5}]},
     {"items": [{"name": "a", "low": "a", "high": None, "more": 1}]}],
    ids=repr,
)  # fmt: skip
def test_a_damaged_listing_is_refused(tmp_path, changed):
    path = tmp_path / "l.json"
    path.write_text(json.dumps(listing(**changed)))
    with pytest.raises(InputError, match=r"l\.json: "):
        read_listing(path)


@pytest.mark.parametrize(
    "reader", [read_listing, lambda path: load_checked(path, "study.schema.yaml")]
)
def test_a_pipe_is_no_file(tmp_path, reader):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe: not a file"):
        reader(tmp_path / "pipe")


@pytest.mark.parametrize(
    "line",
    [f"{'0' * 64}  ../../X", f"{'0' * 64}  /etc/X", f"{'0' * 64}  a/../../X", f"{'0' * 64}  a\\X",
     "0  low/1.png", f"{'0' * 63}  low/1.png", f"{'0' * 65}  low/1.png", f"{'G' * 64}  low/1.png",
     "git-blob:00  low/1.png", "no checksum", f"{'0' * 64}  a\0b"],
)  # fmt: skip
def test_a_manifest_stays_in_the_data_folder_and_has_whole_checksums(shop, line):
    (shop.config / "manifests" / "set.sha256").write_text(line + "\n")
    with pytest.raises(InputError, match=r"set\.sha256|not enough values"):
        load_registry(shop.registry)


@pytest.mark.parametrize("threads", ["-5", "0", "1.5", "many", "٣", "9" * 20])
def test_threads_are_counted_from_one(threads):
    from experiments.cli.main import parser

    with pytest.raises(InputError, match="is not a count of at least 1"):
        parser().parse(["enhance", "a.png", "--threads", threads])


@given(st.text(max_size=60))
def test_any_yaml_is_a_value_or_one_line(text):
    try:
        parse_yaml(text, "mine.yaml")
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
SETTINGS = st.sampled_from([*Recipe().to_dict(), "light", "color", "denoiser", "x"])


@given(st.dictionaries(SETTINGS, ANY, max_size=3))
def test_any_settings_are_a_recipe_or_one_line(settings):
    try:
        Recipe().replace(settings)
    except InputError as error:
        assert str(error)  # noqa: PT017


@given(ANY)
def test_any_json_is_a_listing_or_one_line(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.json"
    for written in (content, listing(items=content), listing(items=[content])):
        path.write_text(json.dumps(written))
        try:
            assert read_listing(path).items is not None
        except InputError as error:
            assert "any.json" in str(error)  # noqa: PT017


@given(st.text(max_size=40))
def test_any_text_is_json_or_one_line(text):
    try:
        parse_json(text, "a.json", "again")
    except InputError as error:
        assert "a.json" in str(error)  # noqa: PT017
