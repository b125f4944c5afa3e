"""The ablation sheet: variants of Zero-LEINR as data; a sweep is an entry that makes several."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.sheets.reading import PACKAGE, load_checked
from zero_leinr.errors import InputError

ABLATIONS = PACKAGE / "config" / "ablations.yaml"


@dataclass(frozen=True)
class Ablation:
    """One variant of Zero-LEINR, as the sheet describes it.

    Attributes:
        label: Its name in tables and figures.
        overrides: Settings of the recipe that differ from the full method's.
        studies: Studies that it takes part in; None is all of them.
        short: Its name in a paper; None for the label.
        cite: Its entries in ``references.bib``, if it has any.
        color: Its color in figures; None for a tint of the full method's.
    """

    label: str
    overrides: dict[str, Any]
    studies: list[str] | None
    short: str | None = None
    cite: str | None = None
    color: str | None = None


def load_ablations(path: Path = ABLATIONS) -> dict[str, Ablation]:
    """Read the sheet; an entry with a sweep gives one variant for each of its values.

    Returns:
        Name -> variant, in the order of the sheet. A variant of a sweep is named after its entry
        and its value: ``exposure_level_0_5``.

    Raises:
        InputError: Something in the sheet is unknown, or two variants would have one name.
    """
    variants: dict[str, Ablation] = {}
    for entry_name, entry in load_checked(path, "ablations.schema.yaml").items():
        for name, variant in _expanded(entry_name, entry):
            if name in variants:
                raise InputError(f"{path}: {entry_name}: there already is a variant {name}")
            variants[name] = variant
    return variants


def nest(settings: dict[str, Any]) -> dict[str, Any]:
    """Turn dotted keys into overrides of a recipe: ``color.angle`` is a loss of that branch.

    Raises:
        InputError: A part and one of its losses are both there.
    """
    overrides: dict[str, Any] = {}
    for key, value in settings.items():
        part, dot, loss = key.partition(".")
        if dot and part in settings:
            raise InputError(f"{key}: {part} is set as a whole, too; say one of them")
        if dot:
            overrides.setdefault(part, {})[loss] = value
        else:
            overrides[part] = value
    return overrides


def _expanded(name: str, entry: dict[str, Any]) -> Iterator[tuple[str, Ablation]]:
    label, studies = entry["label"], entry.get("studies")
    overrides = entry.get("overrides", {})
    paper = {key: entry[key] for key in ("short", "cite", "color") if key in entry}
    if "sweep" not in entry:
        yield name, Ablation(label, overrides, studies, **paper)
        return
    ((key, values),) = entry["sweep"].items()
    for value in values:
        own = _merged(overrides, nest({key: value}))
        said = {key: text.replace("{value}", str(value)) for key, text in paper.items()}
        filled = label.replace("{value}", str(value))
        yield f"{name}_{_slug(value)}", Ablation(filled, own, studies, **said)


def _merged(overrides: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both together; of a branch's loss weights only those that are named change."""
    both = {k: {**overrides[k], **v} for k, v in more.items() if isinstance(overrides.get(k), dict)}
    return {**overrides, **more, **both}


def _slug(value: Any) -> str:
    """Return a value as part of a file name: 0.5 is ``0_5``."""
    return re.sub("[^a-z0-9]+", "_", str(value).lower()).strip("_")
