"""The tables of a paper, on planted scores and on kept studies."""

import json

import pytest
from support.fake_study import make_study, score_file
from support.study_to_report import whole_study

from experiments.analysis.results import open_study
from experiments.publish.ablation import checks
from experiments.publish.claims import p_cell
from experiments.publish.figures import figures_of
from experiments.publish.registry import NAMES, lay_out, tables_of
from experiments.sheets.paper import load_paper
from experiments.sheets.study import FULL
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe


def table(folder, name):
    return lay_out(folder, *open_study(folder), name)


def rows(table):
    return [row for group in table.groups for row in group]


def test_main_marks_best_second_and_reduced_budgets(tmp_path):
    main = table(make_study(tmp_path), "main")
    assert [column.over for column in main.columns] == [
        "",
        "Pairs",
        "Pairs",
        "Pairs",
        "Pairs",
        "Single",
    ]
    first, histogram, dce, full = rows(main)
    assert first[0] == "Input"
    # The planted method is not in the config: its label, and no citation.
    assert full[:2] == [r"Zero-LEINR\zlreduced{}", r"\zlbest 4.20"]
    assert dce[:2] == [r"Zero-DCE~\cite{guo2020zerodce}", r"\zlsecond 3.10"]
    assert histogram[0] == r"HE~\cite{gonzalez2018digital}"
    assert main.width == "column"


def test_main_drops_blind_metrics_of_pairs_where_columns_are_many(tmp_path):
    images = {"pairs": ["1", "2"], "single": ["a", "b"], "more": ["c", "d"]}
    folder = make_study(tmp_path, ("pairs", "single", "more"), images=images)
    heads = [
        (column.over, column.head.partition("$")[0]) for column in table(folder, "main").columns
    ]
    assert heads[1:] == [
        *(("Pairs", name) for name in ("PSNR", "SSIM", "LPIPS")),
        ("Single", "NIQE"),
        ("More", "NIQE"),
    ]


def test_checks_follow_from_the_recipe():
    full = checks(Recipe().to_dict())
    assert all(full.values())
    without = Recipe().replace({"denoiser": None, "noise": "none", "light": {"constancy": 0}})
    lacking = [symbol for symbol, there in checks(without.to_dict()).items() if not there]
    paper = load_paper()
    assert lacking == [
        *(paper["parts"][part] for part in ("denoiser", "noise")),
        *(paper["losses"][loss] for loss in ("constancy", "regularization")),
    ]


def test_the_full_method_is_last_and_bold(tmp_path):
    ablation = table(whole_study(tmp_path), "ablation")
    # The variant lacks ENRB and with it its loss; what no variant lacks has no column.
    assert [column.head for column in ablation.columns][:2] == ["ENRB", "reg"]
    (variant,), (full,) = ablation.groups
    assert variant[:3] == ["", "", "3.70"]
    assert full[:3] == [r"\zlcheck", r"\zlcheck", r"\bfseries 4.20"]


def test_variants_stand_in_the_ablation_and_not_in_main(tmp_path):
    main = table(whole_study(tmp_path), "main")
    assert len(rows(main)) == 4
    assert len(rows(table(tmp_path, "scores"))) == 5


def test_significance_is_marked_where_images_suffice(tmp_path):
    images = {"pairs": [f"{k:02}" for k in range(12)], "single": ["a", "b"]}
    make_study(tmp_path, images=images)
    from support.study_to_report import add_variants

    add_variants(tmp_path)
    # The same difference on every image is one that the test sets apart.
    variant, full = rows(table(tmp_path, "ablation"))
    assert variant[2].endswith(r"{\zlsig}")
    assert r"\zlsig" not in "".join(full)


def test_costs_have_the_same_digits_from_top_to_bottom(tmp_path):
    cost = table(whole_study(tmp_path), "cost")
    assert rows(cost)[0][1:] == ["0.0", "1.00", "100.0", "5"]


def test_claims_have_a_row_each(tmp_path):
    claims = table(whole_study(tmp_path), "claims")
    for row in rows(claims):
        assert int(row[1]) == sum(map(int, row[2:]))
    # The two that compare with a variant without ENRB, the only one of this study.
    assert [row[0].split()[0] for row in rows(claims)] == ["ENRB", "Both"]


def test_small_p_values_are_bounds():
    assert p_cell(0.00004) == "$<$0.001"
    assert p_cell(0.0304) == "0.030"
    assert p_cell(float("nan")) == "--"


@pytest.mark.parametrize("study", ["baselines", "ablations", "demo"])
def test_captions_are_short_and_hold_no_key_of_the_config(study):
    from test_doors import PROJECT

    folder = PROJECT / "results" / "reference" / study
    opened = open_study(folder)
    for name in tables_of(folder, *opened):
        laid_out = lay_out(folder, *opened, name)
        assert len(laid_out.caption.split()) <= 25
        assert "_" not in laid_out.caption.replace(r"\_", "_")
        width = {len(row) for row in rows(laid_out)} - {1}
        assert width == {len(laid_out.columns)}


def test_an_absent_table_is_one_line(tmp_path):
    with pytest.raises(InputError, match=f"no table 'man'; there are {', '.join(NAMES)}"):
        table(make_study(tmp_path), "man")
    with pytest.raises(InputError, match="nothing for the table ablation; it has main"):
        table(tmp_path, "ablation")


def test_a_failed_training_is_marked(tmp_path):
    folder = whole_study(tmp_path)
    record = folder / "runs" / FULL / "seed1" / "run.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"failed_parts": ["denoiser"]}))
    assert any(r"\zlfailed" in row[0] for row in rows(table(folder, "main")))


def test_ranks_of_each_column_and_of_all_sets(tmp_path):
    ranks = table(make_study(tmp_path), "ranks")
    heads = [column.head for column in ranks.columns]
    assert heads == ["Method", "PSNR", "SSIM", "LPIPS", "NIQE", "All"]
    first, *_, last, critical = rows(ranks)
    # The planted scores are the same in all metrics, and lower is better in the last two.
    assert (first[1:5], last[1:5]) == (["4.0", "4.0", "1.0", "1.0"], ["1.0", "1.0", "4.0", "4.0"])
    assert critical[0] == "Critical difference"


def test_without_ranks_there_is_no_table_and_no_figure_of_protocols(tmp_path):
    folder = make_study(tmp_path)
    there = [*tables_of(folder, *open_study(folder)), *figures_of(folder, *open_study(folder))]
    assert {"protocols", "protocols_pairs"} <= set(there)
    path = score_file(folder, "he")
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([head, *(line for line in lines if "niqe" in line)]) + "\n")
    there = [*tables_of(folder, *open_study(folder)), *figures_of(folder, *open_study(folder))]
    assert not any("protocols" in name for name in there)
