"""The command ``train``: images, a recipe and a seed become a run."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.common import add_command, add_machine, find_study, parse_settings
from zero_leinr.errors import InputError
from zero_leinr.folder_lock import locked
from zero_leinr.text_files import parse_json, read_text

if TYPE_CHECKING:
    from baselines.recipe import BaselineRecipe
    from zero_leinr.recipe import Recipe


FINE_TUNING = {"epochs": 20, "batch": 8, "crop": 64, "lr": 1e-4, "denoiser_lr": 1e-5}
"""What ``--start`` changes in the recipe: minutes on a CPU, in small steps."""


def add_train_command(commands: Any) -> None:
    """Add the command to the parser."""
    command = add_command(
        commands,
        "train",
        _train,
        "train Zero-LEINR, a variant of it or a baseline; resumes where it was stopped",
        "zero-leinr train my_dark_photos/ --out runs/mine --set epochs=20 crop=128 batch=4\n"
        "zero-leinr train my_dark_photos/ --out runs/tuned --start released\n"
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
    command.add_argument(
        "--start",
        metavar="WEIGHTS",
        help="fine-tune: go on from `released`, or a file of weights, with a short training "
        f"({' '.join(f'{k}={v}' for k, v in FINE_TUNING.items())}, where --set says nothing else)",
    )
    command.add_argument("--seed", type=int, default=0, help="fixes every random draw (default 0)")
    command.add_argument("--out", type=Path, required=True, help="folder of the run")
    command.add_argument(
        "--compile",
        action="store_true",
        help="compile networks and losses first (torch.compile; for long runs)",
    )
    command.add_argument(
        "--cuda-graph",
        action="store_true",
        help="record the step once and replay it (baselines on a CUDA GPU; for long runs)",
    )
    command.add_argument(
        "--replace",
        action="store_true",
        help="start again if the folder holds a run of another recipe, seed or other images",
    )
    command.add_argument(
        "--branches-of",
        type=Path,
        metavar="RUN",
        help="take the branches of this finished run of the same seed in place of training them",
    )
    add_machine(command)


def _train(options: argparse.Namespace) -> None:
    if (options.folder is None) == (options.images is None):
        raise InputError("train: give a folder of images, or --images (one of them)")
    recipe, about = _recipe(options)
    if options.listing:
        from experiments.data.listing import read_listing

        listing = read_listing(options.listing)
        about |= {"dataset": listing.dataset, "data_sha256": listing.sha256}
    with locked(options.out):
        _fill(options, recipe, about)


def _fill(
    options: argparse.Namespace, recipe: "Recipe | BaselineRecipe", about: dict[str, Any]
) -> None:
    """Write the files of the run: taken from another one, or trained."""
    from experiments.data.images import list_images
    from experiments.data.prepare import prepare_folder
    from experiments.train.run import run_training

    if options.branches_of:
        from experiments.train.branches import take_branches
        from zero_leinr.recipe import Recipe

        assert isinstance(recipe, Recipe), "a baseline has no branches"
        if take_branches(options.branches_of, recipe, options.seed, options.out, about):
            return
    images = options.images
    if images is None:
        images = options.out / f"images{recipe.image_size}.npy"
        prepare_folder(list_images(options.folder), recipe.image_size, images)
    run_training(
        recipe,
        images,
        options.seed,
        options.out,
        device=options.device,
        compiled=options.compile,
        graphed=options.cuda_graph,
        replace=options.replace,
        about=about,
    )


def _recipe(options: argparse.Namespace) -> tuple["Recipe | BaselineRecipe", dict[str, Any]]:
    """Return what to train, and the study and the method that it belongs to."""
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
    if options.start:
        if "method" in settings:
            raise InputError("train: --start is for Zero-LEINR, not for a baseline")
        if options.start != "released" and not Path(options.start).is_file():
            raise InputError(f"train: --start {options.start}: no such file; or write released")
        settings = {**settings, **FINE_TUNING, "start": options.start}
    return make_recipe(settings).replace(parse_settings(options.set)), about


def _read_recipe(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings in a file that `recipes` wrote, or in a run.json; and whose they are."""
    advice = "no recipe; write one with `zero-leinr recipes`"
    try:
        content = parse_json(read_text(path, "JSON"), path, advice)
        settings = dict(content["recipe"])
    except (ValueError, KeyError, TypeError) as error:  # an InputError is a ValueError
        raise InputError(f"{path}: {advice}") from error
    return settings, {"study": content.get("study"), "method": content.get("method")}
