"""Data sets: `fetch` turns a name into a checked listing; weights are found the same way.

Only `fetch` and `weights_file` may use the network. Every later stage reads a listing, never a
folder, so that all of them see the same images.
"""

import logging
from pathlib import Path

from experiments.data import download as net
from experiments.data.images import check_name, list_images, match_pairs
from experiments.data.listing import Item, Listing, names_sha256
from experiments.sheets.datasets import REGISTRY, DatasetConfig, data_folder, load_registry
from zero_leinr.errors import InputError, unknown
from zero_leinr.images import read_image

log = logging.getLogger(__name__)


#: Generated sets live here always: the data folder may be shared and read-only.
GENERATED_FOLDER = Path("data")


def fetch(name: str, *, download: bool = True, registry: Path = REGISTRY) -> Listing:
    """Find, or else download, the files of a data set, check each of them and list them.

    Registered files are compared with their sha256; images in a user's folder are decoded, and
    pairs must match in name and size.

    Args:
        name: name in the registry.
        download: whether missing files may be downloaded.
        registry: the registry file.

    Raises:
        InputError: unknown name, missing files (with address and folder), wrong checksum, or an
            image or a pair that cannot be used.
    """
    known = load_registry(registry)
    if name not in known:
        raise unknown("data set", name, known)
    dataset = known[name]
    if dataset.generated:
        return _list_generated(dataset)
    if not dataset.sources:
        return _list_folder(dataset)
    return _list_registered(dataset, download)


def _list_generated(dataset: DatasetConfig) -> Listing:
    from experiments.data.embedded import make_embedded

    assert dataset.generated is not None
    make_embedded(GENERATED_FOLDER / "embedded", dataset.generated)
    return _list_folder(dataset, GENERATED_FOLDER, "made by experiments/data/embedded.py")


def _list_folder(dataset: DatasetConfig, root: Path | None = None, source: str = "") -> Listing:
    """List images without a manifest; each is decoded once, so that a bad file stops us here."""
    root = root or data_folder()
    _check_filled(dataset, root)
    items: list[tuple[str, Path, Path | None]] = []
    for prefix, folder in dataset.low.items():
        if dataset.high is not None:
            found = match_pairs(root / folder, root / dataset.high)  # decodes them
            items += [(low.stem, low, high) for low, high in found]
        else:
            for low in list_images(root / folder):
                read_image(low)
                items.append((name_of(prefix, low), low, None))
    where = ", ".join(str(root / folder) for folder in dataset.low.values())
    return _listing(dataset, items, source or f"from {where}", [], {})


def _check_filled(dataset: DatasetConfig, root: Path) -> None:
    """Say where a set that the user fills comes from, if one of its folders is not there."""
    folders = [*dataset.low.values(), *([dataset.high] if dataset.high else [])]
    for folder in folders:
        if dataset.page and not (root / folder).is_dir():
            count = f"its {dataset.count} images" if dataset.count else "its images"
            raise InputError(
                f"data set {dataset.name!r}: {root / folder} is not there; put {count} into it, "
                f"from {dataset.page}"
            )


def _list_registered(dataset: DatasetConfig, download: bool) -> Listing:
    """List files that have a manifest, downloading what is missing."""
    low, warnings = dataset.low, []
    missing = missing_files(dataset, low)
    if missing and dataset.instead and not missing_files(dataset, dataset.instead):
        low, missing = dataset.instead, []
        used = ", ".join(low.values())
        warnings.append(f"{used} used instead of the originals ({', '.join(dataset.low.values())})")
    if missing:
        try:
            _download(dataset, missing, download)
            missing = []
        except InputError as error:
            missing = missing_files(dataset, low)  # some may have come
            if not dataset.partial or len(missing) == len(files_of(dataset, low)):
                raise
            names = ", ".join(file.rpartition("/")[2] for file in missing)
            warnings.append(f"without {names}")
            log.warning("%s: %s", dataset.name, error)
    items = registered_items(dataset, low, set(missing))
    if not items:
        reasons = "".join(f"; {warning}" for warning in warnings)
        raise InputError(f"data set {dataset.name!r}: no image has its reference{reasons}")
    checksums = {
        data_folder() / file: checksum
        for source in dataset.sources.values()
        for file, checksum in source.manifest.items()
    }
    addresses = dict.fromkeys(
        dataset.sources[folder].address or f"copies in {folder}" for folder in low.values()
    )
    return _listing(dataset, items, f"from {', '.join(addresses)}", warnings, checksums)


def files_of(dataset: DatasetConfig, low: dict[str, str]) -> list[str]:
    """All files of a data set, as its manifests name them."""
    folders = [*low.values(), *([dataset.high] if dataset.high else [])]
    return [
        file
        for folder in folders
        for file in dataset.sources[folder].manifest
        if file.rpartition("/")[0] == folder
    ]


def missing_files(dataset: DatasetConfig, low: dict[str, str]) -> list[str]:
    """Return the files that are not there."""
    return [file for file in files_of(dataset, low) if not (data_folder() / file).exists()]


def _download(dataset: DatasetConfig, missing: list[str], allowed: bool) -> None:
    """Bring missing files from the archives of their sources."""
    wanted: dict[str, list[str]] = {}
    for file in missing:
        wanted.setdefault(file.rpartition("/")[0], []).append(file)
    for folder, files in wanted.items():
        source = dataset.sources[folder]
        what = f"{files[0]} ({len(files)} missing in {data_folder() / folder})"
        if not source.archive or folder not in source.folders:
            raise InputError(f"{what}: put them there")
        archive = data_folder() / "downloads" / source.archive
        if not (archive.exists() or (allowed and source.address)):
            raise InputError(
                f"{what}: put them there, or {source.address or 'their archive'} into "
                f"{archive.parent} as {archive.name}"
            )
        if source.address:
            try:
                net.download([source.address, *source.mirrors], archive)
            except InputError as error:
                raise InputError(f"{what}: {error}") from error
        inside = source.folders[folder]
        members = {f"{inside}/{file.rpartition('/')[2]}": file for file in files}
        net.unpack(
            archive,
            {member: data_folder() / file for member, file in members.items()},
            {member: source.manifest[file] for member, file in members.items()},
        )


def registered_items(
    dataset: DatasetConfig, low: dict[str, str], missing: set[str]
) -> list[tuple[str, Path, Path | None]]:
    """List what is there of a registered set, in the order of its manifests."""
    items: list[tuple[str, Path, Path | None]] = []
    references: dict[str, Path] = {}
    for file in files_of(dataset, low):
        if file in missing:
            continue
        path, folder = data_folder() / file, file.rpartition("/")[0]
        if folder == dataset.high:
            references[path.stem] = path
        else:
            prefix = next(key for key, value in low.items() if value == folder)
            items.append((name_of(prefix, path), path, None))
    if dataset.paired:  # an image without its reference, or the reverse, is left out of the pairs
        items = [(name, path, references[name]) for name, path, _ in items if name in references]
    return items


def name_of(prefix: str, path: Path) -> str:
    """Return the name of an image: its stem, after the prefix of its folder."""
    return f"{prefix}-{path.stem}" if prefix else path.stem


def _listing(
    dataset: DatasetConfig,
    items: list[tuple[str, Path, Path | None]],
    source: str,
    warnings: list[str],
    checksums: dict[Path, str],
) -> Listing:
    """Hash the files, each compared with its checksum where there is one, and make the listing."""
    unknown = dataset.without - {name for name, *_ in items}
    if unknown and not dataset.partial:
        raise InputError(
            f"data set {dataset.name!r}: `without` names {min(unknown)!r}, which is no image of it"
        )
    items = [item for item in items if item[0] not in dataset.without]
    hashed = []
    for name, low, high in items:
        check_name(low)
        files = (path for path in (low, high) if path is not None)
        hashed.append((name, [net.verify(path, checksums.get(path, "")) for path in files]))
    expected = dataset.count or len(items)
    if len(items) != expected:
        warnings = [f"{len(items)} images found, {expected} expected", *warnings]
    return Listing(
        dataset=dataset.name,
        paired=dataset.paired,
        count=len(items),
        expected=expected,
        sha256=names_sha256(hashed),
        source=source,
        warnings=warnings,
        items=[Item(name, str(low), str(high) if high else None) for name, low, high in items],
    )
