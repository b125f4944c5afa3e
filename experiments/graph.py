"""Which files a study is made of: all that the rules of the workflow need to know."""

import hashlib
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.enhance.external import folder_of
from experiments.sheets.datasets import DatasetConfig, data_folder, load_registry
from experiments.sheets.metrics import load_metrics
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import FULL, VARIANTS_GROUP, MethodConfig, StudyConfig, load_studies
from experiments.sheets.weights import WEIGHTS, WeightsOrigin
from zero_leinr.released import RELEASED


@dataclass(frozen=True)
class Graph:
    """The studies, and their files under ``results/`` in the working directory.

    Attributes:
        studies: The studies by name.
        registry: The data sets by name.
        official: The entries of ``weights.yaml``.
        gpus: What a job that profits from a GPU asks of the ``gpu`` resource: 1, or 0 on a machine
            without one, where such jobs may run side by side.
    """

    studies: dict[str, StudyConfig]
    registry: dict[str, DatasetConfig]
    official: dict[str, dict[str, Any]]
    gpus: int

    @classmethod
    def load(cls) -> "Graph":
        """Reads and checks every sheet.

        Raises:
            InputError: Something in a sheet is unknown or cannot be.
        """
        # Asked without torch, which takes seconds to import: does some kind of GPU seem to be here?
        tools = ("nvidia-smi", "rocm-smi", "amd-smi")
        apple = sys.platform == "darwin" and platform.machine() == "arm64"
        gpus = int(apple or any(map(shutil.which, tools)))
        official = load_checked(WEIGHTS, "weights.schema.yaml")
        return cls(load_studies(), load_registry(), official, gpus)

    def method(self, study: str, name: str) -> MethodConfig:
        """A method of a study."""
        return self.studies[study].method(name)

    def products(self, study: str) -> list[str]:
        """All tables and figures of a study, and the page that shows them."""
        return [*self.drawn(study), f"results/{study}/report.html"]

    def drawn(self, study: str) -> list[str]:
        """All tables and figures of a study."""
        return [*self.tables(study), *self.figures(study), *self.extras(study)]

    def tables(self, study: str) -> list[str]:
        """A table for each protocol of some metric, one of protocols, one of the variants.

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
        names += ["differences"] * self.ablated(study)
        return [
            f"results/{study}/tables/{name}.{kind}"
            for name in names
            for kind in ("csv", "md", "tex")
        ]

    def compared(self, study: str) -> list[str]:
        """Data sets with scores in several protocols: those with references."""
        metrics = load_metrics(self.studies[study].metrics).values()
        several = any("standard" in m["protocols"] and len(m["protocols"]) > 1 for m in metrics)
        datasets = self.studies[study].datasets if several else []
        return [name for name in datasets if self.registry[name].paired]

    def figures(self, study: str) -> list[str]:
        """Scores and image grids of every data set, training curves, rankings, variants."""
        names = ["training_curves"] if self.studies[study].trained else []
        for dataset in self.studies[study].datasets:
            names += [f"scores_{dataset}", f"qualitative_{dataset}"]
        names += [f"protocols_{dataset}" for dataset in self.compared(study)]
        if self.ablated(study):
            names += [f"differences_{dataset}" for dataset in self.studies[study].datasets]
        return [
            f"results/{study}/figures/{name}.{kind}" for name in names for kind in ("pdf", "png")
        ]

    def extras(self, study: str) -> list[str]:
        """What the study's sheet asks for beyond scores: costs, published figures, claims."""
        plan = self.studies[study]
        names = [f"tables/{extra}.{kind}" for extra in plan.extras for kind in ("csv", "md", "tex")]
        if "costs" in plan.extras and "psnr" in plan.metrics:
            paired = [name for name in plan.datasets if self.registry[name].paired]
            names += [f"figures/quality_cost_{d}.{kind}" for d in paired for kind in ("pdf", "png")]
        if "claims" in plan.extras:
            names += [f"figures/claims.{kind}" for kind in ("pdf", "png")]
        return [f"results/{study}/{name}" for name in names]

    def scored(self, study: str) -> dict[str, Any]:
        """How each metric is computed: with another protocol, a method is scored again."""
        metrics = load_metrics(self.studies[study].metrics)
        return {
            name: [entry["min_side"], {p: how["function"] for p, how in entry["protocols"].items()}]
            for name, entry in metrics.items()
        }

    def ablated(self, study: str) -> bool:
        """Whether the study has the full method, and variants to compare with it."""
        methods = self.studies[study].methods.values()
        variants = [method.name for method in methods if method.group == VARIANTS_GROUP]
        return FULL in variants and len(variants) > 1

    def costs(self, study: str) -> list[str]:
        """The measured costs of every method that runs here."""
        methods = self.studies[study].methods.values()
        measured = [method.name for method in methods if method.weights != WeightsOrigin.ELSEWHERE]
        return [f"results/{study}/costs/{name}.json" for name in measured]

    def runs(self, study: str, file: str) -> list[str]:
        """A file of every run that the study trains."""
        return [
            f"results/{study}/runs/{method.name}/seed{seed}/{file}"
            for method in self.studies[study].trained
            for seed in method.seeds
        ]

    def files(self, dataset: str) -> str:
        """A hash of what decides which images a data set has; with another they are listed anew.

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
        """The listings of the study's evaluation sets."""
        return [f"results/{study}/data/{name}.json" for name in self.studies[study].datasets]

    def training_listing(self, study: str) -> list[str]:
        """The listing that the training images come from; none if nothing is trained."""
        plan = self.studies[study]
        return [f"results/{study}/data/{plan.training_images}.json"] if plan.trained else []

    def leaks(self, study: str) -> list[str]:
        """What the leak check found; none if nothing is trained."""
        return [f"results/{study}/leaks.json"] if self.studies[study].trained else []

    def each(self, study: str, stage: str) -> list[str]:
        """The folder of every method in a stage, ``images`` or ``scores``."""
        return [f"results/{study}/{stage}/{method}" for method in self.studies[study].methods]

    def training_images(self, study: str, method: str) -> str:
        """The prepared training images of a method, by their size."""
        recipe = self.method(study, method).recipe
        assert recipe is not None, f"{method} is not trained"
        name = self.studies[study].training_images
        return f"results/{study}/data/{name}_{recipe['image_size']}.npy"

    def decides(self, study: str, method: str) -> dict[str, Any]:
        """What of a method's entry decides its images; with another note they stay."""
        entry = self.method(study, method).entry
        keys = ("method", "settings", "settings_for", "crops_to", "weights")
        kept = {key: entry[key] for key in keys if key in entry}
        official = self.official.get(entry.get("weights", ""))
        if "images" in entry:
            folders = [folder_of(entry, name).resolve() for name in self.studies[study].datasets]
            seen = repr([(str(folder), _seen(folder)) for folder in folders])
            kept["images"] = hashlib.sha256(seen.encode()).hexdigest()
        return kept | ({"sha256": official["sha256"]} if official else {})

    def weights(self, study: str, method: str) -> list[str]:
        """The weights of every seed that this study trains; none where it trains nothing."""
        plan = self.method(study, method)
        if plan.recipe is None:
            return []
        folder = f"results/{study}/runs/{method}"
        return [f"{folder}/seed{seed}/model.safetensors" for seed in plan.seeds]

    def released(self, study: str, method: str) -> list[str]:
        """The weights of the package, if the method has those: with others it runs anew."""
        return (
            [str(RELEASED)] if self.method(study, method).weights == WeightsOrigin.RELEASED else []
        )

    def first_weights(self, study: str, method: str) -> list[str]:
        """The weights of a method's first seed, which its costs are measured on."""
        return self.weights(study, method)[:1]

    def seeds_option(self, study: str, method: str) -> str:
        """Which seeds ``zero-leinr enhance`` and ``score`` are told to go through."""
        return " ".join(["--seeds", *map(str, self.method(study, method).seeds)])

    def model_option(self, study: str, method: str) -> str:
        """What ``zero-leinr enhance`` is told: trained weights, the name of a baseline, or both."""
        weights = self.weights(study, method)
        options = ["--weights", *weights] if weights else []
        if {"method", "images"} & self.method(study, method).entry.keys():
            return " ".join(["--method", method, *options])
        return " ".join([*options, "--padding", self.studies[study].padding])

    def summary(self, study: str) -> dict[str, Any]:
        """Everything that study.json follows from; a change of it writes that file anew."""
        plan = self.studies[study]
        return {
            "study": [plan.title, plan.budget_label, plan.reduced, plan.missing_metrics],
            "methods": [
                [m.name, m.label, m.group, m.weights, m.seeds, m.recipe, m.entry.get("note")]
                for m in plan.methods.values()
            ],
            "datasets": [[name, self.registry[name].label] for name in plan.datasets],
            "metrics": load_metrics(plan.metrics),
        }

    @property
    def published(self) -> str:
        """The sheet of published figures."""
        return str(CONFIG / "published.csv")

    @property
    def claims(self) -> str:
        """The sheet of claims."""
        return str(CONFIG / "claims.yaml")


def _seen(folder: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the files of a folder."""
    files = sorted(path for path in folder.glob("*") if path.is_file())
    return [(path.name, (stat := path.stat()).st_size, stat.st_mtime_ns) for path in files]
