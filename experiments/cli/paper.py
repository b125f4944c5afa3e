"""The commands for a paper: all of it, one table or one figure."""

import argparse
import sys
from pathlib import Path
from typing import Any

from experiments.cli.common import add_command
from zero_leinr.errors import InputError

FORMATS = ("ieee", "cvpr", "llncs")  # those of publish/formats.py, which loads pandas


def add_paper_commands(commands: Any) -> None:
    """Add the commands of this file to the parser."""
    _add_publish(commands)
    _add_table(commands)
    _add_figure(commands)


def _add_format(command: Any) -> None:
    command.add_argument("--format", choices=FORMATS, default="ieee", help="default: ieee")


def _add_publish(commands: Any) -> None:
    command = add_command(
        commands,
        "publish",
        _publish,
        "a paper's tables, figures, numbers and bibliography as LaTeX, and a proof of them",
        "zero-leinr publish results/demo --format ieee --out paper\n"
        "zero-leinr publish results/reference/baselines --format llncs --out paper",
    )
    command.add_argument("results", type=Path, help="results/<study>, or a kept study")
    _add_format(command)
    command.add_argument("--out", type=Path, required=True, help="the paper's folder")
    command.add_argument(
        "--document",
        type=Path,
        help="your paper in place of the proof; only what it reads is drawn",
    )
    command.add_argument(
        "--strict", action="store_true", help="fail where the proof has a fault, or no TeX is here"
    )


def _publish(options: argparse.Namespace) -> None:
    from experiments.publish.formats import find_format
    from experiments.publish.write import publish

    faults = publish(options.results, options.out, find_format(options.format), options.document)
    for fault in faults:
        print(f"proof: {fault}", file=sys.stderr)
    if faults and options.strict:
        raise InputError(f"{options.out / 'proof.tex'}: {len(faults)} faults, see above")
    print(f"{options.out}: \\usepackage{{zl-tables}}, then \\input{{tables/main}}; all: proof.tex")


def _add_table(commands: Any) -> None:
    command = add_command(
        commands,
        "table",
        _table,
        "one table of a paper as LaTeX: bare, and as a float",
        "zero-leinr table main results/demo --out paper",
    )
    command.add_argument("name", help="main, ablation, cost, claims, protocols, ...")
    command.add_argument("results", type=Path, help="results/<study>, or a kept study")
    command.add_argument("--out", type=Path, help="the paper's folder (default: print the float)")


def _table(options: argparse.Namespace) -> None:
    from experiments.analysis.results import open_study
    from experiments.publish.latex import to_float
    from experiments.publish.registry import check_name, lay_out
    from experiments.publish.write import copy_style, write_table

    check_name(options.name)
    study, scores = open_study(options.results)
    table = lay_out(options.results, study, scores, options.name)
    if options.out is None:
        print(to_float(table), end="")
        return
    copy_style(options.out)
    for path in write_table(table, options.out / "tables"):
        print(path)


def _add_figure(commands: Any) -> None:
    command = add_command(
        commands,
        "figure",
        _figure,
        "one figure of a paper: pdf, png, and its caption and float as LaTeX",
        "zero-leinr figure qualitative_lol_eval15 results/demo --out paper \\\n"
        "    --images 179 665 --crops 179:120,80,150,100 --methods zero_dce zero_leinr\n"
        "zero-leinr figure critical_lol_eval15 results/reference/baselines --out paper",
    )
    command.add_argument("name", help="a kind and a data set, such as scores_dicm, or claims")
    command.add_argument("results", type=Path, help="results/<study>, or a kept study")
    _add_format(command)
    command.add_argument("--out", type=Path, required=True, help="the paper's folder")
    command.add_argument("--images", nargs="+", default=[], help="names of images that it shows")
    command.add_argument(
        "--crops",
        nargs="+",
        default=[],
        help="what it enlarges: left,top,width,height in pixels, IMAGE:left,... of one image",
    )
    command.add_argument("--methods", nargs="+", default=[], help="methods that it shows, in order")
    command.add_argument(
        "--labels", nargs="+", default=[], help="other labels of methods: zero_leinr=Ours"
    )


def _figure(options: argparse.Namespace) -> None:
    from experiments.figures.registry import find_figure
    from experiments.figures.style import Request, parse_crop
    from experiments.publish.figures import page_of, write_figure
    from experiments.publish.formats import find_format

    find_figure(options.name)
    paper = find_format(options.format)
    request = Request(
        options.out / "figures",
        page_of(paper),
        tuple(options.images),
        tuple(parse_crop(crop) for crop in options.crops),
        tuple(options.methods),
        dict(parse_label(label) for label in options.labels),
    )
    for path in write_figure(options.results, options.name, paper, request):
        print(path)


def parse_label(text: str) -> tuple[str, str]:
    """Turn ``zero_leinr=Ours`` into method and label.

    Raises:
        InputError: One of them is missing.
    """
    name, _, label = text.partition("=")
    if name and label:
        return name, label
    raise InputError(f"--labels {text}: write METHOD=LABEL, such as zero_leinr=Ours")
