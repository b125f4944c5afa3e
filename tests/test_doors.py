"""The doors into the project: environments, make targets, README and the studies that ship."""

import csv
import re
from pathlib import Path

import pytest
import yaml

from experiments.sheets.study import VARIANTS_GROUP, load_studies, load_study

PROJECT = Path(__file__).parent.parent


def locked() -> list[str]:
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    return [line.rstrip(" \\") for line in lines if re.match(r"[a-z0-9][^ ]*==", line)]


def test_conda_users_get_the_versions_of_the_lock():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text())
    (pip,) = [entry for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip["pip"] == locked()
    assert len(locked()) > 50


def test_the_lock_has_a_hash_for_every_package_and_no_address():
    text = (PROJECT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z0-9][^ \n]*==)", text)[1:]
    assert len(entries) == len(locked())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_every_direct_dependency_is_locked():
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in locked()}
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.match(r"[\w-]+", line)[0].lower() for line in wanted} <= names


STUDIES = [
    "demo",
    "quick",
    "ablations",
    "ablations_real",
    "released",
    "same_budget",
    "paper",
    "paper_cpu",
    "baselines",
]


@pytest.mark.parametrize("target", [*STUDIES, "test", "lint"])
def test_make_has_the_target(target):
    rules = re.findall(r"^([\w ]+):(?!=)", (PROJECT / "Makefile").read_text(), re.M)
    assert target in " ".join(rules).split()


def test_readme_starts_with_the_two_commands_and_its_links_lead_somewhere():
    readme = (PROJECT / "README.md").read_text()
    assert readme.split("```")[1].split("\n")[1].startswith("make demo")
    pages = [readme, *(path.read_text() for path in (PROJECT / "docs").glob("*.md"))]
    folders = [PROJECT, *[PROJECT / "docs"] * (len(pages) - 1)]
    for page, folder in zip(pages, folders, strict=True):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page):
            assert (folder / link).exists(), link


def test_the_studies_that_ship_are_what_they_say():
    studies = load_studies()
    assert not studies["paper"].budget
    assert studies["demo"].budget_label.startswith("reduced: 10 epochs of 8 steps")
    full = studies["paper"].methods["zero_leinr"].recipe
    assert (full["epochs"], full["batch"], full["image_size"]) == (100, 16, 256)
    variants = ["zero_leinr", "light_only", "no_enrb"]
    demo = studies["demo"].methods.values()
    assert {*variants} <= {method.name for method in demo if method.group == VARIANTS_GROUP}
    assert {*variants, "no_regularization"} <= set(studies["quick"].methods)
    assert not any(method.weights == "official" for method in studies["demo"].methods.values())


def test_the_study_that_the_docs_show_can_be_run(tmp_path):
    page = (PROJECT / "docs" / "reproduce.md").read_text()
    (example,) = re.findall(r"```yaml\n(title.*?)```", page, re.S)
    (tmp_path / "mine.yaml").write_text(example)
    study = load_study(tmp_path / "mine.yaml")
    assert [method.name for method in study.trained] == ["zero_leinr", "no_enrb"]


def test_the_ablations_in_the_readme_are_those_of_the_kept_study():
    kept = PROJECT / "results/reference/paper_cpu/tables"
    with (kept / "scores_standard.csv").open(newline="") as file:
        means = {
            (row["method"], row["metric"]): row["mean"]
            for row in csv.DictReader(file)
            if row["dataset"] == "lol_eval15"
        }
    study = load_studies()["paper_cpu"]
    readme = (PROJECT / "README.md").read_text()
    kept_variants = [method for method in study.trained if (method.name, "psnr") in means]
    assert len(kept_variants) > 12
    for method in kept_variants:
        (line,) = [row for row in readme.splitlines() if row.startswith(f"| {method.label}† |")]
        cells = [cell.strip() for cell in line.split("|")[2:6]]
        for cell, (metric, digits) in zip(
            cells, (("psnr", 2), ("ssim", 3), ("lpips", 3), ("niqe", 2)), strict=True
        ):
            mean = means.get((method.name, metric))
            # The csv is rounded, too: half a digit, and a little.
            assert (mean is None) == (cell == "–"), line
            assert mean is None or abs(float(cell) - float(mean)) < 0.51 * 10**-digits, line
