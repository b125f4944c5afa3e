"""Studies: which methods, data, seeds and metrics. The sheets are read and checked here.

Everything that the workflow needs to know follows from files in ``experiments/config``: the study
itself, ``methods.yaml``, ``ablations.yaml``, ``datasets.yaml`` and ``metrics.yaml``.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from baselines.recipe import make_recipe
from experiments.sheets.ablations import Ablation, load_ablations
from experiments.sheets.datasets import load_registry
from experiments.sheets.metrics import load_metrics
from experiments.sheets.reading import CONFIG, PACKAGE, load_checked
from experiments.sheets.weights import RELEASED_NAME, WeightsOrigin
from zero_leinr.errors import InputError, hint, unknown
from zero_leinr.recipe import BUDGET, Recipe, check_known

RULES = PACKAGE / "rules"
VARIANTS_GROUP = "Zero-LEINR and its variants"
FULL = "zero_leinr"  # the variant that all others are compared with


@dataclass(frozen=True)
class MethodConfig:
    """A row of the study: a baseline, or a variant of Zero-LEINR.

    Attributes:
        name: Its name in the sheet, and of its folders.
        label: Its name in tables and figures.
        group: The heading it stands under.
        entry: Its entry in ``methods.yaml``; empty for a variant.
        recipe: All settings of its training, or None where nothing is trained.
        seeds: Seeds that it is run with.
    """

    name: str
    label: str
    group: str
    entry: dict[str, Any]
    recipe: dict[str, Any] | None
    seeds: list[int]

    @property
    def control(self) -> str | None:
        """``positive`` or ``negative`` for a control, which is never ranked."""
        return self.entry.get("control")

    @property
    def weights(self) -> WeightsOrigin:
        """Where its weights come from."""
        if "images" in self.entry:
            return WeightsOrigin.ELSEWHERE
        if self.recipe is not None:
            return WeightsOrigin.TRAINED
        if "weights" not in self.entry:
            return WeightsOrigin.NONE
        released = self.entry["weights"] == RELEASED_NAME
        return WeightsOrigin.RELEASED if released else WeightsOrigin.OFFICIAL


@dataclass(frozen=True)
class StudyConfig:
    """One study, ready for the workflow; see ``schemas/study.schema.yaml`` for the settings."""

    name: str
    title: str
    methods: dict[str, MethodConfig]
    training_images: str | None
    datasets: list[str]
    metrics: list[str]
    missing_metrics: str = "stop"
    padding: str = "square"
    budget: dict[str, Any] = field(default_factory=dict)
    extras: list[str] = field(default_factory=list)
    grids: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def trained(self) -> list[MethodConfig]:
        """The methods that this study trains."""
        return [method for method in self.methods.values() if method.recipe is not None]

    @property
    def all_datasets(self) -> list[str]:
        """The evaluation sets, and the training images where something is trained."""
        training = [self.training_images] if self.training_images and self.trained else []
        return list(dict.fromkeys([*self.datasets, *training]))

    @property
    def reduced(self) -> bool:
        """Whether the budget changes a training: that of Zero-LEINR, or a baseline's own."""
        ours = vars(Recipe().replace(self.budget))
        entries = [vars(Recipe()), *(m.entry.get("recipe", {}) for m in self.trained)]
        return any(own.get(key, ours[key]) != ours[key] for own in entries for key in self.budget)

    @property
    def budget_label(self) -> str:
        """The training budget in words, against the official one."""
        if not self.reduced:
            return "official settings of each method"
        recipe = Recipe().replace(self.budget)
        same = ", ".join(_setting(recipe, key) for key in self.budget)
        return reduced_budget_label(recipe) or (
            f"reduced: {same} for every method (official: each method's own)"
        )

    def method(self, name: str) -> MethodConfig:
        """Return the method of that name.

        Raises:
            InputError: The study has none such.
        """
        if name not in self.methods:
            raise InputError(
                f"study {self.name} has no method {name!r}; {hint(name, self.methods)}"
            )
        return self.methods[name]


def reduced_budget_label(recipe: Recipe) -> str:
    """Return a recipe's training budget in words, against the official one; empty where they agree.

    All else that differs is named, too, so that nobody takes it for the official recipe.
    """
    official = Recipe()
    differs = [key for key in vars(official) if getattr(recipe, key) != getattr(official, key)]
    others = [key for key in differs if key not in BUDGET]

    def words(recipe: Recipe) -> str:
        steps = f" of {recipe.steps_per_epoch} steps" if recipe.steps_per_epoch else ""
        crop = f"{recipe.crop}x{recipe.crop} crops of " if recipe.crop else ""
        said = f"{recipe.epochs} epochs{steps}, batch {recipe.batch}, "
        said += f"{crop}{recipe.image_size}x{recipe.image_size} images"
        return said + "".join(f", {_setting(recipe, key)}" for key in others)

    return f"reduced: {words(recipe)} (official: {words(official)})" if differs else ""


def _setting(recipe: Recipe, key: str) -> str:
    """Return a setting in words, such as ``lr 0.001`` or ``denoiser 1 reconstruction``."""
    value = getattr(recipe, key)
    if isinstance(value, dict):
        value = " + ".join(f"{weight:g} {loss}" for loss, weight in value.items() if weight)
    return f"{key} {'none' if value is None else value}"


class Studies(Mapping[str, StudyConfig]):
    """The studies of a folder by name; each is read and checked when it is asked for.

    So a mistake in one study's file stops that study, and no other.

    Args:
        folder: Where the studies' files are.
        ablations: The variants of Zero-LEINR; None reads their config.
    """

    def __init__(
        self, folder: Path = CONFIG / "studies", ablations: Mapping[str, Ablation] | None = None
    ) -> None:
        self.paths = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
        self.ablations = ablations
        self.read: dict[str, StudyConfig] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, name: str) -> StudyConfig:
        """Return a study.

        Raises:
            KeyError: There is no such file.
            InputError: Something in it is unknown or cannot be; the message names file and key.
        """
        if name not in self.read:
            if self.ablations is None:
                self.ablations = load_ablations()
            check_name(self.paths[name])
            _check_studies_named(self.ablations, self.paths)
            self.read[name] = load_study(self.paths[name], self.ablations)
        return self.read[name]


def _check_studies_named(ablations: Mapping[str, Ablation], known: Collection[str]) -> None:
    for name, ablation in ablations.items():
        for study in ablation.studies or ():
            if study not in known:
                raise unknown("study", study, known, f"ablations.yaml: {name}")


def check_name(path: Path) -> None:
    """Check that a study's name can be a target of the workflow and a folder in its rules.

    Raises:
        InputError: It cannot.
    """
    rules = [
        name
        for file in RULES.glob("*.smk")
        for name in re.findall(r"^rule (\w+):", file.read_text(encoding="utf-8"), re.M)
    ]
    if not re.fullmatch("[a-z0-9_]+", path.stem):
        raise InputError(f"{path}: write the name of a study's file with a-z, 0-9 and _ alone")
    if path.stem.endswith("_paper"):
        raise InputError(f"{path}: {path.stem} is the paper of {path.stem[:-6]}; name it otherwise")
    if path.stem in rules:
        raise InputError(f"{path}: the workflow has a rule {path.stem}; give it another name")


def load_study(path: Path, ablations: Mapping[str, Ablation] | None = None) -> StudyConfig:
    """Load a study and checks every name and setting in it against the sheets.

    Args:
        path: The study's file.
        ablations: The variants of Zero-LEINR; None reads their sheet.

    Raises:
        InputError: Something is unknown or cannot be; the message names file and key.
    """
    if not path.is_file():
        known = sorted(found.stem for found in path.parent.glob("*.yaml"))
        raise InputError(f"{path}: no such study; {hint(path.stem, known)}")
    return make_study(path, load_checked(path, "study.schema.yaml"), ablations)


def make_study(
    path: Path, settings: dict[str, Any], ablations: Mapping[str, Ablation] | None = None
) -> StudyConfig:
    """Make a study of the settings in its file; see ``load_study``, which reads the file."""
    names, seeds = settings.pop("methods"), settings.pop("seeds", [0])
    more_seeds = settings.pop("more_seeds", {})
    registry = load_registry()
    images = settings.setdefault("training_images", None)
    for name in (*([images] if images else []), *settings["datasets"]):
        if name not in registry:
            raise unknown("data set", name, registry, path)
    try:
        metrics = load_metrics(settings["metrics"])
        Recipe().replace(settings.get("budget", {}))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    paired = any(registry[name].paired for name in settings["datasets"])
    if not paired and all(entry["needs_reference"] for entry in metrics.values()):
        metric, dataset = next(iter(metrics)), settings["datasets"][0]
        raise InputError(f"{path}: {metric} needs references, {dataset} has none; take niqe")
    methods = _baselines(path, names, seeds, settings.get("budget", {}))
    chosen = settings.pop("variants", False)
    if chosen:
        ablations = load_ablations() if ablations is None else ablations
        ablations = _chosen(path, ablations, chosen)
        variants = _variants(ablations, path.stem, seeds, settings.get("budget", {}))
        for name in methods.keys() & variants.keys():
            raise InputError(f"ablations.yaml: {name}: methods.yaml has a baseline of this name")
        methods |= variants
    methods |= _with_more_seeds(path, methods, more_seeds)
    trained = [method.name for method in methods.values() if method.recipe is not None]
    if trained and images is None:
        raise InputError(
            f"{path}: {trained[0]} is trained; name its images, such as "
            "training_images: zero_leinr_train_clean"
        )
    _check_grids(path, settings.get("grids", {}), settings["datasets"], methods)
    settings.setdefault("title", path.stem.replace("_", " ").capitalize())
    if not paired:
        for name in (name for name, method in methods.items() if method.control == "positive"):
            raise InputError(f"{path}: {name} is made of references; add a data set that has them")
    _check_labels(path, "data sets", {name: registry[name].label for name in settings["datasets"]})
    _check_labels(path, "methods", {method.name: method.label for method in methods.values()})
    return StudyConfig(name=path.stem, methods=methods, **settings)


def _check_grids(
    path: Path,
    grids: Mapping[str, Mapping[str, Any]],
    datasets: Collection[str],
    methods: Collection[str],
) -> None:
    """Check that figures of images are of the study's own data sets and methods."""
    for dataset, grid in grids.items():
        if dataset not in datasets:
            raise unknown("data set", dataset, datasets, f"{path}: grids")
        for name in (*grid.get("methods", ()), *grid.get("labels", ())):
            if name not in methods:
                raise unknown("method", name, methods, f"{path}: grids: {dataset}")


def _with_more_seeds(
    path: Path, methods: Mapping[str, MethodConfig], more_seeds: Mapping[str, list[int]]
) -> dict[str, MethodConfig]:
    """Return the methods that the study gives further seeds, with them."""
    for name in more_seeds:
        if name not in methods or methods[name].recipe is None:
            trained = ", ".join(m.name for m in methods.values() if m.recipe is not None)
            raise InputError(f"{path}: more_seeds: {name!r} is not trained here; {trained} are")
    return {
        name: replace(methods[name], seeds=list(dict.fromkeys([*methods[name].seeds, *seeds])))
        for name, seeds in more_seeds.items()
    }


def _check_labels(path: Path, kind: str, labels: Mapping[str, str]) -> None:
    """Check labels: tables and figures know data sets and methods by them alone."""
    names: dict[str, str] = {}
    for name, label in labels.items():
        twin = names.setdefault(label, name)
        if twin != name:
            raise InputError(
                f"{path}: {kind} {twin} and {name} have the same label, {label!r}; change one"
            )


def _baselines(
    path: Path, names: list[str], seeds: list[int], budget: Mapping[str, Any]
) -> dict[str, MethodConfig]:
    sheet = load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")
    # Weights to start from are Zero-LEINR's; a baseline that began with them would be another one.
    budget = {key: value for key, value in budget.items() if key != "start"}
    methods = {}
    for name in names:
        if name not in sheet:
            raise unknown("method", name, sheet, path)
        entry = sheet[name]
        recipe = None
        if "recipe" in entry:
            start = {"method": entry["method"]} if "method" in entry else {}
            recipe = _recipe(f"methods.yaml: {name}", start | entry["recipe"], budget)
        methods[name] = MethodConfig(
            name, entry["label"], entry["group"], entry, recipe, seeds if recipe else [0]
        )
    return methods


def _chosen(
    path: Path, ablations: Mapping[str, Ablation], names: bool | list[str]
) -> dict[str, Ablation]:
    """Return the variants of a study: those that it names, or else those whose entry says so."""
    if isinstance(names, list):
        for name in names:
            if name not in ablations:
                raise unknown("variant", name, ablations, path)
        return {name: ablations[name] for name in names}
    return {
        name: ablation
        for name, ablation in ablations.items()
        if ablation.studies is None or path.stem in ablation.studies
    }


def _variants(
    ablations: Mapping[str, Ablation], study: str, seeds: list[int], budget: Mapping[str, Any]
) -> dict[str, MethodConfig]:
    methods: dict[str, MethodConfig] = {}
    names: dict[str, str] = {}
    for name, ablation in ablations.items():
        where = f"ablations.yaml: {name}"
        recipe = _recipe(where, ablation.overrides, budget)
        twin = names.setdefault(_training(recipe), name)
        if twin != name:
            raise InputError(
                f"{where}: in study {study} this is the same training as {twin}; change another "
                "setting, or limit it to other `studies` if that one's budget overrules it"
            )
        methods[name] = MethodConfig(name, ablation.label, VARIANTS_GROUP, {}, recipe, seeds)
    return methods


def _training(recipe: dict[str, Any]) -> str:
    """Return what a recipe of Zero-LEINR trains, to compare: a loss of weight 0 is none."""
    parts = {
        key: {loss: float(weight) for loss, weight in sorted(value.items()) if weight}
        for key, value in recipe.items()
        if isinstance(value, dict)
    }
    return repr(recipe | parts)


def _recipe(where: str, settings: Mapping[str, Any], budget: Mapping[str, Any]) -> dict[str, Any]:
    """Return a method's recipe with those settings of the study's budget that it has."""
    try:
        recipe, known = make_recipe(settings), vars(Recipe())
        for key in budget:
            check_known(key, key, list(known))
        own = {key: value for key, value in budget.items() if key in vars(recipe)}
        return recipe.replace(own).to_dict()
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
