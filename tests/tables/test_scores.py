"""Tables: the right cells marked, the notes that honesty asks for, errors that name the file."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fake_study import make_study, score_file, write

from experiments.analysis.comparisons import summarize_with_ties
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.tables.markdown import escape_markdown
from experiments.tables.scores import layout, write_tables
from zero_leinr.errors import InputError


def read_table(folder, protocol="standard"):
    write_tables(folder)
    return (folder / "tables" / f"scores_{protocol}.md").read_text(encoding="utf-8")


def ranks(folder, metric):
    """The rank of every method in the paired set's column of a metric."""
    study = read_study(folder)
    table = layout(study, summarize_with_ties(study, read_scores(folder, study)), "standard")
    paired = next(dataset.label for dataset in study.datasets if dataset.paired)
    head = f"{study.metric(metric).label} {study.metric(metric).arrow}"
    (column,) = (i for i, c in enumerate(table.columns) if (c.over, c.head) == (paired, head))
    names = [method.name for method in study.methods]
    rows = [row for group in table.groups.values() for row in group]
    return {name: row[column].rank for name, row in zip(names, rows, strict=True)}


def test_one_table_a_protocol_to_read_and_for_programs(tmp_path):
    files = write_tables(make_study(tmp_path))
    protocols, suffixes = ("standard", "luma", "gaussian"), ("csv", "md")
    assert [f.name for f in files] == [f"scores_{p}.{s}" for p in protocols for s in suffixes]
    assert sorted(files) == sorted((tmp_path / "tables").iterdir())


def test_unpaired_study_has_no_table_of_paired_protocols(tmp_path):
    files = write_tables(make_study(tmp_path, datasets=("single",)))
    assert {f.stem for f in files} == {"scores_standard"}


def test_marks_follow_the_direction_of_better(tmp_path):
    make_study(tmp_path)
    assert ranks(tmp_path, "psnr") == {"input": 4, "he": 3, "zero_dce": 2, "full": 1}
    assert ranks(tmp_path, "lpips") == {"input": 1, "he": 2, "zero_dce": 3, "full": 4}


CONTROLS = {"reference": "positive", "dice": "negative"}


def with_controls(folder):
    """A study whose controls score better than every method."""
    levels = {"input": 1.0, "he": 2.0, "zero_dce": 3.0, "full": 4.0, "reference": 9.0, "dice": 8.0}
    return make_study(folder, levels=levels, controls=CONTROLS)


def test_controls_are_never_ranked(tmp_path):
    with_controls(tmp_path)
    found = ranks(tmp_path, "psnr")
    assert found == {"input": 4, "he": 3, "zero_dce": 2, "full": 1, "reference": 0, "dice": 0}
    table = read_table(tmp_path)
    assert "Controls are not ranked" in table
    assert "*Controls*" in table


def test_a_positive_control_needs_no_scores_where_there_are_no_references(tmp_path):
    with_controls(tmp_path)
    assert not score_file(tmp_path, "reference", dataset="single").exists()
    table = read_table(tmp_path)
    row = next(line for line in table.splitlines() if line.startswith("| Reference"))
    assert row.split("|")[-2].strip() == "–"
    assert "more than half of the images have no score" not in table
    score_file(tmp_path, "dice", dataset="single").unlink()
    with pytest.raises(InputError, match=r"dice.*score file missing"):
        read_table(tmp_path)


def test_equal_printed_means_share_their_mark(tmp_path):
    levels = {"input": 3.001, "he": 3.0, "zero_dce": 2.5, "full": 1.0}
    make_study(tmp_path, levels=levels)
    assert ranks(tmp_path, "psnr") == {"input": 1, "he": 1, "zero_dce": 2, "full": 3}
    # SSIM prints three digits: there the two differ.
    assert ranks(tmp_path, "ssim") == {"input": 1, "he": 2, "zero_dce": 3, "full": 4}


def test_markdown_rows(tmp_path):
    text = read_table(make_study(tmp_path))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[0].startswith(
        "| Method | Weights | Seeds | Pairs PSNR ↑ | Pairs SSIM ↑ | Pairs LPI"
    )
    assert "Pairs NIQE<sup>a</sup> ↓ | Single NIQE<sup>a</sup> ↓" in rows[0]
    assert rows[2].startswith("| *Classical* |")
    assert rows[4].startswith(r"| Histogram\_eq | none | – | 2.10 | 2.100 | <u>2.100</u> |")
    assert "Pairs, Single: too few images to test so many methods, so no ties are marked" in text
    # Seeds have the means 4.1 and 4.3: mean 4.2, standard deviation .2/sqrt(2).
    assert rows[-1].startswith(
        "| Zero-LEINR† | trained here | 2 | **4.20** ± 0.14 | **4.200** ± 0.1"
    )
    assert len({row.count("|") for row in rows} - {rows[4].count("|")}) == 0


def test_a_training_that_failed_is_said_under_the_table(tmp_path):
    run = make_study(tmp_path) / "runs" / "full" / "seed1" / "run.json"
    run.write_text(json.dumps({"failed_parts": ["light", "denoiser"], "overflowed_steps": 7}))
    text = read_table(tmp_path)
    assert (
        "Zero-LEINR, seed 1: training failed, the loss of its light and denoiser exploded" in text
    )
    assert "Zero-LEINR, seed 1: training steps that overflowed and were left out: 7" in text
    assert "seed 0: " not in text
    assert "| Zero-LEINR† | trained here | 1 of 2 | **4.10** |" in text
    run.write_text(json.dumps({"diverged_at": 300, "steps": 200}))
    study = read_study(tmp_path)
    (said,), (left_out,) = (study.remarks_in_words(kind) for kind in ("training", "seeds"))
    assert "weights diverged before step 300, and those of step 200 are shown" in said
    assert left_out == "Zero-LEINR: 1 of 2 trainings failed and are left out"
    assert not study.failed
    other = run.parent.parent / "seed0" / "run.json"
    other.write_text(run.read_text())
    study = read_study(tmp_path)
    assert study.failed == {"full"}  # all of them: the row shows what there is
    assert study.methods[3].seeds == [0, 1]
    run.write_text("{")
    with pytest.raises(InputError, match=r"seed1/run\.json: not valid JSON .*train it again"):
        read_study(tmp_path)


def test_a_run_that_is_not_what_the_study_wants_is_said_under_the_table(tmp_path):
    """Weights may come back from another machine, trained otherwise or put into another folder."""
    path = make_study(tmp_path) / "study.json"
    study = json.loads(path.read_text())
    recipe = {"epochs": 2, "denoiser": None, "light": {"spatial": 1}, "new": 1}
    study["methods"][3]["recipe"] = recipe
    path.write_text(json.dumps(study | {"training_sha256": "abc"}))
    for seed, change, images in ((0, {}, "abc"), (1, {"epochs": 3, "denoiser": {"x": 1}}, "other")):
        record = {"seed": 0, "data_sha256": images}
        record["recipe"] = {key: value for key, value in (recipe | change).items() if key != "new"}
        write(tmp_path / "runs" / "full" / f"seed{seed}" / "run.json", json.dumps(record))
    said = [
        "trained with seed 0, not 1 as this study says",
        "trained with epochs 3, not 2 as this study says",
        "trained with denoiser {'x': 1}, not None as this study says",
        "trained with other images than this study's",
    ]
    failures = read_study(tmp_path).remarks_in_words("training")
    assert failures == [f"Zero-LEINR, seed 1: {what}" for what in said]
    assert f"\n{failures[0]}\n" in read_table(tmp_path)


def test_notes_of_methods_are_footnotes_and_equal_ones_share_a_mark(tmp_path):
    path = make_study(tmp_path) / "study.json"
    study = json.loads(path.read_text())
    notes = {"he": "cropped to 12 px_", "zero_dce": "another", "full": "cropped to 12 px_"}
    for method in study["methods"]:
        method["note"] = notes.get(method["name"])
    path.write_text(json.dumps(study))
    text = read_table(tmp_path)
    for start in (
        "| Input |",
        r"| Histogram\_eq<sup>b</sup> |",
        "| Zero-DCE<sup>c</sup> |",
        "| Zero-LEINR†<sup>b</sup> |",
        "<sup>a</sup> ranks badly",
        r"<sup>b</sup> cropped to 12 px\_",
        "<sup>c</sup> another",
    ):
        assert f"\n{start}" in text


def test_csv_is_tidy_and_in_table_order(tmp_path):
    make_study(tmp_path)
    write_tables(tmp_path)
    frame = pd.read_csv(tmp_path / "tables" / "scores_standard.csv", keep_default_na=False)
    assert list(frame.columns[:4]) == ["method", "dataset", "metric", "protocol"]
    assert list(frame["method"].unique()) == ["input", "he", "zero_dce", "full"]
    assert len(frame) == 4 * (4 + 1)
    full = frame[(frame["method"] == "full") & (frame["metric"] == "psnr")].iloc[0]
    assert float(full["mean"]) == pytest.approx(4.2)
    assert float(full["ci_low"]) < 4.2 < float(full["ci_high"])
    assert (full["n_images"], full["n_seeds"]) == (3, 2)
    assert (full["weights"], full["budget"]) == ("trained here", "reduced: 2 epochs")
    assert set(frame[frame["method"] == "zero_dce"]["budget"]) == {""}


def test_what_the_images_lack_is_said_below_the_table(tmp_path):
    path = make_study(tmp_path) / "study.json"
    study = json.loads(path.read_text())
    text = "3 images found, 4 expected; without [4].png"
    study["remarks"] = [{"kind": "data", "dataset": "pairs", "text": text}]
    path.write_text(json.dumps(study))
    assert "\nPairs: 3 images found, 4 expected; without \\[4\\].png" in read_table(tmp_path)


def test_reduced_budget_is_said_in_caption_and_rows(tmp_path):
    text = read_table(make_study(tmp_path / "quick"))
    assert "Training budget reduced: 2 epochs" in text
    assert "Zero-LEINR†" in text
    assert "<sup>†</sup> trained with a reduced budget" in text
    assert "Zero-DCE†" not in text
    paper = read_table(make_study(tmp_path / "paper", reduced=False))
    assert "†" not in paper
    assert "Training budget: paper settings" in paper


def test_missing_metric_is_named_with_its_reason(tmp_path):
    make_study(tmp_path, missing={"lpips": "no weights at hand"})
    text = read_table(tmp_path)
    assert "LPIPS is not shown: no weights at hand" in text
    assert "LPIPS" not in text.replace("LPIPS is not shown", "")


def test_caveat_of_a_metric_stands_below_the_table(tmp_path):
    assert "<sup>a</sup> ranks badly on its own." in read_table(make_study(tmp_path))


def test_all_metrics_missing_still_makes_a_table(tmp_path):
    make_study(tmp_path, datasets=("single",), missing={"niqe": "no weights"})
    assert "NIQE is not shown: no weights" in read_table(tmp_path)


def test_methods_are_compared_on_the_images_that_all_have(tmp_path):
    make_study(tmp_path)
    path = score_file(tmp_path, "he", dataset="single")
    write(path, re.sub(r"b,niqe.*\n", "", path.read_text()))
    text = read_table(tmp_path)
    assert "NIQE on Single: 1 of 2 images, those that have this score of every method" in text
    assert "| Input | none | – | 1.10 | 1.100 | **1.100** | **1.10** | **1.00** |" in text


def test_metric_that_no_image_has_is_left_out_of_that_dataset(tmp_path):
    make_study(tmp_path)
    for path in (tmp_path / "scores").glob("*/*/single.csv"):
        write(path, "image,metric,protocol,value\n")
    text = read_table(tmp_path)
    assert "NIQE on Single is not shown: no image has this score of every method" in text
    assert "Pairs NIQE" in text
    assert "Single NIQE" not in text


def test_ties_are_marked_where_there_are_enough_images(tmp_path):
    levels = {"input": 1, "he": 4, "zero_dce": 3.98, "full": 2}
    images = {"pairs": [f"{i:02}" for i in range(12)]}
    make_study(tmp_path, ("pairs",), levels=levels, images=images)
    rng = np.random.default_rng(0)
    for path in (tmp_path / "scores").glob("*/*/*.csv"):
        frame = pd.read_csv(path, dtype={"image": str})
        frame["value"] += 0.05 * rng.normal(size=len(frame))
        frame.to_csv(path, index=False)
    marked = [line for line in read_table(tmp_path).splitlines() if "<sup>=</sup> |" in line]
    assert len(marked) == 1
    assert "Histogram" in marked[0] or "Zero-DCE" in marked[0]


def test_columns_with_too_few_images_are_told_by_their_own_images_and_methods(tmp_path):
    """8 images: too few for 7 tests, enough for the 6 of a metric that one method lacks."""
    methods = [(f"m{i}", f"M{i}", "All", "none", [0]) for i in range(8)]
    images = {"pairs": [f"{i:02}" for i in range(8)]}
    levels = {name: 1.0 for name, *_ in methods}
    make_study(tmp_path, ("pairs",), levels=levels, methods=methods, images=images)
    rng = np.random.default_rng(0)
    for path in (tmp_path / "scores").glob("*/*/*.csv"):
        frame = pd.read_csv(path, dtype={"image": str})
        frame["value"] += 0.2 * rng.normal(size=len(frame))
        lacking = (frame["metric"] == "ssim") & ("m7" in path.parts)
        frame[~lacking].to_csv(path, index=False)
    text = read_table(tmp_path)
    assert "\n\nPairs PSNR, Pairs LPIPS, Pairs NIQE: too few images to test so many" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| M")]
    tied = [sum("<sup>=</sup>" in cell for cell in column) for column in zip(*rows, strict=True)]
    assert [count > 0 for count in tied[3:]] == [False, True, False, False]


def test_shared_scenes_are_told_under_the_table(tmp_path):
    text = read_table(make_study(tmp_path))
    assert "Pairs: 1 scene is among the training images" in text


def test_infinite_psnr_is_shown_as_such(tmp_path):
    make_study(tmp_path)
    path = score_file(tmp_path)
    write(path, path.read_text().replace("01,psnr,standard,2.0", "01,psnr,standard,inf"))
    assert "| **inf** |" in read_table(tmp_path)


@given(st.text(alphabet="ab*_`|<>[]#\\"))
def test_escaped_markdown_reads_back(text):
    escaped = escape_markdown(text)
    assert re.sub(r"\\(.)", r"\1", escaped) == text
    assert not re.search(r"(?<!\\)(\\\\)*[*_`|<>\[\]#]", escaped)


def cut_last_number(text):
    return text.rstrip()[: text.rstrip().rindex(",")]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: "", "not a score file"),
        (lambda text: "image,value\n01,3\n", "columns must be"),
        (lambda text: text.replace("2.0", "two", 1), "'two', not a number"),
        (lambda text: text.replace("2.0", "nan", 1), "'nan', not a number"),
        (cut_last_number, "not a number"),
        (lambda text: text + text.splitlines()[-1] + "\n", "stands twice"),
        (lambda text: re.sub("03,.*\n", "", text), "'03' has no score"),
        (lambda text: text.replace("03,", "99,"), "'99' is not in the listing"),
        (lambda text: text + 'x,"y', "not a score file"),
    ],
)
def test_broken_score_file_is_named(tmp_path, damage, complaint):
    make_study(tmp_path)
    path = score_file(tmp_path)
    write(path, damage(path.read_text()))
    with pytest.raises(InputError, match=complaint) as error:
        write_tables(tmp_path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "tables").exists()


def test_absent_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"study\.json: missing"):
        write_tables(tmp_path)
    make_study(tmp_path)
    score_file(tmp_path, "full", 1).unlink()
    with pytest.raises(InputError, match=r"full.seed1.pairs\.csv: score file missing"):
        write_tables(tmp_path)


def test_a_study_without_methods_is_refused(tmp_path):
    path = make_study(tmp_path) / "study.json"
    write(path, json.dumps(json.loads(path.read_text()) | {"methods": []}))
    with pytest.raises(InputError, match="study 'small' has no method"):
        write_tables(tmp_path)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda text: text[:50], "not valid JSON"),
        (lambda text: text.replace('"label": "Input", ', ""), r"methods\.0: 'label' is a required"),
        (lambda text: text.replace('"missing"', '"mising"'), "'missing' is a required property"),
    ],
)
def test_broken_study_file_is_named(tmp_path, damage, complaint):
    make_study(tmp_path)
    path = tmp_path / "study.json"
    write(path, damage(path.read_text()))
    with pytest.raises(InputError, match=complaint) as error:
        write_tables(tmp_path)
    assert str(path) in str(error.value)


def test_image_names_stay_text(tmp_path):
    study = read_study(make_study(tmp_path))
    scores = read_scores(tmp_path, study)
    assert set(scores[scores["dataset"] == "pairs"]["image"]) == {"01", "02", "03"}


def test_a_method_that_lacks_most_scores_does_not_take_them_from_the_others(tmp_path):
    make_study(tmp_path)
    for seed in (0, 1):  # in one seed is enough, and all is no different
        path = score_file(tmp_path, "full", seed, "single")
        write(path, "image,metric,protocol,value\n")
        text = read_table(tmp_path)
        assert (
            "NIQE on Single: – where more than half of the images have no score: Zero-LEINR" in text
        )
        (row,) = [line for line in text.splitlines() if line.startswith("| Zero-LEINR")]
        assert row.split("|")[-2].strip() == "–"
        assert "**1.05**" in text  # the input's, over both images
        assert "1 of 2 images" not in text
