"""Which files a study is made of: all that the rules of the workflow need to know."""

import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baselines.registry import needs_torch
from experiments.data.weights import weights_path
from experiments.enhance.external import folder_of
from experiments.figures.registry import FIGURES, find_figure
from experiments.sheets.datasets import DatasetConfig, data_folder, load_registry
from experiments.sheets.metrics import load_metrics
from experiments.sheets.paper import REFERENCES
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import FULL, VARIANTS_GROUP, MethodConfig, Studies, StudyConfig
from experiments.sheets.weights import WEIGHTS, WeightsOrigin
from experiments.train.branches import are_branches_of
from zero_leinr.gpu_slots import count_gpus
from zero_leinr.released import RELEASED


@dataclass(frozen=True)
class Graph:
    """The studies, and their files under ``results/`` in the working directory.

    Attributes:
        studies: The studies by name.
        registry: The data sets by name.
        official: The entries of ``weights.yaml``.
        gpus: What a job that profits from a GPU asks of the ``gpu`` resource: 1, or 0 on a machine
            without one, where such jobs run side by side on the CPU.
    """

    studies: Mapping[str, StudyConfig]
    registry: dict[str, DatasetConfig]
    official: dict[str, dict[str, Any]]
    gpus: int

    @classmethod
    def load(cls, gpus: int | None = None) -> "Graph":
        """Read and checks every sheet.

        Args:
            gpus: What a job asks for that profits from a GPU; None: what this machine has. A
                cluster's jobs run elsewhere, so its profile says it.

        Raises:
            InputError: Something in a sheet is unknown or cannot be.
        """
        if gpus is None:
            gpus = min(count_gpus(), 1)
        official = load_checked(WEIGHTS, "weights.schema.yaml")
        return cls(Studies(), load_registry(), official, gpus)

    @property
    def targets(self) -> list[str]:
        """The names of studies; a file whose name cannot be a target has none."""
        return [name for name in self.studies if re.fullmatch("[a-z0-9_]+", name)]

    def method(self, study: str, name: str) -> MethodConfig:
        """Return a method of a study."""
        return self.studies[study].method(name)

    def folder(self, study: str) -> str:
        """Return the results of a study."""
        return f"results/{study}"

    def products(self, study: str) -> list[str]:
        """All tables and figures of a study, and the page that shows them."""
        return [*self.drawn(study), f"results/{study}/report.html"]

    def drawn(self, study: str) -> list[str]:
        """All tables and figures of a study."""
        return [*self.tables(study), *self.figures(study), *self.extras(study)]

    def tables(self, study: str) -> list[str]:
        """Return the tables: one a protocol of scores, one of protocols, of ranks, of variants.

        A protocol that is shown only beside another has no table of its own.
        """
        entries = load_metrics(self.studies[study].metrics).values()
        paired = any(self.registry[name].paired for name in self.studies[study].datasets)
        protocols = dict.fromkeys(
            protocol
            for entry in entries
            if paired or not entry["needs_reference"]
            for protocol, how in entry["protocols"].items()
            if "beside" not in how
        )
        names = [f"scores_{protocol}" for protocol in protocols]
        names += ["protocols"] * bool(self.compared(study))
        names += ["ranks"] * (len(self.ranked(study)) > 2)
        names += ["differences"] * self.ablated(study)
        return [f"results/{study}/tables/{name}.{kind}" for name in names for kind in ("csv", "md")]

    def ranked(self, study: str) -> list[str]:
        """Return the methods that are ranked: all but the controls."""
        methods = self.studies[study].methods.values()
        return [method.name for method in methods if method.control is None]

    def compared(self, study: str) -> list[str]:
        """Return data sets with scores in several protocols: those with references."""
        metrics = load_metrics(self.studies[study].metrics).values()
        several = any("standard" in m["protocols"] and len(m["protocols"]) > 1 for m in metrics)
        datasets = self.studies[study].datasets if several else []
        return [name for name in datasets if self.registry[name].paired]

    def figures(self, study: str) -> list[str]:
        """All figures that the study has: ``figures/registry.py``."""
        plan = self.studies[study]
        has = {"all": True, "trained": bool(plan.trained), "ablated": self.ablated(study)}
        has |= {extra: extra in plan.extras for extra in ("costs", "claims")}
        has["costs"] &= "psnr" in plan.metrics
        paired = [name for name in plan.datasets if self.registry[name].paired]
        of = {"all": plan.datasets, "paired": paired, "compared": self.compared(study)}
        names: list[str] = []
        for name, kind in FIGURES.items():
            if has[kind.where] and not kind.paper:
                names += [f"{name}_{dataset}" for dataset in of.get(kind.of, [])] or (
                    [name] if kind.of == "study" else []
                )
        return [
            f"results/{study}/figures/{name}.{kind}" for name in names for kind in ("pdf", "png")
        ]

    def figure_needs(self, study: str, figure: str) -> list[str]:
        """Return the files that a figure is drawn from."""
        kind, dataset = find_figure(figure)
        files = {
            "scores": self.scores(study),
            "images": self.images(study),
            "losses": self.losses(study),
            "costs": self.costs(study),
        }
        listing = [f"results/{study}/data/{dataset}.json"] if "images" in kind.needs else []
        return [*(file for need in kind.needs for file in files[need]), *listing]

    def extras(self, study: str) -> list[str]:
        """Return the tables that the config asks for beyond scores: costs, published, claims."""
        extras = self.studies[study].extras
        return [
            f"results/{study}/tables/{extra}.{kind}" for extra in extras for kind in ("csv", "md")
        ]

    def scored(self, study: str) -> dict[str, Any]:
        """How each metric is computed: with another protocol, a method is scored again."""
        metrics = load_metrics(self.studies[study].metrics)
        return {
            name: [entry["min_side"], {p: how["function"] for p, how in entry["protocols"].items()}]
            for name, entry in metrics.items()
        }

    def ablated(self, study: str) -> bool:
        """Tell whether the study has the full method, and variants to compare with it."""
        methods = self.studies[study].methods.values()
        variants = [method.name for method in methods if method.group == VARIANTS_GROUP]
        return FULL in variants and len(variants) > 1

    def costs(self, study: str) -> list[str]:
        """Return the measured costs of every method that runs here and is no control."""
        methods = self.studies[study].methods.values()
        measured = [
            method.name
            for method in methods
            if method.weights != WeightsOrigin.ELSEWHERE and method.control is None
        ]
        return [f"results/{study}/costs/{name}.json" for name in measured]

    def losses(self, study: str) -> list[str]:
        """Return the losses of every run that the study trains."""
        return [
            f"results/{study}/runs/{method.name}/seed{seed}/losses.csv"
            for method in self.studies[study].trained
            for seed in method.seeds
        ]

    def files(self, dataset: str) -> str:
        """Return a hash of what decides which images a data set has.

        Files with a manifest are held to it, so only a folder of the user's is looked into.
        """
        entry = self.registry[dataset]
        folders = [*entry.low.values(), *([entry.high] if entry.high else [])]
        decides: list[Any] = [entry.low, entry.high, entry.instead, entry.count, entry.partial]
        for folder, source in entry.sources.items():
            decides += [folder, source.address, source.archive, source.folders, source.manifest]
        if not entry.generated:
            decides.append(str(data_folder().resolve()))
            decides += [_seen(data_folder() / name) for name in folders if not entry.sources]
        return hashlib.sha256(repr(decides).encode()).hexdigest()

    def listings(self, study: str) -> list[str]:
        """Return the listings of the study's evaluation sets."""
        return [f"results/{study}/data/{name}.json" for name in self.studies[study].datasets]

    def listings_of(self, study: str, method: str) -> list[str]:
        """Return the listings of a method: those with references alone for a positive control."""
        positive = self.method(study, method).control == "positive"
        names = self.studies[study].datasets
        return [
            f"results/{study}/data/{name}.json"
            for name in names
            if self.registry[name].paired or not positive
        ]

    def training_listing(self, study: str) -> list[str]:
        """Return the listing that the training images come from; none if nothing is trained."""
        plan = self.studies[study]
        return [f"results/{study}/data/{plan.training_images}.json"] if plan.trained else []

    def leaks(self, study: str) -> list[str]:
        """Return what the leak check found; none if nothing is trained."""
        return [f"results/{study}/leaks.json"] if self.studies[study].trained else []

    def all_listings(self, study: str) -> list[str]:
        """Return the listings of the evaluation sets and of the training images."""
        return [*self.listings(study), *self.training_listing(study)]

    def images(self, study: str) -> list[str]:
        """Return the folder of every method's images."""
        return [f"results/{study}/images/{method}" for method in self.studies[study].methods]

    def scores(self, study: str) -> list[str]:
        """Return the folder of every method's scores."""
        return [f"results/{study}/scores/{method}" for method in self.studies[study].methods]

    def recipe(self, study: str, method: str) -> dict[str, Any] | None:
        """Return what a method is trained with."""
        return self.method(study, method).recipe

    def padding(self, study: str) -> str:
        """How the study pads images for ENRB."""
        return self.studies[study].padding

    def training_images(self, study: str, method: str) -> str:
        """Return the prepared training images of a method, by their size."""
        recipe = self.method(study, method).recipe
        assert recipe is not None, f"{method} is not trained"
        name = self.studies[study].training_images
        return f"results/{study}/data/{name}_{recipe['image_size']}.npy"

    def donor(self, study: str, method: str, seed: int | str) -> list[str]:
        """Return the run that trains the branches of this one too, which are taken from it."""
        recipe = self.method(study, method).recipe or {}
        for other in self.studies[study].trained:
            if int(seed) in other.seeds and are_branches_of(recipe, other.recipe or {}):
                return [f"results/{study}/runs/{other.name}/seed{seed}/run.json"]
        return []

    def decides(self, study: str, method: str) -> dict[str, Any]:
        """Return what of a method's entry decides its images; with another note they stay."""
        entry = self.method(study, method).entry
        keys = ("method", "settings", "settings_for", "crops_to", "weights", "control")
        kept = {key: entry[key] for key in keys if key in entry}
        official = self.official.get(entry.get("weights", ""), {})
        if "images" in entry:
            folders = [folder_of(entry, name).resolve() for name in self.studies[study].datasets]
            seen = repr([(str(folder), _seen(folder)) for folder in folders])
            seen += entry.get("pattern", "")
            kept["images"] = hashlib.sha256(seen.encode()).hexdigest()
        if "path" in official:  # a file of the user's, which may change
            kept["weights_file"] = _seen_file(weights_path(official))
        return kept | ({"sha256": official["sha256"]} if "sha256" in official else {})

    def weights(self, study: str, method: str) -> list[str]:
        """Return the weights of every seed that this study trains; none where it trains nothing."""
        plan = self.method(study, method)
        if plan.recipe is None:
            return []
        folder = f"results/{study}/runs/{method}"
        return [f"{folder}/seed{seed}/model.safetensors" for seed in plan.seeds]

    def released(self, study: str, method: str) -> list[str]:
        """Return the weights of the package, if the method has those: with others it runs again."""
        return (
            [str(RELEASED)] if self.method(study, method).weights == WeightsOrigin.RELEASED else []
        )

    def first_weights(self, study: str, method: str) -> list[str]:
        """Return the weights of a method's first seed, which its costs are measured on."""
        return self.weights(study, method)[:1]

    def gpus_for(self, study: str, method: str) -> int:
        """Return what a method asks of the ``gpu`` resource: nothing without a network."""
        plan = self.method(study, method)
        network = (
            plan.recipe or "weights" in plan.entry or needs_torch(plan.entry.get("method", ""))
        )
        return self.gpus if network else 0

    def seeds_option(self, study: str, method: str) -> list[str]:
        """Which seeds ``zero-leinr enhance`` and ``score`` are told to go through."""
        return ["--seeds", *map(str, self.method(study, method).seeds)]

    def model_option(self, study: str, method: str) -> list[str]:
        """Return options of ``zero-leinr enhance``: trained weights, a baseline's name, or both."""
        weights = self.weights(study, method)
        options = ["--weights", *weights] if weights else []
        if {"method", "images"} & self.method(study, method).entry.keys():
            return ["--method", method, *options]
        return [*options, "--padding", self.studies[study].padding]

    def summary(self, study: str) -> dict[str, Any]:
        """Everything that study.json follows from; a change of it writes that file again."""
        plan = self.studies[study]
        return {
            "study": [plan.title, plan.budget_label, plan.reduced, plan.missing_metrics],
            "methods": [
                [
                    m.name,
                    m.label,
                    m.group,
                    m.weights,
                    m.seeds,
                    m.recipe,
                    m.entry.get("note"),
                    m.control,
                ]
                for m in plan.methods.values()
            ],
            "datasets": [[name, self.registry[name].label] for name in plan.datasets],
            "metrics": load_metrics(plan.metrics),
            "grids": plan.grids,
        }

    def paper_needs(self, study: str) -> list[str]:
        """Return the files that a paper's tables and figures are drawn from."""
        costs = self.costs(study) if "costs" in self.studies[study].extras else []
        return [*self.scores(study), *self.images(study), *self.losses(study), *costs]

    @property
    def references(self) -> str:
        """The bibliography."""
        return str(REFERENCES)

    @property
    def published(self) -> str:
        """The sheet of published figures."""
        return str(CONFIG / "published.csv")

    @property
    def claims(self) -> str:
        """The sheet of claims."""
        return str(CONFIG / "claims.yaml")


class ByWildcards:
    """The functions of a graph as rules take them: ``scores=FILES.scores``.

    Snakemake calls them with the wildcards of a job; each takes those that its parameters name.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        """Return a function of the wildcards."""
        function = getattr(self.graph, name)
        parameters = list(inspect.signature(function).parameters)

        def of_wildcards(wildcards: Any) -> Any:
            return function(*(getattr(wildcards, parameter) for parameter in parameters))

        return of_wildcards


def _seen(folder: Path) -> list[tuple[str, int, int]]:
    """Return names, sizes and times of the files of a folder."""
    return [_seen_file(path) for path in sorted(folder.glob("*")) if path.is_file()]


def _seen_file(path: Path) -> tuple[str, int, int]:
    """Return name, size and time of a file; zeros where it is missing."""
    stat = path.stat() if path.exists() else None
    return (path.name, stat.st_size if stat else 0, stat.st_mtime_ns if stat else 0)
