"""Seconds an image: the official networks as their scripts call them, against this project.

    python benchmarks/inference.py --zero-dce Zero-DCE/Zero-DCE_code --zero-leinr Zero-LEINR

The official code is which you fetch (Li-Chongyi/Zero-DCE, nycu-acm/Zero-LEINR); what
its scripts put on the GPU stays on the CPU here. Zero-DCE has its official weights on both
sides, Zero-LEINR, for which none were published, the same untrained ones. Both sides go from an
8-bit image in memory to another one, and how far these differ is in the table.
"""

import argparse
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from side_by_side import Table, compared, in_turns, largest_difference

Call = Callable[[], np.ndarray]
OURS = (("square", "float32"), ("minimal", "float32"), ("minimal", "bfloat16"))
COLUMNS = ["method", "official (s)", "here (s)", "ratio", "ratio of CPU time", "difference"]


def main() -> None:
    """Measure and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--zero-dce", type=Path, help="folder with model.py of the official code")
    parser.add_argument("--zero-leinr", type=Path, help="folder with arch_unet.py of the same")
    parser.add_argument("--width", type=int, default=600)
    parser.add_argument("--height", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3, help="timed images of each (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU (default 1)")
    parser.add_argument("--out", type=Path, help="writes OUT.csv and OUT.md")
    options = parser.parse_args()
    image = dark_image(options.height, options.width)
    table = Table(f"Inference: median seconds for {options.width}x{options.height}", COLUMNS)
    with tempfile.TemporaryDirectory() as folder:
        for name, theirs, ours in pairs(options, image, Path(folder) / "model.safetensors"):
            first, second = in_turns([theirs, ours], options.repeats, options.threads)
            difference = largest_difference(first.result, second.result)
            table.add(name, *compared(first, second), f"{difference}/255")
    table.show(options.out)


def pairs(options: argparse.Namespace, image: np.ndarray, weights: Path) -> list[Any]:
    """Return what is compared: name, official way, ours."""
    found: list[Any] = []
    if options.zero_dce:
        theirs = (official_zero_dce, (options.zero_dce, image))
        found.append(("Zero-DCE", theirs, (our_zero_dce, (options.zero_dce, image))))
    if options.zero_leinr:
        draw_weights(weights)
        theirs = (official_zero_leinr, (options.zero_leinr, weights, image))
        for padding, precision in OURS:
            ours = (our_zero_leinr, (weights, image, padding, precision))
            found.append((f"Zero-LEINR, {padding} padding, {precision}", theirs, ours))
    return found


def dark_image(height: int, width: int) -> np.ndarray:
    """Return a dark scene with structure, (H, W, 3) uint8; always the same."""
    y, x = np.mgrid[0:height, 0:width]
    scene = np.stack([40 + 30 * np.sin(x / 31 + c) * np.cos(y / 23) for c in range(3)], axis=-1)
    noise = np.random.default_rng(0).normal(0, 3, scene.shape)
    return np.clip(scene + noise, 0, 255).astype(np.uint8)


# ------------------------------------------------------------------------------------- Zero-DCE


def official_zero_dce(folder: Path, image: np.ndarray) -> Call:
    """Return the steps of `lowlight_test.py`, from the image's array to the saved one."""
    import torch

    sys.path.insert(0, str(folder))
    import model

    network = model.enhance_net_nopool()
    network.load_state_dict(torch.load(folder / "snapshots" / "Epoch99.pth", map_location="cpu"))

    def call() -> np.ndarray:
        with torch.no_grad():
            dark = torch.from_numpy(image / 255.0).float().permute(2, 0, 1).unsqueeze(0)
            enhanced = network(dark)[1][0]
            return enhanced.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).byte().numpy()

    return call


def our_zero_dce(folder: Path, image: np.ndarray) -> Call:
    """Return the baseline of this project, on the same weights."""
    from baselines.registry import build
    from zero_leinr.allocator import reuse_freed_memory

    reuse_freed_memory()
    method = build({"method": "zero_dce"}, weights=folder / "snapshots" / "Epoch99.pth")
    return lambda: method(image)


# ----------------------------------------------------------------------------------- Zero-LEINR


def draw_weights(path: Path) -> None:
    """Untrained weights of the whole method, those of its U-Net large enough to show in 8 bits."""
    import torch

    from zero_leinr.checkpoint import save_model
    from zero_leinr.model import ZeroLEINR
    from zero_leinr.recipe import Recipe

    model = ZeroLEINR().initialize(0)
    with torch.no_grad():
        for weight in model.enrb.parameters():
            weight *= 10
    save_model(model, Recipe(), path)


def official_zero_leinr(folder: Path, weights: Path, image: np.ndarray) -> Call:
    """Return the steps of `test` in `train.py`, from the image's array to the saved one."""
    import torch

    sys.path.insert(0, str(folder))
    # Imported by the official file for a printout that is not called.
    sys.modules.setdefault("torchinfo", types.SimpleNamespace(summary=None))
    import arch_enhance_net
    import arch_unet
    from safetensors.torch import load_file

    state = load_file(weights)
    networks = {}
    for part, network in {
        "cpleb.branches.light.": arch_enhance_net.enhance_net_nopool(),
        "cpleb.branches.color.": arch_enhance_net.enhance_net_nopool(),
        "enrb.": arch_unet.UNet(),
    }.items():
        own = {key.removeprefix(part): value for key, value in state.items() if part in key}
        network.load_state_dict(own)
        networks[part] = network
    light, color, denoiser = networks.values()

    def call() -> np.ndarray:
        with torch.no_grad():
            dark = torch.from_numpy(image / 255.0).float().permute(2, 0, 1).unsqueeze(0)
            direction = torch.nn.functional.normalize(color(dark, "val")[1], dim=1)
            fused = torch.norm(light(dark, "val")[1], dim=1).unsqueeze(dim=1) * direction
            levels = fused.permute(0, 2, 3, 1).clamp(0, 1).numpy().squeeze()
            levels = np.clip(levels * 255.0 + 0.5, 0, 255).astype(np.uint8)
            height, width = levels.shape[:2]
            size = (max(height, width) + 31) // 32 * 32
            levels = np.pad(levels, [[0, size - height], [0, size - width], [0, 0]], "reflect")
            padded = torch.from_numpy(levels.transpose(2, 0, 1).copy()).float().div(255)[None]
            denoised = denoiser(padded)[0, :, :height, :width]
            return denoised.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).byte().numpy()

    return call


def our_zero_leinr(weights: Path, image: np.ndarray, padding: str, precision: str) -> Call:
    """Return what `zero-leinr enhance` calls."""
    from experiments.enhance.run import trained
    from zero_leinr.allocator import reuse_freed_memory

    reuse_freed_memory()
    enhancer = trained(weights, padding, "cpu", precision=precision)
    return lambda: enhancer(image)


if __name__ == "__main__":
    main()
