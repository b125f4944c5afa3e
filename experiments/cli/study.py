"""The commands that prepare a study: its data, its sheet, its checks."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from experiments.cli.common import add_command, find_study, parse_settings
from zero_leinr.errors import InputError, unknown


def add_study_commands(commands: Any) -> None:
    """Add the commands of this file to the parser."""
    _add_study(commands)
    _add_fetch(commands)
    _add_ablate(commands)
    _add_recipes(commands)
    _add_prepare(commands)
    _add_leaks(commands)
    _add_check(commands)
    _add_run(commands)


# --------------------------------------------------------------------------------------- study


def _add_study(commands: Any) -> None:
    command = add_command(
        commands,
        "study",
        _study,
        "write the file of a study: which methods, on which images, by which metrics",
        "zero-leinr study mine --methods input zero_dce zero_leinr_released --datasets lol_eval15\n"
        "zero-leinr study enrb --methods zero_leinr no_enrb --datasets dicm --metrics niqe \\\n"
        "    --training-images zero_leinr_train_clean",
    )
    command.add_argument("name", help="of the study: a-z, 0-9 and _")
    command.add_argument(
        "--methods", nargs="+", required=True, help="names in methods.yaml and ablations.yaml"
    )
    command.add_argument("--datasets", nargs="+", required=True, help="names in datasets.yaml")
    command.add_argument(
        "--metrics",
        nargs="+",
        help="names in metrics.yaml (default: psnr, ssim, lpips and niqe; niqe alone where no set "
        "has references)",
    )
    command.add_argument("--training-images", help="name in datasets.yaml, where one is trained")


def _study(options: argparse.Namespace) -> None:
    from experiments.sheets.add_study import add_study

    path, study = add_study(
        options.name, options.methods, options.datasets, options.metrics, options.training_images
    )
    print(f"{path}: written; {len(study.methods)} methods, {len(study.trained)} of them trained")
    print(f"next: zero-leinr check {study.name}, then zero-leinr run {study.name}")


# --------------------------------------------------------------------------------------- fetch


def _add_fetch(commands: Any) -> None:
    command = add_command(
        commands,
        "fetch",
        _fetch,
        "find or download data sets and weights, and check every file",
        "zero-leinr fetch lol_eval15 lime zero_dce\nzero-leinr fetch --list\n"
        "zero-leinr fetch --all    (before a node loses its network)",
    )
    command.add_argument(
        "names", nargs="*", help="names in datasets.yaml or weights.yaml of experiments/config"
    )
    command.add_argument("--list", action="store_true", help="say which there are, and stop")
    command.add_argument(
        "--all",
        action="store_true",
        help="every data set and all weights that have an address; not AlexNet's 244 MB for LPIPS, "
        "whose convolutions come with the suite in half precision",
    )
    command.add_argument("--offline", action="store_true", help="never download")
    command.add_argument("--listing", type=Path, help="write what was found (one data set only)")


def _fetch(options: argparse.Namespace) -> None:
    from experiments.data.weights import weights_file
    from experiments.sheets.datasets import load_registry
    from experiments.sheets.reading import load_checked
    from experiments.sheets.weights import WEIGHTS

    if options.list:
        for name, dataset in load_registry().items():
            count = f"{dataset.count} images" if dataset.count else ""
            print(f"{name:18} {dataset.label}; {count}; licence: {dataset.licence}")
            if dataset.citation:
                print(f"{'':18} {dataset.citation}")
        return
    if options.all:
        _fetch_all(not options.offline)
        return
    if not options.names:
        raise InputError("fetch: name at least one data set, or use --list")
    datasets, weights = load_registry(), load_checked(WEIGHTS, "weights.schema.yaml")
    if options.listing and (len(options.names) > 1 or options.names[0] in weights):
        raise InputError("fetch: --listing goes with one data set")
    for name in options.names:
        if name in datasets:
            _fetch_dataset(name, options)
        elif name in weights:
            print(f"{name}: {weights_file(name, download=not options.offline)}")
        else:
            raise unknown("data set or weights", name, [*datasets, *weights])


def _fetch_dataset(name: str, options: argparse.Namespace) -> None:
    from experiments.data.fetch import fetch
    from experiments.data.listing import write_listing

    listing = fetch(name, download=not options.offline)
    print(listing.summary())
    for warning in listing.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if options.listing:
        write_listing(listing, options.listing)


def _fetch_all(download: bool) -> None:
    """Bring all that any study can need; what is missing does not stop the rest."""
    from experiments.data.fetch import fetch
    from experiments.data.weights import LPIPS_TRUNKS, weights_file
    from experiments.sheets.datasets import load_registry
    from experiments.sheets.reading import load_checked
    from experiments.sheets.weights import WEIGHTS

    wanted: dict[str, Callable[[], object]] = {
        name: partial(fetch, name, download=download)
        for name, dataset in load_registry().items()
        if dataset.sources or dataset.generated
    }
    for name, entry in load_checked(WEIGHTS, "weights.schema.yaml").items():
        if "address" in entry and name not in LPIPS_TRUNKS:  # one of these comes with the suite
            wanted[name] = partial(weights_file, name, download=download)
    missing = []
    for name, get in wanted.items():
        try:
            get()
            print(f"{name}: there")
        except InputError as error:
            missing.append(name)
            print(f"{name}: {error}", file=sys.stderr)
    if missing:
        raise InputError(
            f"fetch --all: {len(missing)} of {len(wanted)} missing: {', '.join(missing)}"
        )


# --------------------------------------------------------------------------------------- ablate


def _add_ablate(commands: Any) -> None:
    command = add_command(
        commands,
        "ablate",
        _ablate,
        "add a variant of Zero-LEINR to the ablation sheet (docs/add-an-ablation.md)",
        "zero-leinr ablate no_smoothness_light --set light.smoothness=0 \\\n"
        "    --label 'light branch without smoothness' --studies ablations paper\n"
        "zero-leinr ablate gaussian_noise --set noise=gauss5_50",
    )
    command.add_argument("name", help="of the variant and its folders: a-z, 0-9 and _")
    command.add_argument(
        "--set",
        nargs="+",
        required=True,
        metavar="KEY=VALUE",
        help="settings that differ from the full method's (all: zero_leinr/recipe.py); a loss "
        "weight of 0 leaves the loss out, null the whole part: light.spatial=0, denoiser=null",
    )
    command.add_argument("--label", help="its name in tables and figures (default: the name)")
    command.add_argument("--studies", nargs="+", help="studies that it joins (default: all)")


def _ablate(options: argparse.Namespace) -> None:
    from experiments.sheets.ablations import ABLATIONS
    from experiments.sheets.add_ablation import add_ablation

    joined = add_ablation(
        options.name, parse_settings(options.set), label=options.label, studies=options.studies
    )
    print(f"{ABLATIONS}: {options.name} added; it joins {', '.join(joined)}")
    print(f"next: zero-leinr run {joined[0]}    (trains it and draws the tables again)")


# -------------------------------------------------------------------------------------- recipes


def _add_recipes(commands: Any) -> None:
    command = add_command(
        commands,
        "recipes",
        _recipes,
        "write the recipe of every method that a study trains, to train elsewhere",
        "zero-leinr recipes paper --out recipes\n"
        "zero-leinr train --recipe recipes/no_enrb.json --images train.npy --seed 1 --out run",
    )
    command.add_argument("study", help="name of a study in experiments/config/studies, or a file")
    command.add_argument("--out", type=Path, required=True, help="folder for METHOD.json")


def _recipes(options: argparse.Namespace) -> None:
    from experiments.provenance import write_json

    study = find_study(options.study)
    for method in study.trained:
        content = {"study": study.name, "method": method.name, "seeds": method.seeds}
        write_json(content | {"recipe": method.recipe}, options.out / f"{method.name}.json")
    print(f"{options.out}: {len(study.trained)} recipes of the study {study.name}")


# ---------------------------------------------------------------------- prepare, leaks and check


def _add_prepare(commands: Any) -> None:
    command = add_command(
        commands,
        "prepare",
        _prepare,
        "decode and resize training images once, for all runs",
        "zero-leinr prepare --listing train.json --size 256 --out train256.npy",
    )
    command.add_argument("--listing", type=Path, required=True, help="what `fetch` wrote")
    command.add_argument("--size", type=int, default=256, help="side in pixels (default 256)")
    command.add_argument("--out", type=Path, required=True, help="the .npy file")


def _prepare(options: argparse.Namespace) -> None:
    from experiments.data.listing import read_listing
    from experiments.data.prepare import prepare

    if options.size < 1:
        raise InputError(f"prepare: --size must be at least 1 pixel, not {options.size}")
    items = read_listing(options.listing).items
    prepare([item.low for item in items], options.size, options.out)


def _add_leaks(commands: Any) -> None:
    command = add_command(
        commands,
        "leaks",
        _leaks,
        "look for evaluation images, and their scenes, in the training images (docs/leak-check.md)",
        "zero-leinr leaks --training train.json --listings test.json --out leaks.json",
    )
    command.add_argument("--training", type=Path, required=True, help="what `fetch` wrote")
    command.add_argument(
        "--listings", type=Path, nargs="+", required=True, help="the same of evaluation sets"
    )
    command.add_argument("--out", type=Path, help="JSON file with every pair that was found")
    command.add_argument("--table", type=Path, help="CSV file with a row for each set")


def _leaks(options: argparse.Namespace) -> None:
    from experiments.data.leaks import find_leaks, write_leaks
    from experiments.data.listing import read_listing

    leaks = find_leaks(read_listing(options.training), list(map(read_listing, options.listings)))
    for match in leaks.matches:
        print(f"one scene: {match.image} and {match.training_image} ({match.distance} bits apart)")
    warnings = [f"{warning['dataset']}: {warning['text']}" for warning in leaks.warnings()]
    print("\n".join(warnings) or "no evaluation image is among the training images")
    write_leaks(leaks, options.out, options.table)


def _add_check(commands: Any) -> None:
    command = add_command(
        commands,
        "check",
        _check,
        "check a study before any long work, and say how long it will take",
        "zero-leinr check demo",
    )
    command.add_argument("study", help="name of a study in experiments/config/studies, or a file")
    command.add_argument("--listings", type=Path, nargs="+", help="listings of its data sets")
    command.add_argument("--leaks", type=Path, help="what `leaks` found in them")
    command.add_argument("--out", type=Path, help="write study.json, which tables and figures read")


def _check(options: argparse.Namespace) -> None:
    from experiments.check import check_study, describe_study
    from experiments.data.listing import Listing, read_listing
    from experiments.data.look import Seen, look
    from experiments.forecast import describe
    from experiments.provenance import write_json

    study = find_study(options.study)
    listings = options.listings or []
    seen = [] if listings else [look(name) for name in study.all_datasets]
    for each in seen:
        print(f"{each.dataset:28}{each.summary()}")
    found: list[Listing | Seen] = [*map(read_listing, listings), *seen]
    print(describe(study, {each.dataset: each.count for each in found}))
    missing = check_study(study, {each.dataset: each.items for each in found})
    described = describe_study(study, missing, listings, options.leaks)
    if options.out:
        write_json(described, options.out)
    coming = ", once those files are there: the study downloads them first"
    to_download = any(each.to_download for each in seen)
    print(f"{study.name}: {len(study.methods)} methods, ready{coming if to_download else ''}")


# ------------------------------------------------------------------------------------------ run


def _add_run(commands: Any) -> None:
    command = add_command(
        commands,
        "run",
        _run,
        "run a study with Snakemake, or go on with it after any kill",
        "zero-leinr run demo\nzero-leinr run paper --workflow-profile slurm",
    )
    command.add_argument("study", help="name of a study in experiments/config/studies")
    command.add_argument(
        "options", nargs=argparse.REMAINDER, help="options of snakemake, which come last"
    )


def _run(options: argparse.Namespace) -> None:
    from experiments.run_study import run_study

    run_study(find_study(options.study).name, options.options)
