"""The command ``score``: enhanced images become scores."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.cli.common import add_command, add_machine, add_seeds, find_study, seed_folders
from zero_leinr.device import choose_device
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def add_score_command(commands: Any) -> None:
    """Add the command to the parser."""
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
    command.add_argument("--metrics", nargs="+", help="default: all but those of pyiqa")
    command.add_argument("--study", help="instead of --metrics: those of a study")
    command.add_argument("--out", type=Path, help="CSV file (with --listings: a folder of them)")
    add_seeds(command)
    add_machine(command)


def _score(options: argparse.Namespace) -> None:
    from experiments.score.run import folder_items, score_folder, write_scores
    from experiments.sheets.metrics import load_metrics

    metrics = list(load_metrics(_metrics(options)))
    device = options.device
    if device != "auto":  # that is left to the metrics that are networks: others need no torch
        device = choose_device(device)
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
    print(_means(scores))


def _means(scores: "pd.DataFrame") -> str:
    """Return the mean of each metric and protocol, as in tables, and the number of images."""
    from experiments.sheets.metrics import aggregation_factor

    lines = [f"{'metric':22}{'protocol':20}{'mean':>10}{'images':>8}"]
    for which, rows in scores.groupby(["metric", "protocol"], sort=False):
        metric, protocol = map(str, which)
        mean = rows["value"].mean() * aggregation_factor(metric, protocol, len(rows))
        lines.append(f"{metric:22}{protocol:20}{mean:>10.4f}{len(rows):>8}")
    return "\n".join(lines)


def _score_listings(options: argparse.Namespace, metrics: Sequence[str], device: str) -> None:
    from experiments.data.listing import read_listing
    from experiments.score.run import score_folder, write_scores

    if options.out is None:
        raise InputError("score: --listings needs --out, a folder")
    listings = [read_listing(path) for path in options.listings]
    for seed in seed_folders(options.seeds):
        for listing in listings:
            images = options.images / seed / listing.dataset
            scores = score_folder(listing.items, images, metrics, device)
            write_scores(scores, options.out / seed / f"{listing.dataset}.csv")


def _metrics(options: argparse.Namespace) -> list[str]:
    """Return the metrics asked for, else those of the study, else all that can be had quickly.

    Those of pyiqa are left out then: to import it takes longer than to score a data set.
    """
    from experiments.score.run import missing_metrics
    from experiments.sheets.metrics import load_metrics

    study = find_study(options.study) if options.study else None
    quick = [
        name
        for name, entry in load_metrics().items()
        if not any(how["function"].startswith("pyiqa:") for how in entry["protocols"].values())
    ]
    wanted = options.metrics or (study.metrics if study else quick)
    # Where study.json names a metric, its weights have been downloaded or are missing; of twelve
    # jobs on a machine without a network each would wait. A metric may be newer than that file.
    looked_for = _looked_for(study.name) if study else []
    missing_metrics([name for name in wanted if name not in looked_for], download=True)
    if options.metrics or (study and study.missing_metrics == "stop"):
        return wanted  # one that is missing stops the scoring
    missing = missing_metrics(wanted)
    for name, reason in missing.items():
        print(f"not scored: {name}: {reason}", file=sys.stderr)
    return [name for name in wanted if name not in missing]


def _looked_for(study: str) -> list[str]:
    """Return the metrics whose weights the check of a study has looked for."""
    try:
        described = json.loads(Path("results", study, "study.json").read_text(encoding="utf-8"))
        return [metric["name"] for metric in described["metrics"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
