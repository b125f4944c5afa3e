"""A small finished study, made of planted scores: what tables and figures read, and no more."""

import json
from pathlib import Path

import numpy as np

from zero_leinr.images import write_image

METHODS = [
    ("input", "Input", "Classical", "none", [0]),
    ("he", "Histogram_eq", "Classical", "none", [0]),
    ("zero_dce", "Zero-DCE", "Networks", "official", [0]),
    ("full", "Zero-LEINR", "Networks", "trained here", [0, 1]),
]
IMAGES = {"pairs": ["01", "02", "03"], "single": ["a", "b"]}
METRICS = {
    "psnr": ("PSNR", "dB", "up", True, ["standard", "luma"]),
    "ssim": ("SSIM", "", "up", True, ["standard", "gaussian", "luma"]),
    "lpips": ("LPIPS", "", "down", True, ["standard"]),
    "niqe": ("NIQE", "", "down", False, ["standard"]),
}
# What each method scores in every metric; an image adds .1 for its place, a seed .2 for its number.
LEVELS = {"input": 1.0, "he": 2.0, "zero_dce": 3.0, "full": 4.0}


def make_study(
    folder: Path,
    datasets: tuple[str, ...] = ("pairs", "single"),
    missing: dict[str, str] | None = None,
    levels: dict[str, float] | None = None,
    reduced: bool = True,
    *,
    methods: list[tuple[str, str, str, str, list[int]]] = METHODS,
    images: dict[str, list[str]] = IMAGES,
    metrics: dict[str, tuple[str, str, str, bool, list[str]]] = METRICS,
    controls: dict[str, str] | None = None,
) -> Path:
    """Writes the study's folder and returns it; `controls` are further rows, name -> kind."""
    missing, levels, controls = missing or {}, levels or LEVELS, controls or {}
    methods = [*methods, *((name, name.title(), "Controls", "none", [0]) for name in controls)]
    study = {
        "name": "small",
        "title": "A & B",
        "budget": {"label": "reduced: 2 epochs" if reduced else "paper settings"}
        | {"reduced": reduced},
        "methods": [
            dict(zip(("name", "label", "group", "weights", "seeds"), method, strict=True))
            | {"control": controls.get(method[0])}
            for method in methods
        ],
        "datasets": [
            {"name": d, "label": d.title(), "paired": d == "pairs", "count": len(images[d])}
            for d in datasets
        ],
        "metrics": [
            dict(
                zip(("label", "unit", "direction", "needs_reference", "protocols"), m, strict=True)
            )
            | {"name": name, "decimals": 3 if name in ("ssim", "lpips") else 2}
            | ({"caveat": "ranks badly on its own."} if name == "niqe" else {})
            for name, m in metrics.items()
        ],
        "missing": missing,
        "remarks": [
            {"kind": "leak", "dataset": "pairs", "text": "1 scene is among the training images"}
        ],
    }
    write(folder / "study.json", json.dumps(study))
    for dataset in datasets:
        _write_dataset(folder, dataset, images[dataset], methods)
    there = {name: metric for name, metric in metrics.items() if name not in missing}
    for name, _, _, weights, seeds in methods:
        for seed in seeds:
            for dataset in datasets:
                if controls.get(name) == "positive" and dataset != "pairs":
                    continue
                file = score_file(folder, name, seed, dataset)
                names = enumerate(images[dataset])
                values = {image: levels[name] + 0.1 * k + 0.2 * seed for k, image in names}
                _write_scores(file, values, there, paired=dataset == "pairs")
            if weights == "trained here":
                _write_losses(folder / "runs" / name / f"seed{seed}" / "losses.csv", seed)
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def score_file(folder: Path, method: str = "he", seed: int = 0, dataset: str = "pairs") -> Path:
    return folder / "scores" / method / f"seed{seed}" / f"{dataset}.csv"


def _write_dataset(folder: Path, dataset: str, names: list[str], methods: list) -> None:
    items = []
    for name in names:
        low, high = folder / f"{dataset}-low-{name}.png", folder / f"{dataset}-high-{name}.png"
        ramp = np.linspace(0, 200, 64 * 96 * 3).reshape(64, 96, 3).astype(np.uint8)
        write_image(low, ramp // 4)
        write_image(high, ramp)
        items.append({"name": name, "low": str(low)})
        items[-1]["high"] = str(high) if dataset == "pairs" else None
        for method, _, _, _, seeds in methods:
            path = folder / "images" / method / f"seed{seeds[0]}" / dataset / f"{name}.png"
            write_image(path, ramp // 2)
    listing = {"dataset": dataset, "paired": dataset == "pairs", "count": len(items)}
    listing |= {"expected": len(items), "sha256": "", "source": "", "warnings": [], "items": items}
    write(folder / "data" / f"{dataset}.json", json.dumps(listing))


def _write_scores(path: Path, values: dict[str, float], metrics: dict, paired: bool) -> None:
    rows = ["image,metric,protocol,value"]
    for metric, (_, _, _, needs_reference, protocols) in metrics.items():
        if needs_reference and not paired:
            continue
        for image, value in values.items():
            rows += [f"{image},{metric},{protocol},{value}" for protocol in protocols]
    write(path, "\n".join(rows) + "\n")


def _write_losses(path: Path, seed: int) -> None:
    names = "light/exposure,light/total,color/angle,color/total,denoiser/reconstruction"
    rows = [f"step,epoch,{names},denoiser/total"]
    rows += [f"{i},0,{9 / i + seed},{9 / i},2,2,{100 / i**2},{100 / i**2}" for i in range(1, 41)]
    write(path, "\n".join(rows) + "\n")
