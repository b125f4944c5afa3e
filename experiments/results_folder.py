"""`results/<study>`: where each file of a study is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ResultsFolder:
    """The results of a study, as its runs leave them or as `zero-leinr collect` keeps them.

    The kept form has all scores, run records and costs in one file each, so that tables and figures
    can be drawn again from a few files.

    Attributes:
        root: ``results/<study>``, or ``results/reference/<study>``.
    """

    root: Path

    @property
    def study(self) -> Path:
        """What tables and figures have to know of the study."""
        return self.root / "study.json"

    @property
    def kept_scores(self) -> Path:
        """All scores of a kept study."""
        return self.root / "scores.csv"

    @property
    def kept_runs(self) -> Path:
        """The records of all runs of a kept study, one a line."""
        return self.root / "runs.jsonl"

    @property
    def kept_losses(self) -> Path:
        """The total losses of all runs of a kept study, thinned."""
        return self.root / "losses.csv"

    @property
    def kept_costs(self) -> Path:
        """The costs of all methods of a kept study."""
        return self.root / "costs.csv"

    @property
    def is_kept(self) -> bool:
        """Whether this is the kept form."""
        return self.kept_scores.exists()

    def listing(self, dataset: str) -> Path:
        """Return the images of a data set, as ``fetch`` found them."""
        return self.root / "data" / f"{dataset}.json"

    def run(self, method: str, seed: int) -> Path:
        """Return the folder of a run: weights, losses and record."""
        return self.root / "runs" / method / f"seed{seed}"

    def images(self, method: str, seed: int, dataset: str) -> Path:
        """Return the folder of a method's images of a data set."""
        return self.root / "images" / method / f"seed{seed}" / dataset

    def scores(self, method: str, seed: int, dataset: str) -> Path:
        """Return the scores of those images."""
        return self.root / "scores" / method / f"seed{seed}" / f"{dataset}.csv"

    def costs(self, method: str) -> Path:
        """Return what an image costs a method."""
        return self.root / "costs" / f"{method}.json"

    def table(self, name: str) -> Path:
        """Return a table, without its suffix."""
        return self.root / "tables" / name

    def figure(self, name: str) -> Path:
        """Return a figure, without its suffix."""
        return self.root / "figures" / name
