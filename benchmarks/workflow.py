"""The workflow's own overhead: a dry run, and a rerun in which nothing has changed.

    python benchmarks/workflow.py --out build/workflow

The paper study, filled up to 40 methods with more ablations, in a copy of the project where every
output is there: made empty, then marked as finished by `snakemake --touch`. No job runs.
"""

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from side_by_side import Table

PROJECT = Path(__file__).parent.parent
METHODS = 40
COLUMNS = ["what", "jobs", "seconds", "CPU seconds"]


def main() -> None:
    """Measure and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--methods", type=int, default=METHODS, help="default 40")
    parser.add_argument("--repeats", type=int, default=3, help="default 3")
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        copy_project(project, options.methods)
        table = Table("Workflow: seconds of snakemake itself", COLUMNS)
        seconds, output = measure(project, options.repeats, "--dry-run", "--quiet", "rules")
        jobs = re.findall(r"^total\s+(\d+)", output, re.M)[-1]
        table.add("dry run, nothing is there", jobs, *seconds)
        finish(project)
        seconds, output = measure(project, options.repeats)
        assert "Nothing to be done" in output, output[-2000:]
        table.add("rerun, nothing has changed", jobs, *seconds)
    table.show(options.out)


def copy_project(folder: Path, methods: int) -> None:
    """Copy the project, and adds variants until the paper study has so many methods."""
    for name in ("Snakefile", "environment.yml"):
        shutil.copy(PROJECT / name, folder / name)
    for name in ("zero_leinr", "baselines", "experiments"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    config = folder / "experiments" / "config"
    known = len(methods_of(folder))
    sheet = config / "ablations.yaml"
    ablations = yaml.safe_load(sheet.read_text())
    more = {
        f"more_{k}": {"label": f"more {k}", "overrides": {"light": {"exposure": 11 + k}}}
        for k in range(methods - known)
    }
    sheet.write_text(yaml.safe_dump(ablations | more, sort_keys=False))


def methods_of(project: Path) -> list[str]:
    """Return the names of the paper study's methods, as the project's own code tells them."""
    code = "from experiments.graph import Graph; print(*Graph.load().studies['paper'].methods)"
    return run(project, sys.executable, "-c", code).split()


def finish(project: Path) -> None:
    """Make every output of the paper study and marks it as finished."""
    summary = run(project, "snakemake", "paper", "--summary", "--cores", "1")
    for name in re.findall(r"^(results/\S+)\t", summary, re.M):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent.name in ("images", "scores"):
            path.mkdir(exist_ok=True)
        else:
            path.touch()
    run(project, "snakemake", "paper", "--touch", "--forceall", "--cores", "1")


def measure(project: Path, repeats: int, *options: str) -> tuple[list[str], str]:
    """Median seconds of `snakemake paper`, in wall time and of the CPU; what it printed."""
    times = []
    for _ in range(repeats):
        before = (time.perf_counter(), processor_seconds())
        output = run(project, "snakemake", "paper", "--cores", "1", *options)
        times.append((time.perf_counter() - before[0], processor_seconds() - before[1]))
    return [f"{statistics.median(column):.2f}" for column in zip(*times, strict=True)], output


def processor_seconds() -> float:
    """Of all processes that ran so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(project: Path, *command: str) -> str:
    """Run a command in the project; returns all that it printed."""
    done = subprocess.run(
        command,
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stdout[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
