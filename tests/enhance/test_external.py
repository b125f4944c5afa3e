"""Images that another program made: taken as they are, and refused where they do not fit."""

import numpy as np
import pytest
import yaml

from experiments.check import check_study, describe_study
from experiments.data.listing import Item, Listing, write_listing
from experiments.enhance.cost import measure_method
from experiments.enhance.external import take
from experiments.sheets import study
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import load_study
from zero_leinr.errors import InputError
from zero_leinr.images import read_image, write_image

ENTRY = {"label": "Mine", "group": "Ours", "citation": "Me. 2026", "images": "outputs"}
SIZES = {"a": (40, 64), "b": (48, 40)}  # height, width


def draw(folder, seed):
    rng = np.random.default_rng(seed)
    for name, (height, width) in SIZES.items():
        image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        write_image(folder / f"{name}.png", image)
    return folder


@pytest.fixture
def items(tmp_path):
    folder = draw(tmp_path / "lime", 0)
    return [Item(name, str(folder / f"{name}.png"), None) for name in SIZES]


@pytest.fixture
def plan(tmp_path, items, monkeypatch):
    """A study with a row of images made elsewhere, and the listing of its data set."""
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    (tmp_path / "config").mkdir()
    sheet = yaml.safe_load((CONFIG / "methods.yaml").read_text()) | {"mine": ENTRY}
    (tmp_path / "config" / "methods.yaml").write_text(yaml.safe_dump(sheet))
    monkeypatch.setattr(study, "CONFIG", tmp_path / "config")
    settings = yaml.safe_load((CONFIG / "studies" / "demo.yaml").read_text())
    settings |= {"methods": ["input", "mine"], "variants": False, "datasets": ["lime"]}
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(settings | {"metrics": ["niqe"]}))
    write_listing(Listing("lime", False, 2, 2, "", "", [], items), tmp_path / "lime.json")
    return load_study(tmp_path / "small.yaml"), [tmp_path / "lime.json"]


def test_images_are_taken_as_they_are(tmp_path, items):
    made = draw(tmp_path / "outputs", 1)
    take(made, items, tmp_path / "taken")
    for name in SIZES:
        taken = read_image(tmp_path / "taken" / f"{name}.png")
        assert np.array_equal(taken, read_image(made / f"{name}.png"))


def test_a_pattern_finds_the_names_that_the_program_gave(tmp_path, items):
    made = draw(tmp_path / "outputs", 1)
    for name in SIZES:
        (made / f"{name}.png").rename(made / f"{name}_enhanced.png")
    with pytest.raises(InputError, match="no image named 'a'; every"):
        take(made, items, tmp_path / "taken")
    take(made, items, tmp_path / "taken", "{name}_enhanced.png")
    for name in SIZES:
        taken = read_image(tmp_path / "taken" / f"{name}.png")
        assert np.array_equal(taken, read_image(made / f"{name}_enhanced.png"))
    (made / "b_enhanced.png").unlink()
    with pytest.raises(InputError, match=r"no image named 'b_enhanced\.png'"):
        take(made, items, tmp_path / "again", "{name}_enhanced.png")


def test_a_pattern_goes_with_images_and_names_them(tmp_path):
    path = tmp_path / "methods.yaml"
    for pattern, named in (("{name}_out.png", None), ("out.png", "pattern"), ("{name}", "pattern")):
        path.write_text(yaml.safe_dump({"mine": ENTRY | {"pattern": pattern}}))
        if named is None:
            load_checked(path, "methods.schema.yaml")
        else:
            with pytest.raises(InputError, match=named):
                load_checked(path, "methods.schema.yaml")


def test_a_study_says_where_they_come_from(tmp_path, plan, items):
    draw(tmp_path / "outputs" / "lime", 1)
    small, listings = plan
    assert check_study(small, {"lime": items}) == {}
    row = describe_study(small, {}, listings)["methods"][1]
    assert (row["weights"], row["recipe"], row["seeds"]) == ("made elsewhere", None, [0])
    with pytest.raises(InputError, match="mine: its images were made elsewhere"):
        measure_method(small, "mine", None)


@pytest.mark.parametrize("wrong", ["folder", "missing", "size", "broken"])
def test_what_does_not_fit_is_named_before_any_work(tmp_path, plan, items, wrong):
    folder = tmp_path / "outputs" / "lime"
    if wrong != "folder":
        draw(folder, 1)
    if wrong == "missing":
        (folder / "b.png").unlink()
    if wrong == "size":
        write_image(folder / "b.png", np.zeros((40, 48, 3), np.uint8))
    if wrong == "broken":
        (folder / "b.png").write_bytes(b"no image")
    named = "lime" if wrong in ("folder", "missing") else "b.png"
    with pytest.raises(InputError, match=f"method mine: .*{named}"):
        check_study(plan[0], {"lime": items})
    with pytest.raises(InputError, match=named):
        take(folder, items, tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


@pytest.mark.parametrize(
    "more", [{"method": "gamma"}, {"weights": "zero_dce"}, {"recipe": {}}, {"settings": {}}]
)
def test_an_entry_has_either_images_or_a_program(tmp_path, more):
    path = tmp_path / "methods.yaml"
    path.write_text(yaml.safe_dump({"mine": ENTRY}))
    assert load_checked(path, "methods.schema.yaml") == {"mine": ENTRY}
    path.write_text(yaml.safe_dump({"mine": ENTRY | more}))
    with pytest.raises(InputError, match=f"methods.yaml: mine: .*{next(iter(more))}"):
        load_checked(path, "methods.schema.yaml")
