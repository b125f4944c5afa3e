"""The commands on a study's results: its tables, figures and verdicts, called by the rules."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.common import add_command, add_machine, find_study
from experiments.cli.parser import one_of
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    from experiments.analysis.model import Dataset, StudyResults


def add_result_commands(commands: Any) -> None:
    """Add the commands of this file to the parser."""
    _add_select(commands)
    _add_collect(commands)
    _add_tables(commands)
    _add_figures(commands)
    _add_costs(commands)
    _add_published(commands)
    _add_protocols(commands)
    _add_ranks(commands)
    _add_differences(commands)
    _add_claims(commands)
    _add_report(commands)


def _add_parts(command: Any) -> None:
    """Add the options of commands that write a table, and a figure for each data set."""
    command.add_argument("--only", type=one_of("table", "figure"), help="table or figure")
    command.add_argument("--dataset", help="the figure of this one alone")


def _drawn(
    options: argparse.Namespace, study: "StudyResults", fits: Callable[["Dataset"], object]
) -> list[str]:
    """Return the data sets to draw: the one that was asked for, or all that the figure fits."""
    if options.only == "table":
        return []
    if options.dataset:
        return [study.dataset(options.dataset).name]
    return [dataset.name for dataset in study.datasets if fits(dataset)]


# -------------------------------------------------------------------------------------- select


def _add_select(commands: Any) -> None:
    command = add_command(
        commands,
        "select",
        _select,
        "a part of a study as a folder of its own, for the tables and figures of your paper",
        "zero-leinr select results/baselines results/mine --methods input zero_dce he \\\n"
        "    --datasets lol_eval15\n"
        "zero-leinr tables results/mine",
    )
    command.add_argument("results", type=Path, help="results/<study>, or a kept study")
    command.add_argument("out", type=Path, help="another folder; then tables, publish, ... of that")
    command.add_argument("--methods", nargs="+", help="in the order of the tables (default: all)")
    command.add_argument("--datasets", nargs="+", help="likewise")
    command.add_argument("--metrics", nargs="+", help="likewise")
    command.add_argument("--seeds", nargs="+", type=int, help="of what the study trains")
    command.add_argument("--title", help="in captions (default: the study's, and (selection))")


def _select(options: argparse.Namespace) -> None:
    from experiments.analysis.select import select

    select(
        options.results,
        options.out,
        methods=options.methods,
        datasets=options.datasets,
        metrics=options.metrics,
        seeds=options.seeds,
        title=options.title,
    )
    print(f"next: zero-leinr tables {options.out}; zero-leinr figures {options.out}")


# ------------------------------------------------------------------------------------- collect


def _add_collect(commands: Any) -> None:
    command = add_command(
        commands,
        "collect",
        _collect,
        "keep a finished study in a few small files that tables and figures are drawn from again",
        "zero-leinr collect results/baselines results/reference/baselines\n"
        "zero-leinr tables results/reference/baselines",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    command.add_argument("out", type=Path, help="the folder to keep it in")


def _collect(options: argparse.Namespace) -> None:
    from experiments.analysis.collect import collect

    collect(options.results, options.out)
    print(f"{options.out}: scores, run records, costs and tables of {options.results}")


# --------------------------------------------------------------------------- tables and figures


def _add_tables(commands: Any) -> None:
    command = add_command(
        commands,
        "tables",
        _tables,
        "tables of a study: csv and md, one a protocol",
        "zero-leinr tables results/demo",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    command.add_argument("--protocol", help="this one alone")


def _tables(options: argparse.Namespace) -> None:
    from experiments.tables.scores import write_tables

    write_tables(options.results, options.protocol)


def _add_figures(commands: Any) -> None:
    command = add_command(
        commands,
        "figures",
        _figures,
        "figures of a study: scores, training curves, image grids; pdf and png",
        "zero-leinr figures results/demo\nzero-leinr figures results/demo --only training_curves",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    command.add_argument(
        "--only", metavar="NAME", help="a kind, such as scores, or a figure, such as scores_dicm"
    )
    command.add_argument("--dataset", help="this one alone")


def _figures(options: argparse.Namespace) -> None:
    from experiments.analysis.results import read_study
    from experiments.figures.registry import FIGURES, draw_figure
    from experiments.results_folder import ResultsFolder

    if options.only and options.only not in FIGURES:
        draw_figure(options.results, options.only)
        return
    study, folder = read_study(options.results), ResultsFolder(options.results)
    gone = {"images"} if folder.is_kept else set()
    gone |= {"losses"} if folder.is_kept and not folder.kept_losses.exists() else set()
    datasets = [study.dataset(options.dataset)] if options.dataset else study.datasets
    for name in [options.only] if options.only else ("scores", "qualitative", "training_curves"):
        lacks = gone & set(FIGURES[name].needs)
        if lacks:
            what = ", ".join(lacks)
            print(f"{options.results}: no {what} are kept: no {name} drawn", file=sys.stderr)
        elif FIGURES[name].of != "study":
            for dataset in datasets:
                draw_figure(options.results, f"{name}_{dataset.name}")
        elif options.only or study.trained:
            draw_figure(options.results, name)


# -------------------------------------------------------------------------- costs and published


def _add_costs(commands: Any) -> None:
    command = add_command(
        commands,
        "costs",
        _costs,
        "what an image costs a method: parameters, GFLOPs, seconds, memory",
        "zero-leinr costs --study baselines --method zero_dce --threads 1 \\\n"
        "    --out results/baselines/costs/zero_dce.json\n"
        "zero-leinr costs results/baselines",
    )
    command.add_argument(
        "results", nargs="?", type=Path, help="results/<study>: write table and figures"
    )
    _add_parts(command)
    command.add_argument("--study", help="instead: measure a method of this study ...")
    command.add_argument("--method", help="... named here")
    command.add_argument("--weights", type=Path, help="what was trained for it, if it is trained")
    command.add_argument("--out", type=Path, help="JSON file with what was measured")
    add_machine(command)


def _costs(options: argparse.Namespace) -> None:
    measured = (options.study, options.method, options.out)
    if options.results is not None and not any(measured):
        _write_costs(options)
    elif options.results is None and all(measured):
        _measure_costs(options)
    else:
        raise InputError("costs: give results/<study>, or --study, --method and --out")


def _measure_costs(options: argparse.Namespace) -> None:
    from experiments.enhance.cost import measure_method
    from experiments.provenance import write_json

    study = find_study(options.study)
    costs = measure_method(study, options.method, options.weights, options.device)
    write_json(costs, options.out)
    print(f"{options.method}: {costs['seconds']:.3g} s an image on {costs['device_name']}")


def _write_costs(options: argparse.Namespace) -> None:
    from experiments.analysis.results import read_study
    from experiments.figures.costs import write_quality_cost
    from experiments.tables.costs import write_costs

    study = read_study(options.results)
    if options.only in (None, "table"):
        write_costs(options.results)
    for name in _drawn(options, study, lambda dataset: dataset.paired):
        write_quality_cost(options.results, name)


def _add_published(commands: Any) -> None:
    command = add_command(
        commands,
        "published",
        _published,
        "published figures beside the measured ones (docs/published.md)",
        "zero-leinr published results/baselines",
    )
    command.add_argument("results", type=Path, help="results/<study>")


def _published(options: argparse.Namespace) -> None:
    from experiments.tables.published import write_published

    write_published(options.results)


def _add_protocols(commands: Any) -> None:
    command = add_command(
        commands,
        "protocols",
        _protocols,
        "how the ranking moves with the protocol (docs/protocols.md)",
        "zero-leinr protocols results/baselines",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    _add_parts(command)


def _protocols(options: argparse.Namespace) -> None:
    from experiments.analysis.protocols import compared
    from experiments.analysis.results import read_study
    from experiments.figures.protocols import write_protocol_figure
    from experiments.tables.protocols import write_protocols

    study = read_study(options.results)
    if options.only in (None, "table"):
        write_protocols(options.results)
    for name in _drawn(options, study, lambda dataset: compared(study, dataset)):
        write_protocol_figure(options.results, name)


def _add_ranks(commands: Any) -> None:
    command = add_command(
        commands,
        "ranks",
        _ranks,
        "mean ranks over images and data sets, with their critical difference",
        "zero-leinr ranks results/baselines",
    )
    command.add_argument("results", type=Path, help="results/<study>")


def _ranks(options: argparse.Namespace) -> None:
    from experiments.tables.ranks import write_ranks

    write_ranks(options.results)


def _add_differences(commands: Any) -> None:
    command = add_command(
        commands,
        "differences",
        _differences,
        "what each variant changes, with interval and test (docs/statistics.md)",
        "zero-leinr differences results/ablations",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    _add_parts(command)


def _differences(options: argparse.Namespace) -> None:
    from experiments.analysis.differences import variants
    from experiments.analysis.results import read_study
    from experiments.figures.differences import write_difference_figure
    from experiments.sheets.study import FULL
    from experiments.tables.differences import write_differences

    study = read_study(options.results)
    if FULL not in [method.name for method in study.methods] or not variants(study):
        raise InputError(f"study {study.name}: needs {FULL} and a variant of it to compare")
    if options.only in (None, "table"):
        write_differences(options.results)
    for name in _drawn(options, study, lambda dataset: True):
        write_difference_figure(options.results, name)


def _add_claims(commands: Any) -> None:
    command = add_command(
        commands,
        "claims",
        _claims,
        "the paper's claims put to the test (experiments/config/claims.yaml)",
        "zero-leinr claims results/ablations",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    command.add_argument("--only", type=one_of("table", "figure"), help="table or figure")


def _claims(options: argparse.Namespace) -> None:
    from experiments.figures.claims import write_claim_figure
    from experiments.tables.claims import write_claims

    if options.only != "figure":
        write_claims(options.results)
    if options.only != "table":
        write_claim_figure(options.results)


def _add_report(commands: Any) -> None:
    command = add_command(
        commands,
        "report",
        _report,
        "one page that shows what a study found, and opens without a network",
        "zero-leinr report results/demo\n"
        "zero-leinr report results/baselines --without-images --out baselines.html",
    )
    command.add_argument("results", type=Path, help="results/<study>")
    command.add_argument("--out", type=Path, help="default: report.html in that folder")
    command.add_argument(
        "--without-images",
        action="store_true",
        help="show no image, for data that may not be passed on",
    )


def _report(options: argparse.Namespace) -> None:
    from experiments.report.write import write_report

    out = write_report(options.results, options.out, with_images=not options.without_images)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB")
