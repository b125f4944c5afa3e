"""The scores of a study, read and checked.

Either all that the study promises are there, or one line says which file to make again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.analysis.kept import KEPT_COLUMNS, read_kept_scores
from experiments.analysis.model import Dataset, StudyResults
from experiments.results_folder import ResultsFolder
from experiments.sheets.metrics import SCORE_COLUMNS
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.data.listing import Item


def read_listed(folder: Path, dataset: Dataset) -> "list[Item]":
    """Return the images of a dataset, as the study found them.

    Raises:
        InputError: The listing ``data/<dataset>.json`` is missing or cannot be read.
    """
    from experiments.data.listing import read_listing

    return read_listing(ResultsFolder(folder).listing(dataset.name)).items


def read_scores(folder: Path, study: StudyResults) -> "pd.DataFrame":
    """Read and checks the score files of every method, seed and dataset of a study.

    The score stage leaves a metric out where it is not defined (NIQE on a small image). Methods are
    compared on the same images, so an image counts for a metric only if every run has that score. A
    method that lacks a score on more than half of the images that others have it on (its training
    diverged, and its images are of one color) has no such score at all, so that it does not take
    theirs from the others. ``describe_gaps`` says where either is so.

    Args:
        folder: ``results/<study>``.
        study: What ``read_study`` returned for it.

    Returns:
        One row a score: method, seed, dataset, image, metric, protocol, value (PSNR may be
        infinite). Metrics in ``study.missing`` are left out.

    Raises:
        InputError: The study has no method, a listing or a score file is missing or cannot be read,
            or the images of a score file are not those of the listing.
    """
    return _on_common_images(_promised(read_all_scores(folder, study), study), study)


def read_all_scores(folder: Path, study: StudyResults) -> "pd.DataFrame":
    """Read and check the score files; all of them, also where a method lacks some images.

    Returns and raises as ``read_scores``.
    """
    import pandas as pd

    if not study.methods:
        raise InputError(f"study {study.name!r} has no method; give it `methods` or `variants`")
    if ResultsFolder(folder).is_kept:
        return read_kept_scores(folder)
    return pd.concat(_frames(folder, study), ignore_index=True)[KEPT_COLUMNS]


def _frames(folder: Path, study: StudyResults) -> "Iterator[pd.DataFrame]":
    """Yield the scores of each run on each data set, in study order."""
    for dataset in study.datasets:
        names = {item.name for item in read_listed(folder, dataset)}
        for method in (method for method in study.methods if method.runs_on(dataset)):
            for seed in method.all_seeds:
                path = ResultsFolder(folder).scores(method.name, seed, dataset.name)
                failed = seed in method.left_out or method.name in study.failed
                if failed and not path.exists():  # nobody has to score collapsed images
                    continue
                frame = _read_score_file(path)
                _check_images(set(frame["image"]), names, dataset, path)
                yield frame.assign(method=method.name, seed=seed, dataset=dataset.name)


def _promised(scores: "pd.DataFrame", study: StudyResults) -> "pd.DataFrame":
    """Keep what the study speaks of: its runs, and its metrics on each data set."""
    import pandas as pd

    columns = [
        (dataset.name, metric.name, protocol)
        for dataset in study.datasets
        for metric in study.metrics
        for protocol in metric.protocols
        if metric in study.columns(dataset, protocol)
    ]
    runs = [(method.name, seed) for method in study.methods for seed in method.seeds]
    kept = pd.MultiIndex.from_frame(scores[["dataset", "metric", "protocol"]]).isin(columns)
    kept &= pd.MultiIndex.from_frame(scores[["method", "seed"]]).isin(runs)
    return scores[kept].reset_index(drop=True)


def _on_common_images(scores: "pd.DataFrame", study: StudyResults) -> "pd.DataFrame":
    """Drop methods that lack most of a metric's scores, then images that some run lacks."""
    import pandas as pd

    if scores.empty:
        return scores
    column = ["dataset", "metric", "protocol"]
    all_runs = [(method.name, seed) for method in study.methods for seed in method.seeds]
    runs = pd.MultiIndex.from_tuples(all_runs, names=["method", "seed"])
    images = scores.groupby([*column, "method", "seed"]).size().unstack(["method", "seed"])
    images = images.reindex(columns=runs).fillna(0)
    has_most = (images.T.groupby(level="method").min() * 2 >= images.max(axis=1)).T
    kept = has_most.stack()
    scores = scores[kept.reindex(pd.MultiIndex.from_frame(scores[[*column, "method"]])).to_numpy()]
    seeds = pd.Series({method.name: len(method.seeds) for method in study.methods})
    runs_kept = (has_most * seeds).sum(axis=1)
    wanted = runs_kept.reindex(pd.MultiIndex.from_frame(scores[column])).to_numpy()
    having = scores.groupby([*column, "image"])["value"].transform("size")
    return scores[having == wanted].reset_index(drop=True)


def _read_score_file(path: Path) -> "pd.DataFrame":
    """Read one tidy score file: text columns as text ("01" stays "01"), values as numbers."""
    import pandas as pd

    again = "delete it and score again"
    try:
        frame = pd.read_csv(path, dtype=str, na_filter=False)
    except FileNotFoundError as error:
        raise InputError(f"{path}: score file missing; run the score stage") from error
    except (ValueError, OSError) as error:  # pandas' parser errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a score file ({reason}); {again}") from error
    if list(frame.columns) != SCORE_COLUMNS:
        expected = ", ".join(SCORE_COLUMNS)
        raise InputError(f"{path}: not a score file (columns must be {expected}); {again}")
    values = pd.to_numeric(frame["value"], errors="coerce").astype(float)
    bad = frame[values.isna()]
    if len(bad):
        image, metric, _, value = bad.iloc[0]
        raise InputError(f"{path}: {metric} of {image} is {value!r}, not a number; {again}")
    twice = frame[frame.duplicated(SCORE_COLUMNS[:3])]
    if len(twice):
        image, metric, protocol, _ = twice.iloc[0]
        raise InputError(f"{path}: {metric} ({protocol}) of {image} stands twice; {again}")
    return frame.assign(value=values)


def _check_images(found: set[str], listed: set[str], dataset: Dataset, path: Path) -> None:
    """Every scored image is listed; a pair always has a score, a single image may have none."""
    unknown = sorted(found - listed)
    absent = sorted(listed - found) if dataset.paired else []
    for names, problem in [(unknown, "is not in the listing"), (absent, "has no score")]:
        if names:
            raise InputError(
                f"{path}: {names[0]!r} {problem} of {dataset.name}; delete it and score again"
            )
