"""The commands that question numbers: ``compare``, ``explain``, ``verify`` and ``quality``."""

import argparse
from pathlib import Path
from typing import Any

from experiments.cli.common import add_command

SHOWN = 40


def add_trace_commands(commands: Any) -> None:
    """Add the commands of this file to the parser."""
    _add_compare(commands)
    _add_explain(commands)
    _add_verify(commands)
    _add_quality(commands)


def _add_compare(commands: Any) -> None:
    command = add_command(
        commands,
        "compare",
        _compare,
        "which scores of two studies differ, and which settings explain it",
        "zero-leinr compare results/baselines results/reference/baselines\n"
        "zero-leinr compare results/mine results/theirs --tolerance 0.01",
    )
    command.add_argument("first", type=Path, help="results/<study>, or a kept study")
    command.add_argument("second", type=Path, help="another; exit code 1 where scores differ")
    command.add_argument(
        "--tolerance", type=float, default=0, help="differences up to this count as none"
    )


def _compare(options: argparse.Namespace) -> int:
    from experiments.analysis.compare_studies import compare_studies

    found = compare_studies(options.first, options.second, options.tolerance)
    print(f"{found.common} scores are in both; {int(found.different['images'].sum())} differ.")
    if len(found.different):
        print("\n" + found.different.head(SHOWN).to_string(index=False, float_format="%.6g"))
        if len(found.different) > SHOWN:
            print(f"... and {len(found.different) - SHOWN} rows more")
    for folder, lines in zip((options.first, options.second), found.only, strict=True):
        print("".join(f"\nOnly in {folder}: {line}" for line in lines), end="\n" * bool(lines))
    if found.settings:
        print(f"\nSettings that differ, {options.first} / {options.second}:")
        print("\n".join(f"  {line}" for line in found.settings))
    return 0 if found.same else 1


def _add_explain(commands: Any) -> None:
    command = add_command(
        commands,
        "explain",
        _explain,
        "where a number of a table comes from: images, weights, settings, machine, command",
        "zero-leinr explain results/baselines --method zero_dce --dataset lol_eval15 --metric psnr",
    )
    command.add_argument("results", type=Path, help="results/<study>, or a kept study")
    command.add_argument("--method", required=True, help="the row, by its name in the config")
    command.add_argument("--dataset", required=True)
    command.add_argument("--metric", required=True)
    command.add_argument("--protocol", default="standard", help="the table (default: standard)")


def _explain(options: argparse.Namespace) -> None:
    from experiments.report.explain import explain

    where = (options.method, options.dataset, options.metric, options.protocol)
    print("\n".join(explain(options.results, *where)))


def _add_verify(commands: Any) -> None:
    command = add_command(
        commands,
        "verify",
        _verify,
        "whether a study still is what it says: checksums, some scores, and tables again",
        "zero-leinr verify results/baselines --sample 5\n"
        "zero-leinr verify results/reference/baselines",
    )
    command.add_argument("results", type=Path, help="results/<study>; exit code 1 if not")
    command.add_argument(
        "--sample", type=int, default=3, help="images of each method and set to score (default 3)"
    )


def _verify(options: argparse.Namespace) -> int:
    from experiments.verify import verify

    words, failed = {True: "holds", False: "FAILS", None: "not checked"}, False
    for finding in verify(options.results, options.sample):
        print(f"{words[finding.holds]:11}  {finding.what}: {finding.seen}", flush=True)
        failed |= finding.holds is False
    return int(failed)


def _add_quality(commands: Any) -> None:
    command = add_command(
        commands,
        "quality",
        _quality,
        "what looks wrong in a finished study: scores beside its controls, losses, equal images",
        "zero-leinr quality results/baselines",
    )
    command.add_argument("results", type=Path, help="results/<study>")


def _quality(options: argparse.Namespace) -> None:
    from experiments.analysis.quality import with_quality
    from experiments.analysis.results import open_study

    study = with_quality(options.results, *open_study(options.results))
    for remark in study.remarks_in_words("quality") or ["nothing unusual"]:
        print(remark)
