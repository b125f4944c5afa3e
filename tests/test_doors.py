"""The doors into the project: environments, make targets, README and the studies that ship."""

import re
from pathlib import Path

import pytest
import yaml

from experiments.analysis.results import open_study
from experiments.analysis.statistics import summarize
from experiments.sheets.study import VARIANTS_GROUP, Studies, load_study

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


def test_what_installs_the_lock_is_pinned_too():
    makefile = (PROJECT / "Makefile").read_text()
    assert "--require-hashes -r requirements-uv.lock" in makefile
    assert "--no-build-isolation --editable" in makefile
    assert "--hash=sha256:" in (PROJECT / "requirements-uv.lock").read_text()
    assert any(line.startswith("setuptools==") for line in locked())


def test_every_install_of_the_makefile_is_checked_by_hashes():
    """`--constraint` with a lock is, too: uv compares the hashes that stand there."""
    makefile = (PROJECT / "Makefile").read_text()
    installs = re.findall(r"^\t(?:\S+=\S+ uv|python -m) pip install (.*)$", makefile, re.M)
    assert len(installs) > 5
    for options in installs:
        itself = options.endswith("--no-deps --no-build-isolation --editable .")
        locked = re.search(
            r"(--require-hashes -r|--constraint) (requirements[\w-]*\.lock)", options
        )
        assert itself or locked, options
        if locked:
            text = (PROJECT / locked[2]).read_text()
            entries = re.split(r"\n(?=[a-z0-9][^ \n]*==)", text)[1:]
            assert entries
            assert all("--hash=sha256:" in entry for entry in entries), locked[2]
            assert "://" not in text
    assert not re.search(r"uvx|pipx|==\d", re.sub(r"^#.*", "", makefile, flags=re.M))


def test_every_direct_dependency_is_locked():
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in locked()}
    wanted = sum(project["optional-dependencies"].values(), project["dependencies"])
    assert {re.match(r"[\w-]+", line)[0].lower() for line in wanted} <= names


STUDIES = [
    "demo",
    "quick",
    "ablation",
    "ablations",
    "released",
    "paper",
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
    studies = Studies()
    assert not studies["paper"].budget
    assert studies["demo"].budget_label.startswith("reduced: 10 epochs of 8 steps")
    full = studies["paper"].methods["zero_leinr"].recipe
    assert (full["epochs"], full["batch"], full["image_size"]) == (100, 16, 256)
    variants = ["zero_leinr", "light_only", "no_enrb"]
    demo = studies["demo"].methods.values()
    assert {*variants} <= {method.name for method in demo if method.group == VARIANTS_GROUP}
    assert {*variants, "no_regularization"} <= set(studies["quick"].methods)
    assert not any(method.weights == "official" for method in studies["demo"].methods.values())
    assert studies["demo"].missing_metrics == "stop"  # their parameters are here


def test_the_study_that_the_docs_show_can_be_run(tmp_path):
    page = (PROJECT / "docs" / "reproduce.md").read_text()
    (example,) = re.findall(r"```yaml\n(title.*?)```", page, re.S)
    (tmp_path / "mine.yaml").write_text(example)
    study = load_study(tmp_path / "mine.yaml")
    assert [method.name for method in study.trained] == ["zero_leinr", "no_enrb"]


def test_the_scores_in_the_readme_are_those_of_the_kept_study():
    study, scores = open_study(PROJECT / "results/reference/baselines")
    means = summarize(scores).set_index(["method", "dataset", "metric", "protocol"])["mean"]
    columns = [("lol_eval15", name) for name in ("psnr", "ssim", "lpips", "niqe")]
    columns += [("lime", "niqe"), ("dicm", "niqe")]
    labels = {method.label: method.name for method in study.methods}
    readme = (PROJECT / "README.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in readme.splitlines()]
    rows = [row for row in rows if row and row[0] in labels]
    assert len(rows) == 9
    for label, *cells in rows:
        for cell, (dataset, metric) in zip(cells, columns, strict=True):
            mean = means[labels[label], dataset, metric, "standard"]
            assert cell == f"{mean:.{study.metric(metric).decimals}f}", label


def test_the_readme_is_short():
    assert len((PROJECT / "README.md").read_text().splitlines()) <= 120
    assert len(list((PROJECT / "results" / "reference").rglob("*.*"))) <= 120
