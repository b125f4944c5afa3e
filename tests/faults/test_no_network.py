"""A study on a node without a network: what `fetch --all` brought is all that it needs.

In a network namespace without routes, which root alone can make.
"""

import subprocess

import pytest
import yaml
from support.downloads import Shop, png
from support.project import STUDY, Project, write_yaml

from experiments.data.weights import LPIPS_TRUNKS

pytestmark = pytest.mark.faults

ALONE = ["unshare", "--net"]


@pytest.fixture
def project(tmp_path, site):
    """A project whose data set a server has, and nobody else; LPIPS needs no download."""
    folder = tmp_path / "project"
    folder.mkdir()
    project = Project(folder)
    project.environment["NO_PROXY"] = "*"
    for manifest in (project.config / "manifests").iterdir():
        manifest.unlink()
    (project.config / "manifests").rmdir()
    images = {f"{part}/{n}.png": png(n, (64, 64)) for part in ("low", "high") for n in (1, 2)}
    shop = Shop(project.config, folder / "data", site, images)
    shop.document["datasets"]["dark"] = {"low": "dark"}
    shop.save()
    known = yaml.safe_load((project.config / "weights.yaml").read_text())
    write_yaml(project.config / "weights.yaml", {name: known[name] for name in LPIPS_TRUNKS})
    methods = yaml.safe_load((project.config / "methods.yaml").read_text())
    known = {name: each for name, each in methods.items() if "weights" not in each}
    write_yaml(project.config / "methods.yaml", known)
    more = {"metrics": ["psnr", "ssim", "lpips"]}
    write_yaml(project.config / "studies" / "small.yaml", STUDY | more)
    return project


def run(project, *command):
    done = subprocess.run(
        command, cwd=project.folder, env=project.environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_a_study_needs_no_network_after_fetch_all(project, site):
    if subprocess.run([*ALONE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("only root can make a network namespace")
    code, said = run(project, *ALONE, "zero-leinr", "run", "small", "--cores", "2")
    assert code != 0
    assert "downloading it from" in said  # and the namespace has no way to the server
    code, said = run(project, "zero-leinr", "fetch", "--all")
    assert code == 0, said
    asked = len(site.asked)
    code, said = run(project, *ALONE, "zero-leinr", "run", "small", "--cores", "2")
    assert code == 0, said[-3000:]
    assert len(site.asked) == asked
    table = (project.folder / "results/small/tables/scores_standard.md").read_text()
    assert "LPIPS" in table
    assert (project.folder / "results/small/report.html").exists()
