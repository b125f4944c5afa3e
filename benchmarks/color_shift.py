"""How much a method saturates and tints photos: outputs against their inputs, the worst first.

    zero-leinr enhance data/dicm --out build/released
    zero-leinr enhance data/dicm --method zero_dce --out build/zero_dce
    python benchmarks/color_shift.py data/dicm build/released build/zero_dce --worst 5

The input is first made as bright as the output by a factor in linear light, which leaves every
color what it is. What is left is the method's: `chroma`, by how much the mean CIELAB chroma has
grown, and `cast`, how far the mean color (a*, b*) has moved. A difference of 2 is just visible.
Both see the means of 8x8 pixels, since noise, too, has a chroma.
"""

import argparse
from pathlib import Path
from typing import Any

from side_by_side import Table

REGION = 8  # side of the regions that are averaged, in pixels
STEPS = 8  # of the factor's search; clipping makes a single one too dark


def main() -> None:
    """Compare every image of a folder, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("inputs", type=Path, help="the folder that was enhanced")
    parser.add_argument("enhanced", type=Path, nargs="+", help="what `enhance` wrote")
    parser.add_argument(
        "--worst", type=int, help="show so many of each kind, of the first folder (default: all)"
    )
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    from experiments.data.images import list_images
    from zero_leinr.images import read_image

    found = {}
    for path in list_images(options.inputs):
        made = [folder / f"{path.stem}.png" for folder in options.enhanced]
        if all(file.exists() for file in made):
            before = read_image(path)
            found[path.name] = [s for file in made for s in shift(before, read_image(file))]
    kinds = [f"{kind}, {folder.name}" for folder in options.enhanced for kind in ("chroma", "cast")]
    table = Table(f"Color of {len(found)} images: output against input", ["image", *kinds])
    means = [sum(values) / len(found) for values in zip(*found.values(), strict=True)]
    table.add("mean", *(f"{value:.1f}" for value in means))
    worst: dict[str, list[float]] = {}
    for kind in (0, 1):
        order = sorted(found, key=lambda name, kind=kind: -found[name][kind])
        worst |= {name: found[name] for name in order[: options.worst]}
    for name, values in worst.items():
        table.add(name, *(f"{value:.1f}" for value in values))
    table.show(options.out)


def shift(before: Any, after: Any) -> tuple[float, float]:
    """Say how an image's color has changed, apart from its brightness.

    Args:
        before: uint8 (H, W, 3), RGB.
        after: The same shape.

    Returns:
        By how much the mean chroma has grown, and how far the mean color has moved; in CIELAB.
    """
    import numpy as np
    from skimage.color import rgb2lab

    lab = [rgb2lab(image).reshape(-1, 3) for image in as_bright(before, after)]
    chroma = [np.hypot(colors[:, 1], colors[:, 2]).mean() for colors in lab]
    moved = lab[1][:, 1:].mean(0) - lab[0][:, 1:].mean(0)
    return float(chroma[1] - chroma[0]), float(np.hypot(*moved))


def as_bright(image: Any, target: Any) -> tuple[Any, Any]:
    """Return the region means of both in [0, 1], the image scaled to the target's mean light."""
    import numpy as np

    from experiments.data.embedded import linear_to_srgb, srgb_to_linear

    light, wanted = (means(srgb_to_linear(pixels / 255)) for pixels in (image, target))
    factor = 1.0
    for _ in range(STEPS):
        factor *= wanted.mean() / max(np.clip(factor * light, 0, 1).mean(), 1e-6)
    return linear_to_srgb(np.clip(factor * light, 0, 1)), linear_to_srgb(wanted)


def means(light: Any) -> Any:
    """Return the mean of each whole region."""
    rows, columns = (side // REGION for side in light.shape[:2])
    whole = light[: rows * REGION, : columns * REGION]
    return whole.reshape(rows, REGION, columns, REGION, 3).mean((1, 3))


if __name__ == "__main__":
    main()
