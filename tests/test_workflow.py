"""The workflow itself, run for real on small data in a copy of the project."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from support.project import PROJECT, STUDY, VARIANTS, Project, write_yaml

# What is drawn again when a method is added.
AGGREGATES = {
    "table": 3,
    "protocol_table": 1,
    "rank_table": 1,
    "figure": 4,  # scores, protocols, an image grid, training curves
    "page": 1,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Project:
    project = Project(tmp_path_factory.mktemp("project"))
    done = project.snakemake("small")
    assert done.returncode == 0, done.stdout[-3000:]
    return project


def test_the_road_leaves_every_product(finished):
    results = finished.folder / "results" / "small"
    for product in (
        "leaks.json",
        "tables/leaks.csv",
        "runs/light_alone/seed0/model.safetensors",
        "runs/light_alone/seed0/run.json",
        "images/gamma/seed0/pairs/1.png",
        "scores/light_alone/seed0/pairs.csv",
        "tables/scores_standard.md",
        "tables/scores_luma.md",
        "tables/protocols.md",
        "tables/ranks.md",
        "figures/protocols_pairs.png",
        "figures/scores_pairs.pdf",
        "figures/training_curves.png",
        "figures/qualitative_pairs.png",
        "report.html",
    ):
        assert (results / product).stat().st_size > 0, product
    table = pd.read_csv(results / "tables" / "scores_standard.csv")
    assert list(table["method"].unique()) == ["input", "gamma", "light_alone"]
    images = pd.read_csv(results / "scores" / "gamma" / "seed0" / "pairs.csv")
    psnr = images.query("metric == 'psnr' and protocol == 'standard'")["value"].mean()
    cell = table.query("method == 'gamma' and metric == 'psnr'")["mean"].item()
    assert cell == pytest.approx(psnr, rel=1e-5)


def test_nothing_is_done_twice(finished):
    assert finished.planned() == {}
    assert "Nothing to be done" in finished.snakemake("small").stdout


def test_what_a_sheet_says_is_made_anew_where_it_matters(finished):
    """Images, scores or words alone: each change of a sheet plans its own jobs, and no others."""
    words = AGGREGATES | {"describe": 1, "small": 1}
    scored = {"score": 3} | words

    def planned(sheet: str, change) -> dict[str, int]:
        path = finished.config / sheet
        before = path.read_text()
        content = yaml.safe_load(before)
        change(content)
        write_yaml(path, content)
        try:
            return finished.planned()
        finally:
            path.write_text(before)

    def change_pair(content):
        content["datasets"]["pairs"].update(label="Two pairs", licence="mine")

    drawn = AGGREGATES | {"figure": 3}  # the training curves stay
    own = {"enhance": 1, "score": 1, "small": 1}
    assert planned("methods.yaml", lambda c: c["gamma"].update(note="Bright.")) == words
    assert planned("methods.yaml", lambda c: c["gamma"].update(crops_to=2)) == own | drawn
    assert planned("datasets.yaml", change_pair) == words
    luma = {"standard": {"function": "fidelity:psnr_luma", "summary": "Y"}}
    assert planned("metrics.yaml", lambda c: c["psnr"]["protocols"].update(luma)) == scored
    assert planned("metrics.yaml", lambda c: c["psnr"].update(label="P")) == words


def test_a_changed_image_of_the_users_is_noticed(finished):
    changed = finished.folder / "data" / "low" / "0.png"
    before, times = changed.read_bytes(), changed.stat()
    Image.new("RGB", (64, 64)).save(changed)
    plan = finished.planned()
    changed.write_bytes(before)
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert {"fetch": 1, "enhance": 3, "score": 3}.items() <= plan.items()
    assert "train" not in plan
    assert finished.planned() == {}


def test_an_added_ablation_runs_its_own_jobs_and_the_aggregates_alone(finished):
    write_yaml(
        finished.config / "ablations.yaml",
        VARIANTS | {"no_exposure": {
            "label": "without exposure control",
            "overrides": {"color": None, "denoiser": None, "light": {"exposure": 0}},
        }},
    )  # fmt: skip
    own = {"train": 1, "enhance": 1, "score": 1}
    assert finished.planned() == own | AGGREGATES | {"describe": 1, "small": 1}
    weights = finished.folder / "results/small/runs/light_alone/seed0/model.safetensors"
    before = weights.stat().st_mtime_ns
    done = finished.snakemake("small")
    assert done.returncode == 0, done.stdout[-3000:]
    assert weights.stat().st_mtime_ns == before
    tables = finished.folder / "results" / "small" / "tables"
    assert "without exposure control" in (tables / "scores_standard.md").read_text()


def test_a_finished_training_is_written_out_and_not_done_again(finished):
    """As where the data folder has moved, or runs came back from elsewhere with their old times."""
    run = finished.folder / "results/small/runs/light_alone/seed0"
    weights, state = run / "model.safetensors", run / "state.ckpt"
    before, written = weights.read_bytes(), state.stat().st_mtime_ns
    record = json.loads((run / "run.json").read_text())
    weights.unlink()
    done = finished.snakemake(str(weights.relative_to(finished.folder)))
    assert done.returncode == 0, done.stdout[-3000:]
    assert weights.read_bytes() == before
    assert state.stat().st_mtime_ns == written
    assert json.loads((run / "run.json").read_text()) == record


def test_a_newcomer_needs_one_file_and_one_entry(finished):
    """The example of the how-to page, as a reader would add it."""
    page = (PROJECT / "docs" / "add-a-baseline.md").read_text()
    file, entry = (re.search(rf"```{kind}\n(.*?)```", page, re.S) for kind in ("python", "yaml"))
    before = finished.planned()
    (finished.folder / "baselines" / "lift.py").write_text(file[1])
    with (finished.config / "methods.yaml").open("a") as sheet:
        sheet.write("\n" + entry[1])
    assert finished.planned() == before  # no study names it yet
    small = STUDY | {"methods": [*STUDY["methods"], "lift"]}
    write_yaml(finished.config / "studies" / "small.yaml", small)
    own = {"enhance": 1, "score": 1}
    assert finished.planned() == own | AGGREGATES | {"describe": 1, "small": 1}
    subprocess.run(
        ["zero-leinr", "enhance", "data/low", "--method", "lift", "--out", "lifted"],
        cwd=finished.folder, env=finished.environment, check=True,
    )  # fmt: skip
    dark, lifted = (
        np.asarray(Image.open(finished.folder / folder / "0.png"))
        for folder in ("data/low", "lifted")
    )
    x = dark / 255
    np.testing.assert_allclose(lifted, 255 * (x + 0.8 * x * (1 - x)), atol=0.51)


def test_images_made_elsewhere_are_a_row_like_any_other(finished):
    made = finished.folder / "outputs" / "pairs"
    shutil.copytree(finished.folder / "data" / "high", made)
    entry = {"label": "Mine", "group": "Ours", "citation": "Me", "images": str(made.parent)}
    with (finished.config / "methods.yaml").open("a") as sheet:
        sheet.write("\n" + yaml.safe_dump({"mine": entry}))
    small = STUDY | {"methods": [*STUDY["methods"], "mine"]}
    write_yaml(finished.config / "studies" / "small.yaml", small)
    done = finished.snakemake("small")
    assert done.returncode == 0, done.stdout[-3000:]
    results = finished.folder / "results" / "small"
    assert "made elsewhere" in (results / "tables" / "scores_standard.md").read_text()
    images = pd.read_csv(results / "scores" / "mine" / "seed0" / "pairs.csv")
    assert np.isinf(images.query("metric == 'psnr'")["value"]).all()
    Image.open(made / "1.png").save(made / "0.png")
    assert {"enhance": 1, "score": 1}.items() <= finished.planned().items()


def test_a_mistake_in_a_sheet_is_found_before_any_job(tmp_path):
    project = Project(tmp_path)
    write_yaml(project.config / "ablations.yaml", {"a": {"label": "a", "overrides": {"lihgt": 0}}})
    done = project.snakemake("small")
    assert done.returncode != 0
    assert "did you mean light" in done.stdout
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("way", ["group", "Snakemake alone"])
def test_a_killed_study_goes_on_where_it_stopped(tmp_path, way):
    """By itself: what the kill left locked and running is dealt with."""
    project = Project(tmp_path)
    study = project.config / "studies" / "small.yaml"
    # Long enough to be killed in the middle of the training: 400 steps, a checkpoint each 100.
    write_yaml(study, STUDY | {"budget": STUDY["budget"] | {"epochs": 200}})
    process = subprocess.Popen(
        ["zero-leinr", "run", "small", "--cores", "2"],
        cwd=tmp_path,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    state = tmp_path / "results/small/runs/light_alone/seed0/state.ckpt"
    while not state.exists():
        assert process.poll() is None
        time.sleep(0.1)
    (os.killpg if way == "group" else os.kill)(process.pid, signal.SIGKILL)
    process.wait()
    kept = state.stat().st_mtime_ns
    done = subprocess.run(
        ["zero-leinr", "run", "small", "--cores", "2"],
        cwd=tmp_path,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "removing the lock of a Snakemake that is dead" in done.stdout
    assert ("left over in results/small/runs/light_alone/seed0" in done.stdout) == (way != "group")
    assert state.stat().st_mtime_ns > kept
    losses = pd.read_csv(state.parent / "losses.csv")
    assert list(losses["step"]) == list(range(400))


@pytest.mark.parametrize("gpus", [0, 1])
def test_trainings_and_networks_ask_for_a_gpu_and_nothing_else_does(tmp_path, gpus):
    """Whatever this machine has: on a cluster it is not the one that trains."""
    project = Project(tmp_path)
    options = ("--dry-run", "--printshellcmds", f"--config=gpu={gpus}")
    commands = re.findall(r"zero-leinr .*", project.snakemake("small", *options).stdout)
    asked = [command for command in commands if "--gpus" in command]
    assert len(asked) == 4  # the training, and enhancing by three methods
    for command in asked:
        network = gpus and "light_alone" in command
        assert f"--gpus {int(network)} " in command
    scored = [command for command in commands if command.startswith("zero-leinr score")]
    assert len(scored) == 3
    assert all("--device cpu" in command for command in scored)


def test_the_slurm_profile_has_every_rule():
    """A rule that it does not know would be a Slurm job by itself, with too little memory."""
    profile = yaml.safe_load((PROJECT / "profiles" / "slurm" / "config.yaml").read_text())
    rules = {
        name
        for path in (PROJECT / "experiments" / "rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", path.read_text(), re.M)
    }
    grouped = {entry.partition("=")[0] for entry in profile["groups"]}
    assert grouped | profile["set-resources"].keys() == rules


def test_on_a_cluster_jobs_ask_for_what_they_need_and_not_for_what_is_here(tmp_path):
    """Memory and time of every job, a GPU for networks alone, one core: as on no submit host."""
    project = Project(tmp_path)
    write_yaml(project.config / "studies" / "small.yaml", STUDY | {"extras": ["costs"]})
    command = ["snakemake", "small", "--workflow-profile", "slurm", "--dry-run"]
    command += ["--executor", "local"]  # the plugin for Slurm is not there; cores are the profile's
    said = subprocess.run(
        command, cwd=project.folder, env=project.environment, capture_output=True, text=True
    ).stdout
    _, *parts = re.split(r"^ *rule (\w+):$", said, flags=re.M)
    jobs = list(zip(parts[::2], parts[1::2], strict=True))
    assert {"train", "enhance", "score", "cost", "table", "page"} <= {rule for rule, _ in jobs}
    for rule, text in jobs:
        line = re.search("resources: (.*)", text)[1]
        asked = dict(re.findall(r"(\w+)=(\d+)", line))
        assert int(asked["mem_mb"]) >= 4000, rule
        assert int(asked["runtime"]) >= 60, rule
        assert "    threads:" not in text, rule  # one
        network = rule == "train" or ("method=light_alone" in text and rule != "score")
        assert (asked.get("gpu") == "1") == network, text


def test_no_secret_and_no_folder_of_the_users_is_in_what_is_shared(tmp_path_factory):
    """A token in the environment, a home, a data folder: run.json, page, tables, both reports."""
    project = Project(tmp_path_factory.mktemp("project"))
    home = tmp_path_factory.mktemp("home") / "ada-at-home"
    shutil.move(project.folder / "data", home / "my-photos")
    token = "hf_0123456789secret"
    project.environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    project.environment |= {"HF_TOKEN": token, "ZERO_LEINR_DATA": str(home / "my-photos")}
    for options in ((), ("--report", "results/small/workflow.html")):
        done = project.snakemake("small", *options)
        assert done.returncode == 0, done.stdout[-3000:]
    results = project.folder / "results" / "small"
    shared = [results / "report.html", results / "workflow.html", results / "study.json"]
    shared += [*results.rglob("run.json"), *(results / "tables").iterdir()]
    assert len(shared) > 10
    for path in shared:
        content = path.read_bytes()
        for private in (token, "ada-at-home", "my-photos", str(project.folder)):
            assert private.encode() not in content, (path.name, private)
    for path in results.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path


def test_a_dry_run_loads_no_heavy_package():
    """It takes seconds as it is (`benchmarks/workflow.py`); each of these would add more."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPROFILEIMPORTTIME": "1",  # tells each import on stderr
    }
    told = subprocess.run(
        ["snakemake", "paper", "--dry-run", "--quiet", "all", "--nolock"],
        cwd=PROJECT, env=environment, check=True, capture_output=True, text=True,
    ).stderr  # fmt: skip
    imports = [line for line in told.splitlines() if line.startswith("import time:")]
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in imports}
    assert {"snakemake", "experiments"} <= loaded
    assert not loaded & {"torch", "pandas", "scipy", "skimage", "matplotlib", "lpips", "pyiqa"}
