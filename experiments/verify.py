"""Whether a study still is what it says: files by their checksums, scores and tables done again."""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.analysis.model import Dataset, StudyResults
from experiments.analysis.remarks import read_record
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_listed
from experiments.results_folder import ResultsFolder
from zero_leinr.errors import InputError

AGREE = 1e-6
"""Scores of one image may be so far apart, relative: CPUs add up in different orders."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it holds, and what was seen; None: nothing to see."""

    what: str
    holds: bool | None
    seen: str


def verify(folder: Path, sample: int = 3) -> Iterator[Finding]:
    """Check a study against its own records.

    Args:
        folder: ``results/<study>``, in either form. The kept form has tables alone.
        sample: How many images of each method and data set are scored again.

    Yields:
        A finding for the images, the weights, the scores and the tables.

    Raises:
        InputError: The study cannot be read.
    """
    study = read_study(folder)
    if not ResultsFolder(folder).is_kept:
        for dataset in study.datasets:
            yield _same_images(folder, dataset)
        for method in study.trained:
            for seed in method.all_seeds:
                yield _same_weights(folder, method.name, seed)
        for dataset in study.datasets:
            yield _same_scores(folder, study, dataset, sample)
    yield from _same_tables(folder, study)


def _same_images(folder: Path, dataset: Dataset) -> Finding:
    from experiments.data.listing import content_sha256, read_listing

    listing = read_listing(ResultsFolder(folder).listing(dataset.name))
    what = f"images of {dataset.label}"
    try:
        found = content_sha256(listing.items)
    except OSError as error:
        return Finding(what, None, f"{error.filename}: not there any more")
    same = found == listing.sha256
    return Finding(what, same, "as listed" if same else "changed since they were listed")


def _same_weights(folder: Path, method: str, seed: int) -> Finding:
    what = f"weights of {method}, seed {seed}"
    path = ResultsFolder(folder).run(method, seed) / "model.safetensors"
    recorded = read_record(folder, method, seed).get("weights_sha256")
    if not path.is_file() or recorded is None:
        why = f"{path}: not there" if not path.is_file() else "run.json has no checksum of them"
        return Finding(what, None, why)
    same = hashlib.sha256(path.read_bytes()).hexdigest() == recorded
    return Finding(what, same, "as trained" if same else f"{path}: changed since the training")


def _same_scores(folder: Path, study: StudyResults, dataset: Dataset, sample: int) -> Finding:
    """Score some images of every method again, others for each method."""
    import numpy as np
    import pandas as pd

    from experiments.score.run import missing_metrics, score_folder

    names = [metric.name for metric in study.metrics if metric.name not in study.missing]
    metrics = [name for name in names if name not in missing_metrics(names)]
    items, again, apart = read_listed(folder, dataset), 0, []
    for number, method in enumerate(study.methods):
        images = ResultsFolder(folder).images(method.name, method.seeds[0], dataset.name)
        path = ResultsFolder(folder).scores(method.name, method.seeds[0], dataset.name)
        if not images.is_dir() or not path.is_file():
            continue
        places = np.random.default_rng(number).permutation(len(items))[:sample]
        scored = score_folder([items[place] for place in sorted(places)], images, metrics, "cpu")
        keys = ["image", "metric", "protocol"]
        kept = pd.read_csv(path, dtype={"image": str}).merge(scored, on=keys)
        again += len(kept)
        far = ~np.isclose(kept["value_x"], kept["value_y"], rtol=AGREE)
        apart += [
            f"{path}: {row.metric} ({row.protocol}) of {row.image} is {row.value_x}, "
            f"again {row.value_y}"
            for row in kept[far].itertuples()
        ]
    what = f"scores on {dataset.label}"
    if not again:
        return Finding(what, None, "no enhanced images are there")
    return Finding(what, not apart, apart[0] if apart else f"{again} scores again, the same")


def _same_tables(folder: Path, study: StudyResults) -> Iterator[Finding]:
    """Draw the score tables again from the scores, in another folder."""
    from experiments.tables.scores import write_tables

    with tempfile.TemporaryDirectory() as elsewhere:
        copy = Path(elsewhere) / study.name
        copy.mkdir()
        for entry in folder.iterdir():
            if entry.name not in ("tables", "figures"):
                (copy / entry.name).symlink_to(entry.resolve())
        try:
            write_tables(copy)
        except InputError as error:
            yield Finding("tables", False, str(error))
            return
        for drawn in sorted((copy / "tables").glob("*.md")):
            kept = ResultsFolder(folder).table(drawn.name)
            if not kept.is_file():
                yield Finding(f"table {drawn.stem}", None, f"{kept}: not there")
                continue
            same = kept.read_bytes() == drawn.read_bytes()
            seen = "follows from the scores" if same else f"{kept}: does not follow from the scores"
            yield Finding(f"table {drawn.stem}", same, seen)
