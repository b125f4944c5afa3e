"""A GPU for some minutes, in one call: checks it, times training on it, trains until time is up.

    python benchmarks/gpu_session.py --images train.npy --recipes recipes --out session --minutes 9
    python benchmarks/gpu_session.py ... --official Zero-LEINR      # times the official code, too
    python benchmarks/gpu_session.py ... --parts train --together 3 # goes on; three runs at a time
    python benchmarks/gpu_session.py ... --parts tests              # the tests that need a card

Needs what training needs: torch, numpy, Pillow and safetensors (docs/train-elsewhere.md says where
images and recipes come from); --official needs torchvision. The next call with the same folder goes
on where this one stopped. Leaves session/tables and session/runs/<method>/seed<k>.
"""

import argparse
import json
import subprocess
import sys
import time
from argparse import Namespace
from itertools import product
from pathlib import Path

from gpu_check import check, check_resume
from gpu_timing import profile, time_baselines, time_settings, time_together
from side_by_side import Table
from training import time_epochs, time_steps

REPOSITORY = Path(__file__).parent.parent
FULL = "zero_leinr"
BATCH, SIZE = 16, 256


def main() -> None:
    """Run the parts that were asked for, in their order."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--images", type=Path, required=True, help="what `prepare` wrote")
    parser.add_argument("--listing", type=Path, help="the listing they came from (recorded)")
    parser.add_argument("--recipes", type=Path, required=True, help="what `recipes` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of tables and runs")
    parser.add_argument("--minutes", type=float, default=9, help="of all parts (default 9)")
    parser.add_argument("--parts", nargs="+", default=["check", "time", "train"])
    parser.add_argument("--seeds", nargs="+", type=int, help="default: those of the recipes")
    parser.add_argument("--together", type=int, default=1, help="runs at a time (default 1)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--compile", action="store_true", help="compile networks and losses")
    parser.add_argument("--official", type=Path, help="folder with the official train.py")
    parser.add_argument("--loop", type=Path, help="with --official: epochs over this folder, too")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch", type=int, default=BATCH, help="of the timed steps")
    parser.add_argument("--size", type=int, default=SIZE, help="side of their images")
    options = parser.parse_args()
    ends = time.monotonic() + 60 * options.minutes
    tables = options.out / "tables"
    if "check" in options.parts:
        check(options).show(tables / "check")
        check_resume(options).show(tables / "resume")
    if "tests" in options.parts:  # needs pytest and a checkout, so only where it is asked for
        subprocess.run([sys.executable, "-m", "pytest", "-m", "gpu"], cwd=REPOSITORY, check=True)
    if "time" in options.parts:
        time_settings(options).show(tables / "settings")
        time_together(options).show(tables / "together")
        time_baselines(options).show(tables / "baselines")
        for precision in ("float32", "bfloat16"):
            profile(options, precision).show(tables / f"profile_{precision}")
        if options.official:
            rest = {"repeats": 5, "threads": 8, "curves": None, "state": None}
            both = Namespace(**(vars(options) | rest))
            time_steps(both).show(tables / "official_step")
            if options.loop:
                time_epochs(both).show(tables / "official_loop")
    if "train" in options.parts:
        train_until(options, ends).show(tables / "runs")


def train_until(options: Namespace, ends: float) -> Table:
    """Train what is not trained yet, the full method first, until the time is up."""
    found = sorted(options.recipes.glob("*.json"), key=lambda path: (path.stem != FULL, path.stem))
    if not found:
        raise SystemExit(f"{options.recipes}: no recipes; write them with `zero-leinr recipes`")
    seeds = options.seeds or json.loads(found[0].read_text(encoding="utf-8"))["seeds"]
    waiting = [
        (recipe, seed, options.out / "runs" / recipe.stem / f"seed{seed}")
        for seed, recipe in product(seeds, found)
    ]
    table = Table("Runs", ["run", "state", "seconds in this session"])
    running: dict[Path, tuple[subprocess.Popen[bytes], float]] = {}
    while time.monotonic() < ends and (waiting or running):
        while waiting and len(running) < options.together:
            recipe, seed, run = waiting.pop(0)
            if not (run / "run.json").exists():
                running[run] = start(options, recipe, seed, run), time.monotonic()
        time.sleep(0.2)
        for run, (process, started) in list(running.items()):
            if process.poll() is not None:
                del running[run]
                state = "failed, see train.log" if process.returncode else "trained"
                table.add(str(run), state, f"{time.monotonic() - started:.0f}")
    for run, (process, started) in running.items():
        process.terminate()
        process.wait()
        table.add(str(run), "goes on from its checkpoint", f"{time.monotonic() - started:.0f}")
    for *_, run in waiting:
        table.add(str(run), "waits", "")
    return table


def start(options: Namespace, recipe: Path, seed: int, run: Path) -> "subprocess.Popen[bytes]":
    """Start `zero-leinr train` on a copy of the recipe with this session's precision."""
    run.mkdir(parents=True, exist_ok=True)
    content = json.loads(recipe.read_text(encoding="utf-8"))
    if "precision" in content["recipe"]:
        content["recipe"]["precision"] = options.precision
    copy = run / "recipe.json"
    copy.write_text(json.dumps(content), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "experiments.cli.main",
        "train",
        "--recipe",
        str(copy.resolve()),
    ]
    command += ["--images", str(options.images.resolve()), "--seed", str(seed)]
    command += ["--out", str(run.resolve()), "--device", options.device]
    command += ["--compile"] * options.compile
    if options.listing:
        command += ["--listing", str(options.listing.resolve())]
    with (run / "train.log").open("ab") as log:
        return subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)


if __name__ == "__main__":
    main()
