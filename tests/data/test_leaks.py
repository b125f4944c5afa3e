"""The leak check: planted copies are found, other images are not, real data is as documented."""

import csv
import json
import shutil
from itertools import islice

import numpy as np
import pytest
from PIL import Image
from support.helpers import needs_data

from experiments.cli.main import main
from experiments.data import embedded
from experiments.data.fetch import fetch
from experiments.data.leaks import SAME_SCENE, find_leaks, scene_hash
from experiments.data.listing import Item, Listing, write_listing
from zero_leinr.errors import InputError
from zero_leinr.images import write_image


@pytest.fixture(scope="module")
def pairs():
    """Low-light photographs and their references, (240, 320, 3) uint8."""
    return [arrays for _, arrays, _ in embedded.photograph_pairs()]


@pytest.fixture
def sets(tmp_path, pairs):
    """An evaluation set of two pairs, and training images of other scenes."""
    for k, arrays in enumerate(pairs[:2]):
        for part in ("low", "high"):
            write_image(tmp_path / part / f"{k}.png", arrays[part])
    for k, arrays in enumerate(pairs[3:6]):
        write_image(tmp_path / "train" / f"{k}.png", arrays["low"])
    return tmp_path


def listing(name, low, high=None):
    paths = sorted(low.iterdir())
    items = [Item(p.stem, str(p), str(high / p.name) if high else None) for p in paths]
    return Listing(name, high is not None, len(items), len(items), "", "", [], items)


def check(sets):
    evaluation = listing("pairs", sets / "low", sets / "high")
    return find_leaks(listing("dark", sets / "train"), [evaluation])


def test_other_images_are_no_leak(sets):
    leaks = check(sets)
    assert leaks.matches == leaks.warnings() == []
    assert [(row.part, row.images, row.same_scene) for row in leaks.summaries] == [
        ("low", 2, 0),
        ("reference", 2, 0),
    ]
    assert min(row.closest for row in leaks.summaries) > SAME_SCENE


@pytest.mark.parametrize("part", ["low", "high"])
def test_a_copied_file_stops_and_both_are_named(sets, part):
    shutil.copy(sets / part / "1.png", sets / "train" / "renamed.png")
    with pytest.raises(InputError, match=rf"{part}/1\.png.* the same file .*train/renamed\.png"):
        check(sets)


def test_the_same_pixels_in_another_format_stop(sets):
    Image.open(sets / "low" / "0.png").save(sets / "train" / "other.bmp")
    with pytest.raises(InputError, match=r"low/0\.png.* the same pixels .*train/other\.bmp"):
        check(sets)


COPIES = {
    "jpeg": lambda image: (image, {"quality": 75}),
    "resized": lambda image: (image.resize((256, 256), Image.Resampling.BILINEAR), {}),
    "small jpeg": lambda image: (image.resize((160, 120)), {"quality": 60}),
    "darkened": lambda image: (image.point(lambda v: 0.4 * v), {"quality": 94}),
    "gamma": lambda image: (image.point(lambda v: 255 * (v / 255) ** 1.5), {"quality": 94}),
    "gray": lambda image: (image.convert("L"), {"quality": 94}),
}


@pytest.mark.parametrize("part", ["low", "high"])
@pytest.mark.parametrize("copy", COPIES)
def test_a_changed_copy_is_named_with_its_original(sets, copy, part):
    image, options = COPIES[copy](Image.open(sets / part / "1.png"))
    image.save(sets / "train" / "copy.jpg", **options)
    leaks = check(sets)
    found = {(match.image, match.training_image) for match in leaks.matches}
    assert (str(sets / part / "1.png"), str(sets / "train" / "copy.jpg")) in found
    assert {image for image, _ in found} <= {str(sets / p / "1.png") for p in ("low", "high")}
    assert leaks.warnings()[0]["dataset"] == "pairs"
    assert "1 of 2" in leaks.warnings()[0]["text"]


@pytest.fixture
def lol_v2(tmp_path, monkeypatch, pairs):
    """LOL-v2's entry, filled with three pairs under names of its own, and training images.

    As reported of the real sets, most of its test pairs stand in LOL v1's training part.
    """
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    for k, arrays in enumerate(pairs[:3]):
        for part in ("low", "high"):
            write_image(tmp_path / "lol_v2/real/test" / part / f"{690 + k:05}.png", arrays[part])
    return tmp_path


def test_a_test_pair_of_lol_v2_that_trains_as_lol_v1_stops_and_both_are_named(lol_v2, pairs):
    for k, arrays in enumerate(pairs[:2]):
        write_image(lol_v2 / "lol/our485/low" / f"{k + 2}.png", arrays["low"])
    with pytest.raises(InputError, match=r"real/test/low/00690\.png.*our485/low/2\.png"):
        find_leaks(listing("train", lol_v2 / "lol/our485/low"), [fetch("lol_v2_real")])


def test_copies_of_lol_v2s_test_pairs_are_counted(lol_v2, pairs):
    folder = lol_v2 / "train256/lol"
    folder.mkdir(parents=True)
    for k, arrays in enumerate(pairs[:2]):
        copy = Image.fromarray(arrays["low"]).resize((256, 256), Image.Resampling.BILINEAR)
        copy.save(folder / f"{k + 2}.jpg", quality=94)
    leaks = find_leaks(listing("train", folder), [fetch("lol_v2_real")])
    assert leaks.warnings()[0] == {
        "dataset": "lol_v2_real",
        "text": "2 of 3 low images show a scene that is among the training images",
    }


def test_exposures_of_one_scene_are_one_scene_and_the_nearest_comes_first(sets, pairs):
    """A low image against references: darker by 3 to 5 stops, with noise and a color cast."""
    write_image(sets / "train" / "exposure.png", pairs[0]["high"] // 2)
    distances = [match.distance for match in check(sets).matches if "low" in match.image]
    assert len(distances) == 1
    Image.open(sets / "low" / "0.png").save(sets / "train" / "nearer.jpg", quality=94)
    found = [match for match in check(sets).matches if "low" in match.image]
    assert found[0].training_image.endswith("nearer.jpg")
    assert [found[1].distance] == distances


def test_a_nearly_black_image_is_known_by_what_it_shows(pairs):
    """Noise over levels 0 to 3 is enough; phash of such an image as it is differs in up to 72."""
    rng = np.random.default_rng(0)
    for arrays in pairs:
        dark = arrays["high"] / 100 + rng.normal(0, 0.5, arrays["high"].shape)
        black = dark.round().clip(0, 255).astype(np.uint8)
        assert (scene_hash(black) != scene_hash(arrays["high"])).sum() <= 32


def test_flat_images_show_no_scene(sets):
    for folder in ("low", "high", "train"):
        shade = 40 * len(folder)
        write_image(sets / folder / "flat.png", np.full((64, 64, 3), shade, np.uint8))
    leaks = check(sets)
    assert leaks.matches == []
    assert leaks.summaries[0].images == 3


def test_the_embedded_sets_share_no_scene(pairs):
    """Nothing is stopped or warned of in a study without downloads."""
    drawn = islice(embedded.leaf_scenes(), 16)  # of 64, for time
    leaves = np.array([scene_hash(arrays["low"]) for _, arrays, _ in drawn])
    for arrays in pairs:
        for part in ("low", "high"):
            assert (leaves != scene_hash(arrays[part])).sum(axis=1).min() > SAME_SCENE


def test_the_command_writes_what_the_check_passes_on(sets, capsys):
    Image.open(sets / "low" / "0.png").resize((256, 256)).save(sets / "train" / "copy.png")
    write_listing(listing("dark", sets / "train"), sets / "train.json")
    write_listing(listing("pairs", sets / "low", sets / "high"), sets / "pairs.json")
    options = ["--out", sets / "leaks.json", "--table", sets / "leaks.csv"]
    inputs = ["--training", sets / "train.json", "--listings", sets / "pairs.json"]
    assert main(["leaks", *map(str, inputs + options)]) == 0
    assert "copy.png" in capsys.readouterr().out
    with (sets / "leaks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["dataset"], row["part"]) for row in rows] == [
        ("pairs", "low"),
        ("pairs", "reference"),
    ]
    assert rows[0]["same_scene"] == "1"
    matches = json.loads((sets / "leaks.json").read_text())["matches"]
    assert matches[0]["training_image"].endswith("copy.png")
    arguments = ["check", "demo", "--leaks", sets / "leaks.json", "--out", sets / "study.json"]
    assert main(list(map(str, arguments))) == 0
    (remark, *_) = json.loads((sets / "study.json").read_text())["remarks"]
    text = "1 of 2 low images show a scene that is among the training images"
    assert remark == {"kind": "leak", "dataset": "pairs", "text": text}


@needs_data
def test_lol_shares_scenes_with_its_training_part_and_no_image():
    """What docs/leak-check.md says of eval15, on the training images numbered beside its own."""
    training, evaluation = fetch("zero_leinr_train", download=False), fetch("lol_eval15")
    near = {str(int(item.name) + step) for item in evaluation.items for step in range(-3, 4)}
    items = [item for item in training.items if item.name.removeprefix("lol-") in near]
    lol = Listing("lol", False, len(items), len(items), "", "", [], items)
    low, reference = find_leaks(lol, [evaluation]).summaries
    assert (low.same_scene, reference.same_scene) == (14, 14)


@needs_data
def test_the_clean_training_images_show_no_scene_of_the_test_images():
    """Of the LOL images beside eval15's numbers; docs/leak-check.md has the whole check."""
    training, evaluation = fetch("zero_leinr_train_clean", download=False), fetch("lol_eval15")
    assert training.count == 2463
    near = {str(int(item.name) + step) for item in evaluation.items for step in range(-3, 4)}
    items = [item for item in training.items if item.name.removeprefix("lol-") in near]
    lol = Listing("lol", False, len(items), len(items), "", "", [], items)
    assert find_leaks(lol, [evaluation]).warnings() == []
