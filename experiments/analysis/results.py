"""Gathers what a study's runs wrote, ``study.json`` and the score files, and checks all of it.

Tables and figures start here: either every score that the study promises is there, or one line
says which file to make again.
"""

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from experiments.analysis.remarks import read_trainings
from experiments.score.run import COLUMNS as SCORE_COLUMNS
from zero_leinr.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.data.fetch import Item

DAGGER = "†"  # marks what was trained with less than the paper's budget


@dataclass(frozen=True)
class Budget:
    """How long the trained methods were trained: ``reduced`` means less than in the paper."""

    label: str
    reduced: bool

    def __str__(self) -> str:
        """The budget as captions and notes say it; a reduced one is always called so."""
        if self.reduced:
            return f"Training budget reduced: {self.label.removeprefix('reduced: ')}"
        return f"Training budget: {self.label}"


@dataclass(frozen=True)
class Method:
    """A row of the tables: one method, the seeds that it was run with, and its footnote.

    ``recipe`` is what the study wants it trained with; None if it is not trained.
    """

    name: str
    label: str
    group: str
    weights: Literal["none", "official", "released", "trained here", "made elsewhere"]
    seeds: list[int]
    recipe: dict[str, Any] | None = None
    note: str | None = None


@dataclass(frozen=True)
class Dataset:
    """An evaluation set; only a paired one has reference images."""

    name: str
    label: str
    paired: bool
    count: int


@dataclass(frozen=True)
class Metric:
    """A metric, the direction of better, and the protocols that it is computed in.

    The protocols in ``beside`` are shown only in the table and the figure of protocols.
    """

    name: str
    label: str
    direction: Literal["up", "down"]
    needs_reference: bool
    protocols: list[str]
    unit: str | None = None
    caveat: str | None = None
    beside: list[str] = field(default_factory=list)

    @property
    def arrow(self) -> str:
        """The arrow that points to better."""
        return "↑" if self.direction == "up" else "↓"


@dataclass(frozen=True)
class Study:
    """What ``study.json`` says; lists are in the order of the tables.

    ``data`` has a sentence for each set that lacks images or is of copies, ``leaks`` one for each
    evaluation set that shares scenes with the training images, ``failures`` (of the runs'
    ``run.json``) one for each training that failed, or left steps out; ``failed`` names the methods
    of which one failed.
    """

    name: str
    title: str
    budget: Budget
    methods: list[Method]
    datasets: list[Dataset]
    metrics: list[Metric]
    missing: dict[str, str]
    data: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed: frozenset[str] = frozenset()

    @property
    def protocols(self) -> list[str]:
        """The protocols in which some metric can be computed on some dataset, one table each.

        Metrics without weights (``missing``) count too, so the list follows from the config alone.
        """
        names: list[str] = []
        for metric in self.metrics:
            if any(dataset.paired or not metric.needs_reference for dataset in self.datasets):
                own = [name for name in metric.protocols if name not in metric.beside]
                names += [name for name in own if name not in names]
        return names

    @property
    def trained(self) -> list[Method]:
        """The methods that this study trains itself."""
        return [method for method in self.methods if method.weights == "trained here"]

    @property
    def remarks(self) -> list[str]:
        """What a reader of any of its numbers must know, in sentences without a full stop."""
        return [said.rstrip(".") for said in (*self.data, *self.leaks, *self.failures)]

    @property
    def one_seed(self) -> bool:
        """Whether all that it trains was trained with a single seed."""
        return bool(self.trained) and all(len(method.seeds) == 1 for method in self.trained)

    @property
    def intervals_over(self) -> str:
        """What the intervals of its trained methods range over, for captions."""
        if self.one_seed:
            return "over other images; one seed says nothing of others"
        return "over other seeds and images"

    def dataset(self, name: str) -> Dataset:
        """The dataset of that name.

        Raises:
            InputError: The study has no such dataset.
        """
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        known = ", ".join(dataset.name for dataset in self.datasets)
        raise InputError(f"study {self.name!r} has no dataset {name!r}; it has {known}")

    def columns(self, dataset: Dataset, protocol: str) -> list[Metric]:
        """The metrics that are there for this dataset in this protocol, in study order."""
        return [
            metric
            for metric in self.metrics
            if protocol in metric.protocols
            and metric.name not in self.missing
            and (dataset.paired or not metric.needs_reference)
        ]

    def label(self, method: Method) -> str:
        """The method's label, with a dagger where it was trained with a reduced budget."""
        reduced = self.budget.reduced and method.weights == "trained here"
        return method.label + DAGGER * reduced


Entry = TypeVar("Entry", Budget, Method, Dataset, Metric)


def read_study(folder: Path) -> Study:
    """Reads ``study.json`` of a study's results folder.

    Args:
        folder: ``results/<study>``.

    Raises:
        InputError: The file is missing, is not JSON, or lacks a key.
    """
    path = folder / "study.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: missing; the workflow writes it, run the study first") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid JSON ({error}); delete it and run again") from error
    try:
        study = Study(
            name=content["name"],
            title=content["title"],
            budget=_entry(Budget, content["budget"], "budget", path),
            methods=_entries(Method, content["methods"], "methods", path),
            datasets=_entries(Dataset, content["datasets"], "datasets", path),
            metrics=_entries(Metric, content["metrics"], "metrics", path),
            missing=content["missing"],
            data=content.get("data", []),
            leaks=content.get("leaks") or [],
        )
    except KeyError as error:
        raise InputError(f"{path}: lacks the key {error}; delete it and run again") from error
    except (TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a study.json ({error}); delete it and run again") from error
    failures, failed = read_trainings(folder, study.methods, content.get("training_sha256"))
    return replace(study, failures=failures, failed=failed)


def _entries(kind: type[Entry], entries: list[dict[str, Any]], key: str, path: Path) -> list[Entry]:
    return [_entry(kind, entry, f"{key}[{i}]", path) for i, entry in enumerate(entries)]


def _entry(kind: type[Entry], entry: dict[str, Any], key: str, path: Path) -> Entry:
    known = {entry_field.name for entry_field in fields(kind)}
    try:
        return kind(**{name: value for name, value in entry.items() if name in known})
    except TypeError as error:
        raise InputError(f"{path}: {key}: {error}; delete it and run again") from error


def read_listed(folder: Path, dataset: Dataset) -> "list[Item]":
    """The images of a dataset, as the study found them.

    Raises:
        InputError: The listing ``data/<dataset>.json`` is missing or cannot be read.
    """
    from experiments.data.fetch import read_listing

    return read_listing(folder / "data" / f"{dataset.name}.json").items


def read_scores(folder: Path, study: Study) -> "pd.DataFrame":
    """Reads and checks the score files of every method, seed and dataset of a study.

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
    import numpy as np
    import pandas as pd

    if not study.methods:
        raise InputError(f"study {study.name!r} has no method; give it `methods` or `variants`")
    frames = []
    for dataset in study.datasets:
        names = {item.name for item in read_listed(folder, dataset)}
        wanted = {
            (metric.name, protocol)
            for metric in study.metrics
            for protocol in metric.protocols
            if metric in study.columns(dataset, protocol)
        }
        for method in study.methods:
            for seed in method.seeds:
                path = folder / "scores" / method.name / f"seed{seed}" / f"{dataset.name}.csv"
                frame = _read_score_file(path)
                _check_images(set(frame["image"]), names, dataset, path)
                pairs = zip(frame["metric"], frame["protocol"], strict=True)
                frame = frame[np.array([pair in wanted for pair in pairs], dtype=bool)]
                frames.append(frame.assign(method=method.name, seed=seed, dataset=dataset.name))
    scores = _on_common_images(pd.concat(frames, ignore_index=True), study)
    return scores[["method", "seed", "dataset", *SCORE_COLUMNS]]


def _on_common_images(scores: "pd.DataFrame", study: Study) -> "pd.DataFrame":
    """Drops methods that lack most of a metric's scores, then images that some run lacks."""
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
    """Reads one tidy score file: text columns as text ("01" stays "01"), values as numbers."""
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


def describe_gaps(
    study: Study, summary: "pd.DataFrame", datasets: list[Dataset], protocol: str
) -> list[str]:
    """Says which metrics are absent, or stand on fewer images than there are, and why.

    Args:
        study: The study.
        summary: What ``statistics.summarize`` made of its scores.
        datasets: The datasets of the table or the figure.
        protocol: Its protocol.

    Returns:
        Sentences without a full stop.
    """
    paired = any(dataset.paired for dataset in datasets)
    gaps = [
        f"{metric.label} is not shown: {study.missing[metric.name].rstrip('.')}"
        for metric in study.metrics
        if metric.name in study.missing
        and protocol in metric.protocols
        and (paired or not metric.needs_reference)
    ]
    chosen = summary[summary["protocol"] == protocol]
    counts = chosen.groupby(["dataset", "metric"])["n_images"].first()
    having = chosen.groupby(["dataset", "metric"])["method"].agg(set)
    for dataset in datasets:
        for metric in study.columns(dataset, protocol):
            place = (dataset.name, metric.name)
            count = counts.get(place, 0)
            where = f"{metric.label} on {dataset.label}"
            if count == 0:
                gaps.append(f"{where} is not shown: no image has this score of every method")
                continue
            lacking = [m.label for m in study.methods if m.name not in having[place]]
            if lacking:
                gaps.append(
                    f"{where}: – where more than half of the images have no score: "
                    f"{', '.join(lacking)}"
                )
            if count < dataset.count:
                gaps.append(
                    f"{where}: {count} of {dataset.count} images, "
                    f"those that have this score of every {'other ' if lacking else ''}method"
                )
    return gaps
