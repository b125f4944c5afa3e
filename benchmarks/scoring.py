"""Seconds to score a data set: pyiqa and lpips metric by metric, against `zero-leinr score`.

    python benchmarks/scoring.py LOL/eval15/low LOL/eval15/high

Their side is the usual one: a process for each metric, which reads the images one by one. Ours is
one process for all, which computes scikit-image's SSIM besides. Times are of whole processes,
imports included.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from side_by_side import Table

#: Our score, and the metric that it is compared with: made by pyiqa but for LPIPS.
METRICS = {
    ("psnr", "standard"): {"name": "psnr"},
    ("psnr", "luma"): {"name": "psnry", "color_space": "ycbcr"},
    ("ssim", "gaussian"): {"name": "ssimc"},
    ("ssim", "luma"): {"name": "ssim"},
    ("lpips", "standard"): {"name": "lpips"},
    ("niqe", "standard"): {"name": "niqe"},
}


def main() -> None:
    """Measure and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("images", type=Path, help="folder of images")
    parser.add_argument("references", type=Path, help="folder of their references")
    parser.add_argument("--repeats", type=int, default=3, help="default 3")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU (default 1)")
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    parser.add_argument("--metric", help=argparse.SUPPRESS)  # what a process of their side does
    options = parser.parse_args()
    if options.metric:
        print(json.dumps(their_score(options, json.loads(options.metric))))
        return
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    folders = [str(options.images), str(options.references)]
    each = [
        [sys.executable, __file__, *folders, "--metric", json.dumps(metric)]
        for metric in METRICS.values()
    ]
    ours = ["zero-leinr", "score", folders[0], "--reference", folders[1]]
    ours += ["--metrics", "psnr", "ssim", "lpips", "niqe", "--threads", str(options.threads)]
    times: dict[str, list[tuple[float, float]]] = {"theirs": [], "ours": []}
    for _ in range(options.repeats):
        seconds, printed = timed(each)
        times["theirs"].append(seconds)
        seconds, (found,) = timed([ours])
        times["ours"].append(seconds)
    report(options, times, [float(score) for score in printed], found)


def report(
    options: argparse.Namespace,
    times: dict[str, list[tuple[float, float]]],
    theirs: list[float],
    ours: str,
) -> None:
    """Print the table, and beside it the mean scores of both sides."""
    columns = ["", "metric by metric", "zero-leinr score", "ratio"]
    table = Table(f"Scoring {options.images}: medians of {options.repeats}", columns)
    for place, name in enumerate(("seconds", "CPU seconds")):
        first, second = (statistics.median(t[place] for t in side) for side in times.values())
        table.add(name, f"{first:.1f}", f"{second:.1f}", f"{first / second:.1f}x")
    means = {tuple(line.split()[:2]): line.split()[2] for line in filled(ours) if line}
    for (metric, protocol), score in zip(METRICS, theirs, strict=True):
        table.add(f"mean {metric} ({protocol})", f"{score:.4f}", means[metric, protocol], "")
    table.show(options.out)


def filled(printed: str) -> list[str]:
    """Return lines `metric protocol mean`; pandas leaves repeated metrics out."""
    metric, lines = "", []
    for line in printed.splitlines()[2:]:
        metric = metric if line.startswith(" ") else line.split()[0]
        lines.append(line if not line.startswith(" ") else f"{metric} {line}")
    return lines


def timed(commands: Sequence[list[str]]) -> tuple[tuple[float, float], list[str]]:
    """Run processes one after another; seconds in wall time and of the CPU, and output."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    printed = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in commands
    ]
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    CPU = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (clock, CPU), printed


def their_score(options: argparse.Namespace, settings: dict[str, str]) -> float:
    """Mean of one metric over the folder, image by image, as its package's documentation shows."""
    import numpy as np
    import torch
    from PIL import Image

    name = settings.pop("name")
    metric = _lpips() if name == "lpips" else _pyiqa(name, settings)
    scores = []
    for path in sorted(options.images.iterdir()):
        files = [path] if name == "niqe" else [path, options.references / path.name]
        arrays = [np.array(Image.open(file).convert("RGB")) for file in files]
        tensors = [torch.from_numpy(a).permute(2, 0, 1)[None].float() / 255 for a in arrays]
        with torch.no_grad():
            scores.append(float(metric(*tensors)))
    return float(np.mean(scores))


def _pyiqa(name: str, settings: dict[str, str]):
    import pyiqa

    if name == "niqe":
        from experiments.score.perceptual import metric_weights

        settings = {"pretrained_model_path": str(metric_weights("niqe"))}
    return pyiqa.create_metric(name, device="cpu", **settings)


def _lpips():
    """Return the package's LPIPS; its trunk comes from the data folder instead of the network."""
    import functools

    import lpips
    import numpy as np
    import torch

    from experiments.score.perceptual import metric_weights

    model = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    path = metric_weights("lpips_trunk")
    trunk = np.load(path) if path.suffix == ".npz" else torch.load(path, weights_only=True)
    names = {key: "features." + key.partition(".")[2] for key in model.net.state_dict()}
    model.net.load_state_dict({key: torch.as_tensor(trunk[name]) for key, name in names.items()})
    return functools.partial(model, normalize=True)


if __name__ == "__main__":
    main()
