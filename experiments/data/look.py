"""A quick look at a data set: how many images are there, and what is missing.

Nothing is downloaded, decoded or hashed; ``fetch`` does that. Names of pairs are matched.
"""

from dataclasses import dataclass
from pathlib import Path

from experiments.data.fetch import files_of, missing_files, name_of, registered_items
from experiments.data.images import check_name, list_images, match_pairs
from experiments.data.listing import Item
from experiments.sheets.datasets import REGISTRY, DatasetConfig, data_folder, load_registry
from zero_leinr.errors import InputError, unknown


@dataclass(frozen=True)
class Seen:
    """What is there of a data set.

    Attributes:
        dataset: Name in the registry.
        paired: Whether every item has a reference.
        items: The images that are there; none if the set is drawn here, when a study needs it.
        expected: How many the whole set has; None where nobody said.
        to_download: How many files are missing and can be downloaded.
        where: Where the images are, or come from.
    """

    dataset: str
    paired: bool
    items: list[Item]
    expected: int | None
    to_download: int
    where: str

    @property
    def count(self) -> int:
        """Return how many images a study will see, as far as is known before a download."""
        whole = self.to_download or not self.items
        return (self.expected or 0) if whole else len(self.items)

    def summary(self) -> str:
        """Say in one line what was found."""
        of = f" of {self.expected}" if self.expected and self.expected != len(self.items) else ""
        found = f"{len(self.items)}{of} {'pairs' if self.paired else 'images'}"
        if self.to_download:
            return f"{found}; files to download: {self.to_download}, from {self.where}"
        return f"{found} in {self.where}" if self.items else f"{self.expected} {self.where}"


def look(name: str, registry: Path = REGISTRY) -> Seen:
    """Look for the files of a data set.

    Args:
        name: Name in the registry.
        registry: The registry file.

    Raises:
        InputError: Unknown name, a missing folder, an image without its reference, or files that
            are missing and cannot be downloaded.
    """
    known = load_registry(registry)
    if name not in known:
        raise unknown("data set", name, known)
    dataset = known[name]
    if dataset.generated:
        return Seen(name, dataset.paired, [], dataset.count, 0, "images, drawn when needed")
    try:
        return _in_folders(dataset) if not dataset.sources else _registered(dataset)
    except InputError as error:
        raise InputError(f"data set {name}: {error}") from error


def _in_folders(dataset: DatasetConfig) -> Seen:
    root = data_folder()
    items = []
    for prefix, folder in dataset.low.items():
        if dataset.high is None:
            pairs: list[tuple[Path, Path | None]] = [(p, None) for p in list_images(root / folder)]
        else:
            pairs = list(match_pairs(root / folder, root / dataset.high, check=False))
        for low, high in pairs:
            check_name(low)
            items.append(Item(name_of(prefix, low), str(low), str(high) if high else None))
    where = ", ".join(str(root / folder) for folder in dataset.low.values())
    return _seen(dataset, items, [], where)


def _registered(dataset: DatasetConfig) -> Seen:
    low, missing = dataset.low, missing_files(dataset, dataset.low)
    if missing and dataset.instead and not missing_files(dataset, dataset.instead):
        low, missing = dataset.instead, []
    items = [
        Item(name, str(path), str(high) if high else None)
        for name, path, high in registered_items(dataset, low, set(missing))
    ]
    gone = [file for file in missing if not _can_come(dataset, file)]
    if gone and not (dataset.partial and len(missing) < len(files_of(dataset, low))):
        raise InputError(f"{data_folder() / gone[0]}: missing ({len(gone)} in all); put them there")
    coming = [file for file in missing if file not in gone]
    sources = [dataset.sources[file.rpartition("/")[0]] for file in coming]
    addresses = dict.fromkeys(source.address or source.archive or "" for source in sources)
    folders = (str(data_folder() / folder) for folder in low.values())
    return _seen(dataset, items, coming, ", ".join(addresses or folders))


def _can_come(dataset: DatasetConfig, file: str) -> bool:
    """Tell whether an archive with this file is here or has an address."""
    folder = file.rpartition("/")[0]
    source = dataset.sources[folder]
    if source.archive is None or folder not in source.folders:
        return False
    return bool(source.address) or (data_folder() / "downloads" / source.archive).exists()


def _seen(dataset: DatasetConfig, items: list[Item], coming: list[str], where: str) -> Seen:
    items = [item for item in items if item.name not in dataset.without]
    return Seen(dataset.name, dataset.paired, items, dataset.count, len(coming), where)
