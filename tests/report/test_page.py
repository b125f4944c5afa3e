"""The report's page: what it says, what it holds, what it may load, and what it leaves out."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.fake_study import make_study
from support.helpers import one_line
from support.study_to_report import add_variants, change, whole_study

from experiments.analysis.collect import collect
from experiments.analysis.results import open_study, read_study
from experiments.analysis.select import select
from experiments.analysis.statistics import summarize
from experiments.cli.main import main
from experiments.report import previews, write
from experiments.report.check_marks import check_marks
from experiments.report.page import gather
from experiments.report.summary import ablation_sentence, best_sentence
from experiments.report.write import write_report
from experiments.tables.scores import write_tables
from zero_leinr.errors import InputError

SECTIONS = ["summary", "scores", "compare", "images", "ablations", "claims", "more", "provenance"]
EVIL = """</script><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;"""


class Parsed(HTMLParser):
    """A page's elements as (tag, attributes), the text of each script and style, all other text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.raw, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.raw.append((tag, dict(attrs), ""))

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] in ("script", "style") and self.cdata_elem:
            tag, attrs, text = self.raw[-1]
            self.raw[-1] = (tag, attrs, text + data)
        else:
            self.text += data

    def tags(self, name):
        return [attrs for tag, attrs in self.elements if tag == name]

    @property
    def sections(self):
        return [attrs["id"] for attrs in self.tags("section")]

    @property
    def data(self):
        (text,) = [text for _, attrs, text in self.raw if attrs.get("id") == "data"]
        return json.loads(text)


def parsed(folder, **options):
    return Parsed(write_report(folder, **options).read_text("utf-8"))


@pytest.fixture
def study(tmp_path):
    return whole_study(tmp_path / "small")


# --------------------------------------------------------------------------------- sections


def test_a_whole_study_has_every_section_in_order(study):
    assert parsed(study).sections == SECTIONS


def test_without_variants_and_extras_their_sections_are_not_there(tmp_path):
    page = parsed(make_study(tmp_path / "small"))
    assert page.sections == ["summary", "scores", "compare", "images", "more", "provenance"]
    assert "Losses during training" not in page.text
    assert "GFLOPs" not in page.text


def test_without_references_there_is_no_error_map_and_no_protocol_to_compare(tmp_path):
    page = parsed(make_study(tmp_path / "small", datasets=("single",)))
    assert page.sections == ["summary", "scores", "compare", "images", "provenance"]
    assert page.data["images"]
    assert all(not one["errors"] and "reference" not in one["shown"] for one in page.data["images"])


def test_without_images_no_pixel_of_the_data_is_in_the_page(study):
    Image.new("RGB", (50, 50)).save(study / "figures" / "qualitative_pairs.png")
    page = parsed(study, with_images=False)
    assert "compare" not in page.sections
    assert page.data["images"] == []
    drawn = [attrs["alt"] for attrs in page.tags("img")]
    assert drawn
    assert not any("Examples" in alt for alt in drawn)


def test_images_that_are_gone_give_way_to_the_drawn_examples(study):
    for path in study.glob("*-low-*.png"):
        path.unlink()
    Image.new("RGB", (50, 50)).save(study / "figures" / "qualitative_pairs.png")
    page = parsed(study)
    assert page.data["images"] == []
    assert "compare" in page.sections
    assert any(attrs["alt"].startswith("Examples of Pairs") for attrs in page.tags("img"))


def test_an_output_that_is_gone_is_left_out_alone(study):
    (study / "images" / "he" / "seed0" / "pairs" / "02.png").unlink()
    shown = {one["name"]: one["shown"] for one in parsed(study).data["images"]}
    assert "he" not in shown["02"]
    assert "he" in shown["01"]
    assert "zero_dce" in shown["02"]


def test_a_study_that_is_kept_has_its_page_without_images(study, tmp_path):
    whole = parsed(study, with_images=False)
    collect(study, tmp_path / "kept")
    (tmp_path / "kept" / "tables").mkdir(exist_ok=True)
    (tmp_path / "kept" / "tables" / "claims.md").touch()
    kept = parsed(tmp_path / "kept")
    assert kept.sections == [name for name in SECTIONS if name != "compare"]
    assert kept.data == whole.data
    assert "0123456789abcdef" in kept.text


# ------------------------------------------------------------------------- escaping and policy


def test_names_from_configs_are_text(study):
    def edit(content):
        content["title"] = EVIL
        content["remarks"][0]["text"] = EVIL
        content["datasets"][0]["label"] = EVIL
        for method in content["methods"]:
            method |= {"label": method["name"] + EVIL, "group": EVIL, "note": EVIL}
        for metric in content["metrics"]:
            metric["label"] = metric["name"] + EVIL

    plain = parsed(study)
    change(study, edit)
    page = parsed(study)
    assert [(tag, attrs) for tag, attrs, _ in page.raw] == [
        (tag, attrs) for tag, attrs, _ in plain.raw
    ]
    assert not [attrs for _, attrs in page.elements if any(key.startswith("on") for key in attrs)]
    assert len(page.tags("img")) == len(plain.tags("img"))
    assert page.text.count(EVIL) > 10
    assert page.data["methods"][0]["label"] == "input" + EVIL


def test_the_policy_lets_nothing_in_but_what_the_page_holds(study):
    page = parsed(study)
    (policy,) = [a["content"] for a in page.tags("meta") if "http-equiv" in a]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for kind in ("script", "style"):
        (text,) = [text for tag, attrs, text in page.raw if tag == kind and not attrs]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert not [attrs for _, attrs in page.elements if "style" in attrs]


def test_every_address_is_inside_the_page(study):
    page = parsed(study)
    addresses = [a[key] for _, a in page.elements for key in ("href", "src") if a.get(key)]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)
    targets = {attrs.get("id") for _, attrs in page.elements}
    assert {a[1:] for a in addresses if a.startswith("#")} <= targets


def test_no_path_of_this_machine_is_in_the_page(study):
    assert str(study.parent) not in write_report(study).read_text("utf-8")


def test_every_control_is_labeled(study):
    page = write_report(study).read_text("utf-8")
    controls = re.findall(r"<(?:select|input)[^>]*>", page)
    labeled = re.findall(r"<label[^>]*>[^<]*<(?:select|input)[^>]*>", page)
    named = [one for one in controls if "aria-label" in one]
    assert len(controls) == len(labeled) + len(named)
    assert all(attrs.get("alt") is not None for attrs in Parsed(page).tags("img"))


# ------------------------------------------------------------------------------------ numbers


def test_cells_say_mean_and_interval_as_the_statistics_have_them(study):
    page = gather(study)
    known = summarize(open_study(study)[1])
    known = known.set_index(["dataset", "protocol", "metric", "method"])
    seen = 0
    for table in page["tables"]:
        for row in table.rows:
            for metric, score in zip(table.metrics, row.scores, strict=True):
                want = known.loc[(table.dataset.name, table.protocol, metric.name, row.name)]
                digits = 2 if metric.name in ("psnr", "niqe") else 3
                assert score.cell.text == f"{want['mean']:.{digits}f}"
                ends = f"{want['ci_low']:.{digits}f} to {want['ci_high']:.{digits}f}"
                assert ends.replace("-", "−") in score.detail
                seen += 1
    assert seen > 30


def test_scores_of_images_are_means_over_seeds_and_those_of_the_first_seed(study):
    data = gather(study)["data"]["scores"]["pairs"]
    assert data["images"] == ["01", "02", "03"]
    column = data["columns"]["psnr/standard"]
    assert column["mean"]["zero_leinr"] == pytest.approx([4.1, 4.2, 4.3])
    assert column["first"]["zero_leinr"] == pytest.approx([4.0, 4.1, 4.2])
    assert column["mean"]["he"] == pytest.approx([2.0, 2.1, 2.2])
    assert "he" not in column["first"]


def test_an_infinite_score_reaches_the_script(study):
    path = study / "scores" / "he" / "seed0" / "pairs.csv"
    path.write_text(path.read_text().replace("01,psnr,standard,2.0", "01,psnr,standard,inf"))
    page = parsed(study)
    assert page.data["scores"]["pairs"]["columns"]["psnr/standard"]["mean"]["he"][0] == "inf"


def test_the_first_sentence_names_the_best(study):
    sentence = gather(study)["sentences"][0]
    assert "Zero-LEINR† has the best PSNR (4.20 dB) and SSIM (4.200)" in sentence
    assert "Input has the best LPIPS (1.100)" in sentence
    assert "of 5 methods on Pairs, protocol standard" in sentence


def test_the_second_sentence_says_what_is_significant_or_why_nothing_is_tested(tmp_path):
    few = make_study(tmp_path / "few")
    add_variants(few)
    assert "3 images on Pairs are too few to test 1 variant" in gather(few)["sentences"][1]

    many = read_study(few)
    effect = {"dataset": "pairs", "protocol": "standard", "method": "no_enrb", "n_images": 15}
    rows = [
        effect | {"metric": "psnr", "difference": -0.5, "p_holm": 0.01},
        effect | {"metric": "ssim", "difference": -0.004, "p_holm": 0.2},
    ]
    said = ablation_sentence(many, pd.DataFrame(rows), "Zero-LEINR†")
    assert said.startswith("1 of 1 variant differs significantly from Zero-LEINR† on Pairs")
    assert said.endswith("without ENRB† (PSNR −0.50 dB).")
    rows[0]["p_holm"] = 0.3
    said = ablation_sentence(many, pd.DataFrame(rows), "Zero-LEINR†")
    assert said == (
        "None of 1 variant differs significantly from Zero-LEINR† on Pairs; the largest difference "
        "is that of without ENRB†, PSNR −0.50 dB."
    )


def test_chips_warn_of_budget_and_leaks(study):
    warned = [chip.text for chip in gather(study)["chips"] if chip.warns]
    assert warned == ["† reduced training budget: no verdict on the paper", "1 leak"]


def test_check_marks_follow_from_the_recipes(study):
    table = check_marks(read_study(study))
    assert table.heads == ["ENRB", "exposure level"]
    assert table.rows == [("without ENRB†", ["–", "0.5"]), ("Zero-LEINR†", ["✓", "0.6"])]


def test_provenance_names_run_and_command(study):
    text = parsed(study).text
    assert hashlib.sha256(b"weights").hexdigest() in text
    assert "1 min" in text
    assert "0123456789abcdef" in text
    assert "snakemake --cores all --forceall results/small/scores/no_enrb" in text


def test_a_selection_names_the_study_that_made_its_numbers(study, tmp_path):
    select(study, tmp_path / "part", methods=["input", "he"])
    page = parsed(tmp_path / "part")
    assert "--forceall results/small/scores/he" in page.text
    assert [method["name"] for method in page.data["methods"]] == ["input", "he"]


def test_the_first_sentence_names_what_is_tied_with_the_best(study):
    table = gather(study)["tables"][0]
    row = next(row for row in table.rows if row.name == "zero_dce")
    scores = [replace(row.scores[0], cell=replace(row.scores[0].cell, tied=True)), *row.scores[1:]]
    rows = [replace(one, scores=scores) if one is row else one for one in table.rows]
    said = best_sentence([replace(table, rows=rows)])
    assert said.endswith(" Not significantly different from the best: Zero-DCE in PSNR.")


def test_tables_can_be_saved_from_the_page(study):
    saved = {a["download"]: a["href"] for a in parsed(study).tags("a") if "download" in a}
    write_tables(study)
    content = base64.b64decode(saved["small-standard.csv"].partition("base64,")[2])
    assert content == (study / "tables" / "scores_standard.csv").read_bytes()
    assert saved["scores_pairs.pdf"].startswith("data:application/pdf;")


# ----------------------------------------------------------------------------------- previews


def test_error_maps_come_from_the_images_themselves(tmp_path):
    reference = np.full((40, 900, 3), 100, np.uint8)
    output = reference.copy()
    output[:, :450] += np.array([30, 60, 90], np.uint8)  # 60 levels on average, in one half
    files = {}
    for name, image in (("input", output), ("he", output), ("reference", reference)):
        files[name] = tmp_path / f"{name}.png"
        Image.fromarray(image).save(files[name])
    made = previews.make(previews.ImageFiles("pairs", "01", files))
    assert made.levels == {"input": 30.0, "he": 30.0}
    error = previews.error_map(previews.error_of(output, reference))
    assert error.shape == (40, 900)
    assert set(np.unique(error)) == {255, round(255 * (1 - 60 / 128))}


def test_previews_are_small_and_keep_their_shape(study):
    path = next((study / "images" / "he" / "seed0" / "pairs").iterdir())
    Image.new("RGB", (1500, 1000)).save(path)
    content = previews.to_webp(np.zeros((1000, 1500, 3), np.uint8), previews.SIDE)
    (study / "preview.webp").write_bytes(content)
    assert Image.open(study / "preview.webp").size == (600, 400)


def test_an_output_that_is_cropped_stays_at_its_place():
    reference = np.zeros((32, 48, 3), np.uint8)
    assert not previews.error_of(reference[:30, :40], reference).any()
    image = previews.framed(reference[:30, :40], 32, 48)
    assert image.shape == (32, 48, 3)
    assert not image[:30, :40].any()
    assert (image[30:] == 255).all()
    assert (image[:, 40:] == 255).all()


@pytest.mark.parametrize("count", [1, 2, 3, 8, 15, 69])
def test_the_first_images_are_spread_over_the_data_set(count):
    order = previews.spread(count)
    assert sorted(order) == list(range(count))
    first = sorted(order[:3])
    assert count < 3 or min(np.diff([-1, *first, count])) >= count // 5


def test_previews_beyond_the_page_lie_beside_it(study, monkeypatch, tmp_path):
    out = tmp_path / "my report.html"
    small = len(write_report(study, out, with_images=False).read_bytes())
    whole = len(write_report(study, out).read_bytes())
    monkeypatch.setattr(write, "LARGEST", (small + whole) // 2)
    page = parsed(study, out=out)
    assert out.stat().st_size <= write.LARGEST
    shown = [one["shown"]["he"] for one in page.data["images"]]
    inside = [address for address in shown if address.startswith("data:")]
    beside = [address for address in shown if not address.startswith("data:")]
    assert inside
    assert beside
    for address in beside:
        path = tmp_path / address.replace("%20", " ")
        assert Image.open(path).size == (96, 64)
    (policy,) = [a["content"] for a in page.tags("meta") if "http-equiv" in a]
    assert "img-src data: 'self' file:" in policy


def test_the_same_results_make_the_same_bytes(study, tmp_path):
    first = write_report(study, tmp_path / "a.html").read_bytes()
    assert write_report(study, tmp_path / "b.html").read_bytes() == first


# ------------------------------------------------------------------------------- command line


def test_the_command_writes_and_says_where(study, capsys, tmp_path):
    out = tmp_path / "send me.html"
    assert main(["report", str(study), "--out", str(out), "--without-images"]) == 0
    assert str(out) in capsys.readouterr().out
    assert "compare" not in Parsed(out.read_text("utf-8")).sections


def test_a_folder_that_is_no_study_is_said_in_one_line(tmp_path):
    with pytest.raises(InputError) as error:
        write_report(tmp_path)
    assert "study.json" in one_line(error)


def test_a_broken_record_of_a_run_is_named(study):
    (study / "runs" / "zero_leinr" / "seed0" / "run.json").write_text("{")
    with pytest.raises(InputError) as error:
        write_report(study)
    assert "run.json" in one_line(error)
