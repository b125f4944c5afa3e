"""The commands that use weights: ``enhance`` images with them, ``export`` them."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from experiments.cli.common import add_command, add_machine, add_seeds, seed_folders
from experiments.cli.parser import one_of
from zero_leinr.atomic_write import check_writable
from zero_leinr.device import subnormals_as_zero
from zero_leinr.errors import InputError, unknown
from zero_leinr.released import RELEASED

if TYPE_CHECKING:
    from experiments.data.listing import Item
    from experiments.enhance.run import Files

MULTIPLE = 32  # of a tile's sides, as the networks want it; they would load torch

FORMATS = ("png", "jpg", "webp", "tiff")

Batches: TypeAlias = "list[tuple[str | None, list[Item]]]"
"""The images of each data set; None is the name of what a user gives."""


def add_enhance_commands(commands: Any) -> None:
    """Add the commands of this file to the parser."""
    _add_enhance(commands)
    _add_export(commands)


# ------------------------------------------------------------------------------------- enhance


def _add_enhance(commands: Any) -> None:
    command = add_command(
        commands,
        "enhance",
        _enhance,
        "brighten images with trained weights or a baseline",
        "zero-leinr enhance photo.jpg\n"
        "zero-leinr enhance holiday/ more/*.jpg --format jpg --out bright\n"
        "zero-leinr enhance photo.jpg --strength 0.7 --compare\n"
        "zero-leinr enhance photo.jpg --weights runs/mine/model.safetensors --out out\n"
        "zero-leinr enhance photos/ --method zero_dce --out enhanced\n"
        "zero-leinr enhance photos/ --method sci_retrained --weights a.safetensors --out o\n"
        "zero-leinr enhance photos/ --weights a.safetensors b.safetensors --seeds 0 1 --out o",
    )
    command.add_argument("images", nargs="*", type=Path, help="images, or folders, with all below")
    command.add_argument(
        "--listings", nargs="+", type=Path, help="instead: what `fetch` wrote; a folder for each"
    )
    command.add_argument(
        "--weights",
        nargs="+",
        type=Path,
        default=[],
        help="a model.safetensors that `train` wrote, or a checkpoint of PyTorch (default: the "
        "released weights); several with --seeds, one each",
    )
    command.add_argument(
        "--method",
        help="instead: a baseline of experiments/config/methods.yaml, with its official weights; "
        "or as well: the baseline that the weights were trained for",
    )
    command.add_argument(
        "--padding",
        type=one_of("square", "minimal"),
        default="minimal",
        help="for the denoiser: square as in the official code, or minimal (faster; default)",
    )
    command.add_argument(
        "--tile",
        type=int,
        help="side of tiles in pixels, a multiple of 32; smaller ones need less memory "
        "(default: images above 1.5 megapixels in tiles of 768)",
    )
    command.add_argument(
        "--precision",
        type=one_of("auto", "float32", "bfloat16", "float16"),
        help="of the networks: half precision can be twice as fast or slower, as the CPU is "
        "(docs/profile.md), and moves pixels by some 255ths (bfloat16, on LOL: PSNR by .01 dB, "
        "NIQE by .02). Default: auto, which tries bfloat16 on a part of a large photo; float32 "
        "with --listings. Like --tile, for Zero-LEINR alone",
    )
    command.add_argument(
        "--strength",
        type=float,
        default=1.0,
        help="from 0, the photo as it is, to 1, all of the effect (default); ours, not the paper's",
    )
    command.add_argument(
        "--exposure",
        type=float,
        help="mean brightness of the result, between 0 and 1, such as 0.4; ours, not the paper's",
    )
    command.add_argument(
        "--format",
        type=one_of(*FORMATS),
        help=f"{', '.join(FORMATS)} (default: png); png and tiff keep 16 bits",
    )
    command.add_argument("--quality", type=int, help="of jpg and webp, from 1 to 100 (default: 95)")
    command.add_argument(
        "--compare", action="store_true", help="write NAME_compare.jpg, too: before and after"
    )
    command.add_argument(
        "--out", type=Path, default=Path("enhanced"), help="folder (default: enhanced)"
    )
    add_seeds(command)
    add_machine(command)


def _enhance(options: argparse.Namespace) -> None:
    from experiments.enhance.run import check_items, references

    if bool(options.images) == bool(options.listings):
        raise InputError("enhance: give images, folders, or --listings (one of them)")
    _check_options(options)
    entry = _method_entry(options.method, bool(options.weights)) if options.method else None
    if not options.weights and options.method is None:
        options.weights = [RELEASED]
    files = _files(options, deep=entry is None)
    batches = _batches(options)
    if entry and entry.get("control") == "positive":
        batches = [(name, references(options.method, items)) for name, items in batches]
    for weights, folder in _weights_of_seeds(options):
        if weights is not None and not weights.is_file():
            raise _no_weights(weights)
        for dataset, items in batches:
            check_items(items, folder / (dataset or ""), files)
    with subnormals_as_zero():  # before the first threads start, which inherit it
        _enhance_batches(options, entry, files, batches)


def _enhance_batches(
    options: argparse.Namespace, entry: dict[str, Any] | None, files: "Files", batches: Batches
) -> None:
    from experiments.enhance.external import folder_of, take
    from experiments.enhance.run import PixelBar, adjusted, baseline, enhance_items, trained

    precision = options.precision or ("float32" if options.listings else "auto")
    for weights, folder in _weights_of_seeds(options):
        model, bar = None, PixelBar()
        if entry is None:
            assert weights is not None  # without a method there are weights
            tile, padding = options.tile, options.padding
            model = trained(weights, padding, options.device, tile, precision, bar.tile)
        for dataset, items in batches:
            if entry and "images" in entry:
                made = folder_of(entry, dataset or "")
                take(made, items, folder / (dataset or ""), entry.get("pattern"))
                continue
            # A baseline may have settings of its own for a data set, so it is built for each.
            enhancer = model or baseline(entry or {}, dataset, options.device, weights)
            enhancer = adjusted(enhancer, options.strength, options.exposure)
            started, target = time.monotonic(), folder / (dataset or "")
            enhance_items(enhancer, items, target, files, bar)
            where = files.paths(target, items[0].name)[0] if len(items) == 1 else target
            count = f", {len(items)} images" if len(items) > 1 else ""
            print(f"{where}{count}: {time.monotonic() - started:.1f} s", file=sys.stderr)


def _files(options: argparse.Namespace, deep: bool) -> "Files":
    """Return how images are read and written: photos as users want them, or those of a study."""
    from experiments.enhance.photo_files import PhotoFiles
    from experiments.enhance.run import StudyFiles

    if options.listings:
        return StudyFiles()
    kind, quality = options.format or "png", options.quality or 95
    return PhotoFiles(kind, quality, options.compare, deep)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse what would be passed over in silence, or misunderstood."""
    from experiments.data.images import SUFFIXES

    for name, default in (("tile", None), ("precision", None), ("padding", "minimal")):
        if options.method and getattr(options, name) != default:
            raise InputError(f"enhance: --{name} is for Zero-LEINR, not for --method")
    if not 0 <= options.strength <= 1:
        raise InputError(f"enhance: --strength goes from 0 to 1, not {options.strength}")
    if options.exposure is not None and not 0 < options.exposure < 1:
        raise InputError(f"enhance: --exposure is between 0 and 1, not {options.exposure}")
    if options.tile is not None and (options.tile < MULTIPLE or options.tile % MULTIPLE):
        raise InputError(f"enhance: --tile {options.tile}: a multiple of {MULTIPLE}, such as 512")
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise InputError(f"enhance: --quality goes from 1 to 100, not {options.quality}")
    if options.quality is not None and options.format not in ("jpg", "webp"):
        raise InputError("enhance: --quality is for --format jpg or webp")
    if options.listings and (options.format or options.compare):
        raise InputError("enhance: --format and --compare are for photos, not for --listings")
    check_writable(options.out)
    if options.out.suffix.lower() in SUFFIXES:
        raise InputError(f"enhance: --out {options.out} would be a folder; name one")


def _batches(options: argparse.Namespace) -> Batches:
    """Return the images to enhance, by data set."""
    from experiments.data.listing import read_listing

    if options.listings is None:
        return [(None, _items(options.images, options.out))]
    return [(found.dataset, found.items) for found in map(read_listing, options.listings)]


def _weights_of_seeds(options: argparse.Namespace) -> list[tuple[Path | None, Path]]:
    """Return the weights of each seed, None for a method's own, and the folder for images."""
    folders = [options.out / seed for seed in seed_folders(options.seeds)]
    weights = options.weights or [None] * len(folders)
    if len(weights) != len(folders):
        raise InputError("enhance: several --weights go with as many --seeds, one each")
    return list(zip(weights, folders, strict=True))


def _items(images: Sequence[Path], out: Path) -> "list[Item]":
    """Return the images that are named, and those in and below the folders that are.

    An image below a folder is named by the folders between, so that results lie as it does.
    """
    from experiments.data.images import image_folders, list_images, passed_over
    from experiments.data.listing import Item

    items = []
    for path in images:
        if not path.is_dir():
            items.append(Item(path.stem, str(path), None))
            continue
        for folder in image_folders(path, out):
            if others := passed_over(folder):
                print(f"{folder}: passed over, convert them first: {others}", file=sys.stderr)
            below = folder.relative_to(path)
            items += [Item(str(below / p.stem), str(p), None) for p in list_images(folder)]
    return items


def _no_weights(path: Path) -> InputError:
    """Return the error for weights that are not there, with what may have been meant."""
    from experiments.sheets.reading import CONFIG, load_checked

    if path.is_dir():
        return InputError(f"{path}: a folder; name the file, such as {path}/model.safetensors")
    if str(path) in load_checked(CONFIG / "methods.yaml", "methods.schema.yaml"):
        return InputError(f"{path}: no such weights; did you mean --method {path}?")
    return InputError(f"{path}: no such weights; train them with `zero-leinr train`")


def _method_entry(name: str, with_weights: bool) -> dict[str, Any]:
    """Return the entry of a baseline that runs with weights trained here, or else with its own."""
    from experiments.sheets.ablations import load_ablations
    from experiments.sheets.reading import CONFIG, load_checked

    sheet = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")
    baselines = [known for known, entry in sheet.items() if {"method", "images"} & entry.keys()]
    if name in load_ablations():
        raise InputError(
            f"enhance: leave --method {name} out: Zero-LEINR's weights are --weights, by default "
            "those that come with the package"
        )
    if name not in baselines:
        raise unknown("method", name, baselines)
    entry = sheet[name]
    if not with_weights and "recipe" in entry:
        raise InputError(f"method {name} is trained here: train it, and give --weights as well")
    if with_weights and not {"recipe", "weights"} & entry.keys():
        raise InputError(f"method {name} has no weights; leave --weights out")
    return entry


# -------------------------------------------------------------------------------------- export


def _add_export(commands: Any) -> None:
    command = add_command(
        commands,
        "export",
        _export,
        "write weights as an ONNX model, or in half precision; checked against the original",
        "zero-leinr export --out zero_leinr.onnx\n"
        "zero-leinr export --weights runs/mine/model.safetensors --out mine.onnx\n"
        "zero-leinr export --weights runs/mine/model.safetensors --out mine.safetensors",
    )
    command.add_argument(
        "--weights",
        type=Path,
        default=RELEASED,
        help="a model.safetensors that `train` wrote (default: the released weights)",
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        help="an .onnx file (docs/export-onnx.md), or .safetensors for half precision with the "
        "record of the run inside",
    )


def _export(options: argparse.Namespace) -> None:
    if options.out.suffix == ".onnx":
        from experiments.export.onnx import export_onnx as export
    elif options.out.suffix == ".safetensors":
        from experiments.export.half_precision import export_half as export
    else:
        raise InputError(f"{options.out}: export writes .onnx and .safetensors files")
    difference = export(options.weights, options.out)
    print(f"{options.out}: written; differs from the original by at most {difference:g}/255")
