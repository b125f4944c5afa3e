"""The commands that prepare a study, called by the workflow's rules; and what all of them share."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zero_leinr.errors import InputError

if TYPE_CHECKING:
    from experiments.study import Study

DEVICES = ("auto", "cpu", "cuda", "mps")


def add_study_commands(commands: Any) -> None:
    """Adds the commands of this file to the parser."""
    _add_ablate(commands)
    _add_recipes(commands)
    _add_prepare(commands)
    _add_leaks(commands)
    _add_check(commands)


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
    command.add_argument("--sheet", type=Path, help="the sheet of another copy of the project")


def _ablate(options: argparse.Namespace) -> None:
    from experiments.ablation_entry import add_ablation
    from experiments.ablations import ABLATIONS

    sheet = options.sheet or ABLATIONS
    joined = add_ablation(
        options.name,
        parse_settings(options.set),
        label=options.label,
        studies=options.studies,
        sheet=sheet,
    )
    print(f"{sheet}: {options.name} added; it joins {', '.join(joined)}")
    print(f"next: snakemake {joined[0]} --cores all    (trains it and draws the tables anew)")


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
    from experiments.data import read_listing
    from experiments.training_images import prepare

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
    from experiments.data import read_listing
    from experiments.leaks import find_leaks, write_leaks

    leaks = find_leaks(read_listing(options.training), list(map(read_listing, options.listings)))
    for match in leaks.matches:
        print(f"one scene: {match.image} and {match.training_image} ({match.distance} bits apart)")
    print("\n".join(leaks.warnings()) or "no evaluation image is among the training images")
    write_leaks(leaks, options.out, options.table)


def _add_check(commands: Any) -> None:
    command = add_command(
        commands,
        "check",
        _check,
        "check a study before any long work: sheets, weights, metrics",
        "zero-leinr check demo",
    )
    command.add_argument("study", help="name of a study in experiments/config/studies, or a file")
    command.add_argument("--listings", type=Path, nargs="+", help="listings of its data sets")
    command.add_argument("--leaks", type=Path, help="what `leaks` found in them")
    command.add_argument("--out", type=Path, help="write study.json, which tables and figures read")


def _check(options: argparse.Namespace) -> None:
    from experiments.checks import check_study
    from experiments.provenance import write_json

    summary = check_study(find_study(options.study), options.listings or [], options.leaks)
    if options.out:
        write_json(summary, options.out)
    print(f"{summary['name']}: {len(summary['methods'])} methods, ready")


# --------------------------------------------------------------------------------------- shared


def add_command(commands: Any, name: str, run: Any, summary: str, examples: str) -> Any:
    """Adds a command with its help; ``run`` is called with the parsed options."""
    command = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n  " + examples.replace("\n", "\n  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def add_machine(command: Any) -> None:
    """Adds the options of commands that compute: device and threads."""
    command.add_argument("--device", choices=DEVICES, default="auto", help="default: the best here")
    command.add_argument("--threads", type=int, help="processor threads (default: all)")


def find_study(name: str) -> "Study":
    """Loads a study by its name in ``experiments/config/studies``, or by the path of its file.

    Raises:
        InputError: There is no such study, or something in it is wrong.
    """
    from experiments.study import CONFIG, load_study

    path = Path(name)
    return load_study(path if path.suffix else CONFIG / "studies" / f"{name}.yaml")


def parse_settings(settings: Sequence[str]) -> dict[str, Any]:
    """Turns ``["epochs=20", "light.spatial=0"]`` into overrides of a recipe; values are YAML.

    Raises:
        InputError: An item is not ``key=value``.
    """
    if not settings:
        return {}  # a machine that is borrowed for training may have no PyYAML
    import yaml

    from experiments.ablations import nest

    values: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals and value):
            raise InputError(f"--set {setting}: write KEY=VALUE, such as epochs=20")
        values[key] = yaml.safe_load(value)
    return nest(values)
