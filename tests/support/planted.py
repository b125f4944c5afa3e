"""Small finished studies in which effects, ranks and costs are planted."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.model import StudyResults
from experiments.analysis.results import read_study
from experiments.sheets.published import COLUMNS
from experiments.sheets.study import VARIANTS_GROUP
from support import fake_study

VARIANTS = {"zero_leinr": 0.0, "light_only": 2.0, "no_enrb": -2.0, "no_spatial": 0.0}


CLAIM_METRICS = {
    "psnr": ("PSNR", "dB", "up", True, ["standard"]),
    "ciede2000": ("CIEDE2000", "", "down", True, ["claims"]),
    "blind_noise": ("Blind noise", "levels", "down", False, ["claims"]),
    "gradient_correlation": ("Gradient correlation", "", "up", True, ["claims"]),
}


def variants_study(folder: Path) -> Path:
    """Make a study of 20 pairs, 12 single images, three seeds; scores are moved as planted."""
    methods = [("input", "Input", "Classical", "none", [0])]
    methods += [(v, v, VARIANTS_GROUP, "trained here", [0, 1, 2]) for v in VARIANTS]
    images = {"pairs": [f"p{i:02}" for i in range(20)], "single": [f"s{i}" for i in range(12)]}
    path = fake_study.make_study(
        folder,
        levels=VARIANTS | {"input": 0},
        methods=methods,
        images=images,
        metrics=CLAIM_METRICS,
    )
    for k, (method, seed) in enumerate((m[0], s) for m in methods for s in m[4]):
        rng = np.random.default_rng(k)
        for dataset in ("pairs", "single"):
            file = fake_study.score_file(path, method, seed, dataset)
            frame = pd.read_csv(file)
            places = frame["image"].str[1:].astype(int)
            noise = 0.02 * rng.normal(size=len(frame)) + 0.01 * rng.normal()
            frame["value"] = VARIANTS.get(method, 0) + np.sin(places) + noise
            frame.to_csv(file, index=False)
    return path


def swapped_study(folder: Path) -> StudyResults:
    """Make a study in which luma's PSNR alone sees the first two methods the other way round."""
    fake_study.make_study(folder, datasets=("pairs",))
    for method, value in (("input", "2.5"), ("he", "0.5")):
        path = fake_study.score_file(folder, method)
        frame = pd.read_csv(path, dtype=str)
        frame.loc[(frame["metric"] == "psnr") & (frame["protocol"] == "luma"), "value"] = value
        frame.to_csv(path, index=False)
    return read_study(folder)


def costs_study(folder: Path, **changes: dict) -> Path:
    """Make the fake study with cost files; ``changes`` are of a method."""
    fake_study.make_study(folder)
    for i, (name, _, _, weights, _) in enumerate(fake_study.METHODS):
        network = weights != "none"
        costs = {
            "method": name,
            "width": 600,
            "height": 400,
            "parameters": 79416 if network else None,
            "gflops": 38.016 if network else None,
            "seconds": 0.0123456 * 10**i,
            "memory_mib": 256.09,
            "processor_share": 0.99,
            "device": "cpu",
            "device_name": "A CPU",
            "threads": 1,
        }
        fake_study.write(
            folder / "costs" / f"{name}.json", json.dumps(costs | changes.get(name, {}))
        )
    return folder


PUBLISHED = {
    "dataset": "pairs",
    "method": "zero_dce",
    "metric": "ssim",
    "protocol": "",
    "value": "3.50",
    "source": "A & B, table 7",
    "grade": "paper",
    "reason": "",
    "note": "",
}


def published_sheet(path: Path, *changes: dict[str, str]) -> Path:
    """Write a file of published figures: one row a change."""
    pd.DataFrame([PUBLISHED | change for change in changes], columns=COLUMNS).to_csv(
        path, index=False
    )
    return path
