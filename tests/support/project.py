"""A copy of the project with a small study."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

PROJECT = Path(__file__).parents[2]
STUDY = {
    "title": "Small",
    "methods": ["input", "gamma"],
    "variants": True,
    "training_images": "dark",
    "datasets": ["pairs"],
    "seeds": [0],
    "metrics": ["psnr", "ssim"],
    "padding": "minimal",
    "budget": {"epochs": 1, "steps_per_epoch": 2, "batch": 1, "image_size": 64},
}
VARIANTS = {"light_alone": {"label": "light alone", "overrides": {"color": None, "denoiser": None}}}


def write_yaml(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def make_data(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for part, gain in (("low", 0.2), ("high", 1.0), ("dark", 0.2)):
        (folder / part).mkdir(parents=True)
        for k in range(2):
            scene = np.random.default_rng(k).integers(0, 255, (8, 8, 3)).repeat(8, 0).repeat(8, 1)
            noisy = scene * gain + rng.normal(0, 2, scene.shape)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / part / f"{k}.png")


class Project:
    """A copy of the project with one small study, so that a test may change its sheets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Snakefile", "environment.yml"):
            shutil.copy(PROJECT / name, folder / name)
        for name in ("zero_leinr", "baselines", "experiments", "profiles"):
            shutil.copytree(
                PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        self.config = folder / "experiments" / "config"
        for study in (self.config / "studies").glob("*.yaml"):
            study.unlink()
        write_yaml(self.config / "studies" / "small.yaml", STUDY)
        write_yaml(self.config / "ablations.yaml", VARIANTS)
        registry = self.config / "datasets.yaml"
        registry.write_text(
            registry.read_text() + "\n  pairs: {low: low, high: high}\n  dark: {low: dark}\n"
        )
        make_data(folder / "data")
        self.environment = os.environ | {
            "PYTHONPATH": str(folder),
            "ZERO_LEINR_DATA": "data",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def snakemake(
        self, *arguments: str, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["snakemake", "--cores", "2", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def planned(self) -> dict[str, int]:
        """Jobs that a run would do, by rule."""
        output = self.snakemake("small", "--dry-run").stdout
        table = output.partition("job  ")[2].partition("total")[0]
        return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.M)}
