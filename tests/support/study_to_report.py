"""A small finished study with variants, claims, costs, leaks and figures, for the report."""

import json
import shutil
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.sheets.study import VARIANTS_GROUP
from support.fake_study import make_study, write
from zero_leinr.recipe import Recipe

RUN = {
    "seed": 0,
    "steps": 40,
    "seconds": 75.0,
    "device": "cpu",
    "device_name": "a CPU",
    "git_commit": "0123456789abcdef",
    "versions": {"torch": "2.15.0"},
    "finished": "2026-01-02T03:04:05+00:00",
}


def change(folder: Path, edit) -> None:
    """Edits a study's study.json."""
    path = folder / "study.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def add_variants(folder: Path) -> None:
    """Makes `full` the full method, and adds a variant of it that scores .5 less."""

    def edit(content):
        full = content["methods"][-1]
        full |= {"name": "zero_leinr", "group": VARIANTS_GROUP, "recipe": Recipe().to_dict()}
        recipe = Recipe().replace({"denoiser": None, "exposure_level": 0.5}).to_dict()
        content["methods"].append(
            full | {"name": "no_enrb", "label": "without ENRB", "recipe": recipe}
        )

    change(folder, edit)
    for stage in ("scores", "images", "runs"):
        (folder / stage / "full").rename(folder / stage / "zero_leinr")
        shutil.copytree(folder / stage / "zero_leinr", folder / stage / "no_enrb")
    for path in (folder / "scores" / "no_enrb").rglob("*.csv"):
        head, *rows = path.read_text().splitlines()
        cells = [row.rsplit(",", 1) for row in rows]
        path.write_text("\n".join([head, *(f"{key},{float(v) - 0.5}" for key, v in cells)]) + "\n")


def add_extras(folder: Path) -> None:
    """What a study leaves beyond its scores: claims, costs, runs, leaks and figures."""
    write(folder / "tables" / "claims.md", "")
    write(
        folder / "tables" / "leaks.csv",
        "dataset,part,images,training_images,same_scene,closest\npairs,low,3,64,1,12\n",
    )
    for method in ("input", "he", "zero_dce", "zero_leinr", "no_enrb"):
        cost = {"method": method, "parameters": 10, "gflops": 1.0, "seconds": 0.1}
        cost |= {"width": 600, "height": 400, "memory_mib": 5.0, "processor_share": 1.0}
        cost |= {"device": "cpu", "device_name": "a CPU", "threads": 1}
        write(folder / "costs" / f"{method}.json", json.dumps(cost))
    for method, seed in product(("zero_leinr", "no_enrb"), (0, 1)):
        path = folder / "runs" / method / f"seed{seed}" / "run.json"
        write(path, json.dumps(RUN | {"seed": seed}))
        path.with_name("model.safetensors").write_bytes(b"weights")
    (folder / "figures").mkdir()
    for name in ("scores_pairs", "protocols_pairs", "training_curves", "claims"):
        Image.new("RGB", (80, 60), "white").save(folder / "figures" / f"{name}.png")
    (folder / "figures" / "scores_pairs.pdf").write_bytes(b"%PDF-1.4")


def draw_pictures(folder: Path) -> None:
    """Gives each image and method a picture of its own."""
    rng = np.random.default_rng(0)
    for path in sorted(folder.rglob("*.png")):
        if "figures" not in path.parts:
            scene = rng.integers(0, 255, (8, 12, 3)).repeat(8, 0).repeat(8, 1)
            Image.fromarray(scene.astype(np.uint8)).save(path)


def whole_study(folder: Path) -> Path:
    """A study that has something for every section."""
    make_study(folder)
    add_variants(folder)
    add_extras(folder)
    draw_pictures(folder)
    return folder
