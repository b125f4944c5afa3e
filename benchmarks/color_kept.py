"""How much color and light a trained denoiser keeps, on images that it was trained on.

    python benchmarks/color_kept.py results/ablation/data/zero_leinr_train_clean_256.npy \
        results/ablation/runs/*/seed0/model.safetensors

ENRB learns from noise alone, light first and color late: what a short training leaves is nearly
gray. This says how far it has come, without a look at any test image.
"""

import argparse
from pathlib import Path
from typing import Any

from side_by_side import Table

REGION = 8
"""Side of the regions that are averaged, in pixels: without their noise and texture."""


def main() -> None:
    """Measure every file of weights, and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("images", type=Path, help="what `prepare` wrote: .npy, uint8 (N, S, S, 3)")
    parser.add_argument("weights", type=Path, nargs="+", help="model.safetensors with ENRB or not")
    parser.add_argument("--every", type=int, default=250, help="takes one image in so many")
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    import numpy as np
    import torch

    from zero_leinr.checkpoint import load_model

    pixels = np.array(np.load(options.images, mmap_mode="r")[:: options.every])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    title = f"What ENRB keeps of {len(images)} fused training images, {REGION}x{REGION} means"
    table = Table(title, ["weights", "color", "light"])
    for path in options.weights:
        model = load_model(path)
        if model.enrb is None:
            table.add(str(path), "no ENRB", "no ENRB")
            continue
        with torch.no_grad():
            fused = model.cpleb(images).clamp(0, 1)
            table.add(str(path), *(f"{gain:.3g}" for gain in kept(fused, model.enrb(fused))))
    table.show(options.out)


def kept(before: Any, after: Any) -> tuple[float, float]:
    """How much of an image's color and of its light is in another one: 1 is all of it.

    Args:
        before: (B, 3, H, W), the denoiser's input.
        after: (B, 3, H, W), its output.

    Returns:
        Slopes of the output's region means over the input's: of color (each channel minus the mean
        of the three), through 0; and of light (that mean), through the means of both.
    """
    from torch.nn.functional import avg_pool2d

    regions = [avg_pool2d(image, REGION) for image in (before, after)]
    light = [region.mean(1, keepdim=True) for region in regions]
    color = [region - gray for region, gray in zip(regions, light, strict=True)]
    around = [gray - gray.mean() for gray in light]
    return slope(*color), slope(*around)


def slope(x: Any, y: Any) -> float:
    """Of the regression of y over x through 0."""
    return ((x * y).sum() / (x * x).sum()).item()


if __name__ == "__main__":
    main()
