"""What a finished study holds: its rows, data sets and metrics, as `study.json` says them."""

from dataclasses import dataclass, field
from typing import Any, Literal

from experiments.sheets.weights import WeightsOrigin
from zero_leinr.errors import InputError, hint

DAGGER = "†"  # marks what was trained with less than the paper's budget


@dataclass(frozen=True)
class Budget:
    """How long the trained methods were trained: ``reduced`` means less than in the paper."""

    label: str
    reduced: bool

    def __str__(self) -> str:
        """Return the budget as captions and notes say it; a reduced one is always called so."""
        if self.reduced:
            return f"Training budget reduced: {self.label.removeprefix('reduced: ')}"
        return f"Training budget: {self.label}"


@dataclass(frozen=True)
class MethodRow:
    """A row of the tables: one method, its seeds, and its footnote.

    ``seeds`` are those that its numbers stand on. Failed trainings are left out where others did
    not fail; ``left_out`` are their seeds. ``recipe`` is what the study wants it trained with; None
    if it is not trained. A ``control`` (``baselines/controls.py``) is never ranked.
    """

    name: str
    label: str
    group: str
    weights: WeightsOrigin
    seeds: list[int]
    recipe: dict[str, Any] | None = None
    note: str | None = None
    left_out: list[int] = field(default_factory=list)
    control: Literal["positive", "negative"] | None = None

    def runs_on(self, dataset: "Dataset") -> bool:
        """Tell whether it has images there: a positive control is made of references."""
        return dataset.paired or self.control != "positive"

    @property
    def all_seeds(self) -> list[int]:
        """Every seed that it was run with."""
        return sorted([*self.seeds, *self.left_out])


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
    decimals: int = 2
    caveat: str | None = None
    beside: list[str] = field(default_factory=list)

    @property
    def arrow(self) -> str:
        """The arrow that points to better."""
        return "↑" if self.direction == "up" else "↓"


REMARK_KINDS = ("data", "leak", "training", "seeds", "quality")


@dataclass(frozen=True)
class Remark:
    """What a reader of the numbers must know.

    Attributes:
        kind: ``data``: a set lacks images, or is of copies; ``leak``: it shares scenes with the
            training images; ``training``: a training failed, left steps out, or was made otherwise
            than the study says; ``seeds``: how many trainings of a method are left out;
            ``quality``: what quality control found (``analysis/quality.py``).
        text: A sentence without a full stop.
        dataset: The data set that it is about, if it is about one.
    """

    kind: str
    text: str
    dataset: str | None = None


@dataclass(frozen=True)
class StudyResults:
    """What ``study.json`` says; lists are in the order of the tables.

    ``remarks`` are what a reader of any of its numbers must know; ``failed`` names the methods of
    which every training failed. ``grids`` are the images, crops, methods and labels that the config
    chooses for the figures of a data set's images.
    """

    name: str
    title: str
    budget: Budget
    methods: list[MethodRow]
    datasets: list[Dataset]
    metrics: list[Metric]
    missing: dict[str, str]
    remarks: list[Remark] = field(default_factory=list)
    failed: frozenset[str] = frozenset()
    grids: dict[str, dict[str, Any]] = field(default_factory=dict)

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
    def ranked(self) -> list[MethodRow]:
        """The methods that are ranked and tested: all but the controls."""
        return [method for method in self.methods if method.control is None]

    @property
    def trained(self) -> list[MethodRow]:
        """The methods that this study trains itself."""
        return [method for method in self.methods if method.weights == WeightsOrigin.TRAINED]

    def remarks_in_words(self, *kinds: str) -> list[str]:
        """Return the remarks of these kinds, or all, in sentences without a full stop."""
        labels = {dataset.name: dataset.label for dataset in self.datasets}
        return [
            f"{labels.get(remark.dataset, remark.dataset)}: {remark.text}"
            if remark.dataset
            else remark.text
            for remark in self.remarks
            if remark.kind in (kinds or REMARK_KINDS)
        ]

    @property
    def one_seed(self) -> bool:
        """Whether all that it trains was trained with a single seed."""
        return bool(self.trained) and all(len(method.seeds) == 1 for method in self.trained)

    @property
    def intervals_over(self) -> str:
        """What the intervals of its trained methods range over, for captions."""
        if self.one_seed:
            return "over other images; one seed: only image variability is known"
        return "over other seeds and images"

    def metric(self, name: str) -> Metric:
        """Return the metric of that name; KeyError where the study has none such."""
        return {metric.name: metric for metric in self.metrics}[name]

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of that name.

        Raises:
            InputError: The study has no such dataset.
        """
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        known = [dataset.name for dataset in self.datasets]
        raise InputError(f"study {self.name!r} has no data set {name!r}; {hint(name, known)}")

    def columns(self, dataset: Dataset, protocol: str) -> list[Metric]:
        """Return the metrics that are there for this dataset in this protocol, in study order."""
        return [
            metric
            for metric in self.metrics
            if protocol in metric.protocols
            and metric.name not in self.missing
            and (dataset.paired or not metric.needs_reference)
        ]

    def label(self, method: MethodRow) -> str:
        """Return the method's label, with a dagger where it was trained with a reduced budget."""
        reduced = self.budget.reduced and method.weights == WeightsOrigin.TRAINED
        return method.label + DAGGER * reduced
