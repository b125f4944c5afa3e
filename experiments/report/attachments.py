"""Files inside the page: figures to look at, tables and figures to save."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from experiments.report.previews import data_uri
from experiments.results_folder import ResultsFolder
from experiments.tables.table import Table
from experiments.tables.write import RENDERERS

# What each kind of figure shows; {dataset} is the data set's label.
CAPTIONS = {
    "scores": (
        "Scores on {dataset}: a mark is a mean over images and seeds, its shape says where the "
        "weights come from, a line is the 95 % interval, small dots are single seeds."
    ),
    "protocols": "How the ranking of the methods on {dataset} moves with the protocol.",
    "differences": (
        "What each variant changes on {dataset}: its score minus that of the full method, with "
        "95 % intervals."
    ),
    "claims": (
        "The paper's claims: differences in margins with 95 % intervals. Right of 0 speaks for the "
        "claim; the gray band is the smallest effect of interest."
    ),
    "quality_cost": (
        "Mean PSNR on {dataset} over the time for one image. Up and to the left is better; a mark "
        "grows with the number of parameters."
    ),
    "training_curves": (
        "Losses during training, weighted as in the total: one row a network, one panel a loss; "
        "thin lines are seeds, bold lines their mean."
    ),
    "qualitative": (
        "Examples of {dataset} at equal distances in its order, each method's first seed. The "
        "framed crop, enlarged, is where the reference has the strongest edges."
    ),
}


@dataclass(frozen=True)
class Attachment:
    """A file that the page's reader can save: its name and an address that holds it."""

    name: str
    address: str


@dataclass(frozen=True)
class Picture:
    """A figure in the page, with its size in pixels, its caption and files to save."""

    address: str
    width: int
    height: int
    caption: str
    files: list[Attachment]


def attach_table(table: Table) -> list[Attachment]:
    """Return a table as CSV."""
    text = RENDERERS["csv"](table)
    return [Attachment(f"{table.name}.csv", data_uri(text.encode(), "text/csv"))]


def figure(folder: Path, kind: str, dataset: tuple[str, str] | None = None) -> list[Picture]:
    """Take a figure into the page, as the smaller of PNG and lossless WebP, and its PDF.

    Args:
        folder: ``results/<study>``.
        kind: A key of ``CAPTIONS``.
        dataset: Name and label of the data set, where the figure is of one.

    Returns:
        The figure, or nothing if it was not drawn.
    """
    name = f"{kind}_{dataset[0]}" if dataset else kind
    path = ResultsFolder(folder).figure(f"{name}.png")
    if not path.is_file():
        return []
    content, smaller = path.read_bytes(), io.BytesIO()
    with Image.open(path) as drawn:
        width, height = drawn.size
        drawn.save(smaller, "WEBP", lossless=True, method=2)
    webp = smaller.getvalue()
    address = min(data_uri(webp, "image/webp"), data_uri(content, "image/png"), key=len)
    caption = CAPTIONS[kind].format(dataset=dataset[1] if dataset else "")
    files = [
        Attachment(path.name, data_uri(path.read_bytes(), "application/pdf"))
        for path in [path.with_suffix(".pdf")]
        if path.is_file()
    ]
    return [Picture(address, width, height, caption, files)]
