"""Score over training budget, from made-up scores."""

import json

import pytest
from support.fake_study import LEVELS, METHODS, make_study, score_file, write
from support.figures import assert_written
from support.study_to_report import RUN, change

from experiments.analysis.budgets import budgets, steps_of
from experiments.analysis.results import read_study
from experiments.figures.budget import write_budget
from experiments.figures.style import caption_of
from experiments.publish.figures import figures_of
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe

STEPS = {"s100": 1, "s400": 4, "full": 16}  # epochs of 100 steps


def make_budgets(folder, names=tuple(STEPS)):
    """One method with three budgets and two seeds each."""
    rows = [row for row in METHODS if row[0] != "full"]
    rows += [(name, name.upper(), "Networks", "trained here", [0, 1]) for name in names]
    levels = LEVELS | {name: 2.0 + k for k, name in enumerate(names)}
    make_study(folder, methods=rows, levels=levels)

    def add_recipes(content):
        for row in content["methods"]:
            if row["name"] in names:
                own = {"epochs": STEPS[row["name"]], "steps_per_epoch": 100}
                row["recipe"] = Recipe().replace(own).to_dict()

    change(folder, add_recipes)
    for name in names:
        for seed in (0, 1):
            record = RUN | {"seed": seed, "steps": 100 * STEPS[name]}
            write(folder / "runs" / name / f"seed{seed}" / "run.json", json.dumps(record))
    return folder


def test_methods_that_differ_in_their_budget_alone_are_one_line(tmp_path):
    study = read_study(make_budgets(tmp_path))
    (line,) = budgets(study)
    assert [method.name for method in line] == list(STEPS)
    assert [steps_of(tmp_path, method) for method in line] == [100, 400, 1600]


def test_the_figure_has_a_point_a_budget_and_a_dot_a_seed(tmp_path, monkeypatch):
    import experiments.figures.budget as module

    kept, save = [], module.save

    def keep(figure, path):
        kept.append(figure)
        return save(figure, path)

    monkeypatch.setattr(module, "save", keep)
    files = write_budget(make_budgets(tmp_path), "pairs")
    assert_written(tmp_path, files, "budget_pairs")
    lines = kept[0].axes[0].get_lines()
    dots, mean = lines[:-1], lines[-1]
    assert list(mean.get_xdata()) == [100, 400, 1600]
    assert list(mean.get_ydata()) == pytest.approx([2.2, 3.2, 4.2])
    assert list(dots[0].get_ydata()) == pytest.approx([2.1, 2.3])
    assert "All trainings are as that of FULL† but for their length." in caption_of(files[1])
    assert "budget_pairs" in figures_of(tmp_path, read_study(tmp_path))


def test_a_study_of_one_budget_has_no_such_figure(tmp_path):
    make_budgets(tmp_path, ("full",))
    assert not any("budget" in name for name in figures_of(tmp_path, read_study(tmp_path)))
    with pytest.raises(InputError, match="no two methods differ in their budget alone"):
        write_budget(tmp_path, "pairs")


def test_a_training_without_a_record_is_named(tmp_path):
    make_budgets(tmp_path)
    (tmp_path / "runs" / "s400" / "seed0" / "run.json").unlink()
    with pytest.raises(InputError, match="no record of a training of s400"):
        write_budget(tmp_path, "pairs")
    assert score_file(tmp_path, "s400").exists()
