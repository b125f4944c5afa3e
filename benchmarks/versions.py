"""Two versions of this repository side by side: a training, enhancing, a rerun without changes.

    git worktree add build/old COMMIT
    python benchmarks/versions.py build/old . --out build/versions

Each is timed by the CPU time of its processes, in turns, since machines are shared.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import workflow
import yaml
from PIL import Image
from side_by_side import Table

COLUMNS = ["what", "old CPU s", "new CPU s", "new/old", "spread"]
BUDGET = ["epochs=100", "steps_per_epoch=2", "batch=1", "image_size=64"]
SUITE = [sys.executable, "-m", "experiments.cli"]
CPU = ["--device", "cpu", "--threads", "1"]
TRAIN = ["train", "--images", "train.npy", "--out", "trained", "--set", *BUDGET]
ENHANCE = ["enhance", "photos", "--weights", "model.safetensors", "--out", "enhanced"]
TASKS = {
    "training, 200 steps": [*SUITE, *TRAIN, *CPU],
    "enhancing, 4 photos": [*SUITE, *ENHANCE, *CPU],
    "rerun, nothing has changed": ["snakemake", "paper", "--cores", "1"],
}
#: The same in both versions: the studies that ship change.
STUDY = {"title": "Same", "methods": ["input", "gamma", "he"], "datasets": ["embedded_test"],
         "metrics": ["psnr", "ssim"], "variants": True, "training_images": "embedded_train",
         "seeds": [0, 1, 2]}  # fmt: skip
VARIANTS = {
    f"exposure_{k}": {"label": f"exposure {k}", "overrides": {"light": {"exposure": 11 + k}}}
    for k in range(20)
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--repeats", type=int, default=9, help="default 9")
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    table = Table("Two versions: CPU seconds, medians", COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        projects = [Path(folder, name) for name in ("old", "new")]
        for project, version in zip(projects, (options.old, options.new), strict=True):
            make_project(project, version)
        for what, command in TASKS.items():
            times = measure(projects, command, options.repeats)
            old, new = (statistics.median(column) for column in zip(*times, strict=True))
            spread = statistics.quantiles([b / a for a, b in times], n=4)
            spread_text = f"{spread[0]:.3f}-{spread[2]:.3f}"
            table.add(what, f"{old:.2f}", f"{new:.2f}", f"{new / old:.3f}", spread_text)
    table.show(options.out)


def make_project(project: Path, version: Path) -> None:
    """Copy a version, with the same study, whose outputs are there, and the same images."""
    project.mkdir()
    for name in ("zero_leinr", "baselines", "experiments", "Snakefile", "environment.yml"):
        copy = shutil.copytree if (version / name).is_dir() else shutil.copy
        copy(version / name, project / name)
    config = project / "experiments" / "config"
    for study in (config / "studies").glob("*.yaml"):
        study.unlink()
    (config / "studies" / "paper.yaml").write_text(yaml.safe_dump(STUDY))
    (config / "ablations.yaml").write_text(yaml.safe_dump(VARIANTS))
    rng = np.random.default_rng(0)
    np.save(project / "train.npy", rng.integers(0, 60, (8, 64, 64, 3), np.uint8))
    (project / "photos").mkdir()
    for k in range(4):
        photo = Image.fromarray(rng.integers(0, 60, (256, 320, 3), np.uint8))
        photo.save(project / "photos" / f"{k}.png")
    workflow.run(project, *TASKS["training, 200 steps"])
    shutil.copy(project / "trained" / "model.safetensors", project)
    workflow.finish(project)


def measure(projects: list[Path], command: list[str], repeats: int) -> list[list[float]]:
    """CPU seconds of a command in each project, in turns; the first turn warms up."""
    times = []
    for turn in range(repeats + 1):
        row = {}
        for project in projects if turn % 2 else reversed(projects):
            for made in ("trained", "enhanced"):
                shutil.rmtree(project / made, ignore_errors=True)
            before = workflow.processor_seconds()
            workflow.run(project, *command)
            row[project] = workflow.processor_seconds() - before
        times.append([row[project] for project in projects])
    return times[1:]


if __name__ == "__main__":
    main()
