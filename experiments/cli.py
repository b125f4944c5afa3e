"""The command line: ``zero-leinr``, one command a stage.

Each command parses its arguments and calls the library; the workflow's rules call these commands.
Here stand the parser and what users call by hand: enhance, export, train, score, fetch. The
commands that work on a whole study are in ``cli_study`` and ``cli_results``.
Heavy imports happen inside the commands, so that ``--help`` and cheap methods start at once.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli_results import add_result_commands
from experiments.cli_study import (
    add_command,
    add_machine,
    add_study_commands,
    find_study,
    parse_settings,
)
from zero_leinr.errors import InputError
from zero_leinr.memory import reuse_freed_memory

if TYPE_CHECKING:
    from baselines.recipe import BaselineRecipe
    from zero_leinr.recipe import Recipe


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0, or 2 after a one-line error."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    if getattr(options, "threads", None):
        # Read by the numerical libraries when they load: must be set before any of them does. All
        # three, since Snakemake sets them all, and MKL and OpenBLAS prefer their own.
        for library in ("OMP", "MKL", "OPENBLAS"):
            os.environ[f"{library}_NUM_THREADS"] = str(options.threads)
    reuse_freed_memory()
    try:
        options.run(options)
    except (InputError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        print(f"error: this needs the package {error.name}, which is missing", file=sys.stderr)
        return 2
    except PermissionError as error:
        print(f"error: {error.filename}: no permission; choose another folder", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Builds the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="zero-leinr",
        description="Zero-reference low-light image enhancement: train, enhance, score, compare.",
        epilog="The whole study runs with `make demo`, `make quick` or `make paper`. Data and "
        "weights lie in ./data, or in the folder that $ZERO_LEINR_DATA names.",
    )
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_enhance(commands)
    _add_export(commands)
    _add_train(commands)
    _add_score(commands)
    _add_fetch(commands)
    add_study_commands(commands)
    add_result_commands(commands)
    return top


# ------------------------------------------------------------------------------------- enhance


def _add_enhance(commands: Any) -> None:
    command = add_command(
        commands,
        "enhance",
        _enhance,
        "brighten images with trained weights or a baseline",
        "zero-leinr enhance photo.jpg --weights runs/mine/model.safetensors --out out\n"
        "zero-leinr enhance photos/ --method zero_dce --out enhanced\n"
        "zero-leinr enhance photos/ --method sci_retrained --weights a.safetensors --out o\n"
        "zero-leinr enhance photos/ --weights a.safetensors b.safetensors --seeds 0 1 --out o",
    )
    command.add_argument("images", nargs="?", type=Path, help="an image, or a folder of images")
    command.add_argument(
        "--listings", nargs="+", type=Path, help="instead: what `fetch` wrote; a folder for each"
    )
    command.add_argument(
        "--weights",
        nargs="+",
        type=Path,
        default=[],
        help="a model.safetensors that `train` wrote; several with --seeds, one each",
    )
    command.add_argument(
        "--method",
        help="instead: a baseline of experiments/config/methods.yaml, with its official weights; "
        "or as well: the baseline that the weights were trained for",
    )
    command.add_argument(
        "--padding",
        choices=("square", "minimal"),
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
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="of the networks: half precision is faster where the machine has it, and moves "
        "pixels by some 255ths (default float32; --tile and this are for Zero-LEINR alone)",
    )
    command.add_argument("--out", type=Path, required=True, help="folder for the PNG images")
    _add_seeds(command)
    add_machine(command)


def _enhance(options: argparse.Namespace) -> None:
    from experiments.enhancing import baseline, enhance_items, trained

    if (options.images is None) == (options.listings is None):
        raise InputError("enhance: give an image, a folder, or --listings (one of them)")
    if not options.weights and options.method is None:
        raise InputError("enhance: give --weights or --method")
    entry = _method_entry(options.method, bool(options.weights)) if options.method else None
    batches = _batches(options)
    for weights, folder in _weights_of_seeds(options):
        model = None
        if entry is None:
            assert weights is not None  # without a method there are weights
            model = trained(
                weights, options.padding, options.device, options.tile, options.precision
            )
        for dataset, items in batches:
            # A baseline may have settings of its own for a data set, so it is built for each.
            enhancer = model or baseline(entry or {}, dataset, options.device, weights)
            enhance_items(enhancer, items, folder / (dataset or ""))


def _batches(options: argparse.Namespace) -> list[tuple[str | None, list[Any]]]:
    """The images to enhance, by data set."""
    from experiments.data import read_listing

    if options.listings is None:
        return [(None, _items(options.images))]
    return [(found.dataset, found.items) for found in map(read_listing, options.listings)]


def _weights_of_seeds(options: argparse.Namespace) -> list[tuple[Path | None, Path]]:
    """The weights of each seed, None for a method's own, and the folder of what they make."""
    folders = [options.out / seed for seed in _seed_folders(options.seeds)]
    weights = options.weights or [None] * len(folders)
    if len(weights) != len(folders):
        raise InputError("enhance: several --weights go with as many --seeds, one each")
    return list(zip(weights, folders, strict=True))


def _items(images: Path) -> list[Any]:
    from experiments.data import Item
    from experiments.images import list_images

    paths = list_images(images) if images.is_dir() else [images]
    return [Item(path.stem, str(path), None) for path in paths]


def _method_entry(name: str, with_weights: bool) -> dict[str, Any]:
    """The entry of a baseline that runs with weights trained here, or else with its own."""
    from experiments.datasets import load_checked
    from experiments.study import CONFIG

    sheet = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")
    baselines = [known for known, entry in sheet.items() if "method" in entry]
    if name not in baselines:
        raise InputError(f"unknown method {name!r}; known: {', '.join(baselines)}")
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
        "write trained weights as an ONNX model, checked against PyTorch (docs/export-onnx.md)",
        "zero-leinr export --weights runs/mine/model.safetensors --out zero_leinr.onnx",
    )
    command.add_argument(
        "--weights", type=Path, required=True, help="a model.safetensors that `train` wrote"
    )
    command.add_argument("--out", type=Path, required=True, help="the .onnx file")


def _export(options: argparse.Namespace) -> None:
    from experiments.export import export_onnx

    difference = export_onnx(options.weights, options.out)
    print(f"{options.out}: written; differs from PyTorch by at most {difference:g}/255")


# --------------------------------------------------------------------------------------- train


def _add_train(commands: Any) -> None:
    command = add_command(
        commands,
        "train",
        _train,
        "train Zero-LEINR, a variant of it or a baseline; resumes where it was stopped",
        "zero-leinr train my_dark_photos/ --out runs/mine --set epochs=20 crop=128 batch=4\n"
        "zero-leinr train --study paper --method no_enrb --seed 1 --images train.npy --out run\n"
        "zero-leinr train --recipe no_enrb.json --seed 1 --images train.npy --out run",
    )
    command.add_argument("folder", nargs="?", type=Path, help="a folder of dark images")
    command.add_argument("--images", type=Path, help="instead: what `prepare` wrote")
    command.add_argument("--listing", type=Path, help="the listing the images came from (recorded)")
    command.add_argument(
        "--recipe", type=Path, help="the recipe: a file that `recipes` wrote, or a run.json"
    )
    command.add_argument("--study", help="instead: take the recipe from a study ...")
    command.add_argument("--method", help="... and this method of it")
    command.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="settings that differ from the official recipe, such as epochs=20 or light.spatial=0",
    )
    command.add_argument("--seed", type=int, default=0, help="fixes every random draw (default 0)")
    command.add_argument("--out", type=Path, required=True, help="folder of the run")
    command.add_argument(
        "--compile",
        action="store_true",
        help="compile the networks first (torch.compile; for long runs, Zero-LEINR alone)",
    )
    command.add_argument(
        "--replace", action="store_true", help="start anew if the folder holds another run"
    )
    add_machine(command)


def _train(options: argparse.Namespace) -> None:
    from experiments.images import list_images
    from experiments.runs import run_training
    from experiments.training_images import prepare

    if (options.folder is None) == (options.images is None):
        raise InputError("train: give a folder of images, or --images (one of them)")
    recipe, about = _recipe(options)
    if options.listing:
        from experiments.data import read_listing

        listing = read_listing(options.listing)
        about |= {"dataset": listing.dataset, "data_sha256": listing.sha256}
    images = options.images
    if images is None:
        images = options.out / f"images{recipe.image_size}.npy"
        if not images.exists():
            prepare(list_images(options.folder), recipe.image_size, images)
    run_training(
        recipe,
        images,
        options.seed,
        options.out,
        device=options.device,
        compiled=options.compile,
        replace=options.replace,
        about=about,
    )


def _recipe(options: argparse.Namespace) -> tuple["Recipe | BaselineRecipe", dict[str, Any]]:
    """What to train, and the study and the method that it belongs to."""
    from baselines.recipe import make_recipe

    if (options.study is None) != (options.method is None):
        raise InputError("train: --study and --method go together")
    if options.study and options.recipe:
        raise InputError("train: give --recipe, or --study and --method")
    about = {"study": options.study, "method": options.method}
    settings: dict[str, Any] = {}
    if options.study:
        method = find_study(options.study).method(options.method)
        if method.recipe is None:
            raise InputError(f"method {options.method}: nothing to train")
        settings = method.recipe
    if options.recipe:
        settings, about = _read_recipe(options.recipe)
    return make_recipe(settings).replace(parse_settings(options.set)), about


def _read_recipe(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings in a file that `recipes` wrote, or in a run.json; and whose they are."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        settings = dict(content["recipe"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: no recipe; write one with `zero-leinr recipes`") from error
    return settings, {"study": content.get("study"), "method": content.get("method")}


# --------------------------------------------------------------------------------------- score


def _add_score(commands: Any) -> None:
    command = add_command(
        commands,
        "score",
        _score,
        "PSNR, SSIM, LPIPS and NIQE under named protocols (docs/protocols.md)",
        "zero-leinr score enhanced/ --reference LOL/eval15/high\n"
        "zero-leinr score enhanced/ --metrics niqe --out scores.csv",
    )
    command.add_argument("images", type=Path, help="folder of enhanced images")
    command.add_argument("--reference", type=Path, help="folder of references, matched by name")
    command.add_argument(
        "--listings", nargs="+", type=Path, help="instead: what `fetch` wrote; a folder for each"
    )
    command.add_argument("--metrics", nargs="+", help="default: all whose weights can be had")
    command.add_argument("--study", type=Path, help="instead of --metrics: those of a study.json")
    command.add_argument("--out", type=Path, help="CSV file (with --listings: a folder of them)")
    _add_seeds(command)
    add_machine(command)


def _score(options: argparse.Namespace) -> None:
    from experiments.scores import folder_items, load_metrics, score_folder, write_scores

    metrics = list(load_metrics(_metrics(options)))
    device = _scoring_device(options.device, metrics)
    if options.listings:
        _score_listings(options, metrics, device)
        return
    if options.seeds is not None:
        raise InputError("score: --seeds goes with --listings")
    scores = score_folder(
        folder_items(options.images, options.reference), options.images, metrics, device
    )
    if scores.empty:
        raise InputError(f"score: {', '.join(metrics)} cannot be computed here; give --reference")
    if options.out:
        write_scores(scores, options.out)
    means = scores.groupby(["metric", "protocol"], sort=False)["value"].mean()
    print(f"means over {scores['image'].nunique()} images")
    print(means.round(4).to_string())


def _score_listings(options: argparse.Namespace, metrics: Sequence[str], device: str) -> None:
    from experiments.data import read_listing
    from experiments.scores import score_folder, write_scores

    if options.out is None:
        raise InputError("score: --listings needs --out, a folder")
    listings = [read_listing(path) for path in options.listings]
    for seed in _seed_folders(options.seeds):
        for listing in listings:
            images = options.images / seed / listing.dataset
            scores = score_folder(listing.items, images, metrics, device)
            write_scores(scores, options.out / seed / f"{listing.dataset}.csv")


def _scoring_device(device: str, metrics: Sequence[str]) -> str:
    """Resolves ``auto`` where a metric is a network; the others should not import torch."""
    from experiments.scores import load_metrics
    from zero_leinr.device import choose_device

    if device == "auto" and not any("weights" in entry for entry in load_metrics(metrics).values()):
        return "cpu"
    return choose_device(device)


def _metrics(options: argparse.Namespace) -> list[str]:
    """The metrics asked for, else those of the study, else all whose weights can be had."""
    from experiments.scores import load_metrics, missing_metrics

    if options.metrics:
        return options.metrics
    if options.study:
        study = json.loads(options.study.read_text())
        return [m["name"] for m in study["metrics"] if m["name"] not in study["missing"]]
    missing = missing_metrics(download=True)
    for name, reason in missing.items():
        print(f"not scored: {name}: {reason}", file=sys.stderr)
    return [name for name in load_metrics() if name not in missing]


# --------------------------------------------------------------------------------------- seeds


def _add_seeds(command: Any) -> None:
    command.add_argument(
        "--seeds", nargs="+", type=int, help="these seeds of a method: a folder seed<k> for each"
    )


def _seed_folders(seeds: list[int] | None) -> list[str]:
    """The folder of each seed below that of its method; none if no seeds are named."""
    return [""] if seeds is None else [f"seed{seed}" for seed in seeds]


# --------------------------------------------------------------------------------------- fetch


def _add_fetch(commands: Any) -> None:
    command = add_command(
        commands,
        "fetch",
        _fetch,
        "find or download data sets, and check every file",
        "zero-leinr fetch lol_eval15 lime dicm\nzero-leinr fetch --list",
    )
    command.add_argument("datasets", nargs="*", help="names in experiments/config/datasets.yaml")
    command.add_argument("--list", action="store_true", help="say which there are, and stop")
    command.add_argument("--offline", action="store_true", help="never download")
    command.add_argument("--listing", type=Path, help="write what was found (one data set only)")


def _fetch(options: argparse.Namespace) -> None:
    from experiments.data import fetch, load_registry, write_listing

    if options.list:
        for name, dataset in load_registry().items():
            count = f"{dataset.count} images" if dataset.count else ""
            print(f"{name:18} {dataset.label}; {count}; licence: {dataset.licence}")
        return
    if not options.datasets:
        raise InputError("fetch: name at least one data set, or use --list")
    if options.listing and len(options.datasets) > 1:
        raise InputError("fetch: --listing goes with one data set")
    for name in options.datasets:
        listing = fetch(name, download=not options.offline)
        print(listing.summary())
        for warning in listing.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        if options.listing:
            write_listing(listing, options.listing)


if __name__ == "__main__":
    sys.exit(main())
