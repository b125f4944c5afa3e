"""Writes an entry into the ablation sheet, at its end: comments and order of the rest stay."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.sheets.ablations import ABLATIONS, Ablation, load_ablations
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import Studies
from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError


def add_ablation(
    name: str,
    overrides: dict[str, Any],
    *,
    label: str | None = None,
    studies: Sequence[str] | None = None,
    sheet: Path = ABLATIONS,
) -> list[str]:
    """Add a variant to the sheet, once it has passed all checks that the workflow makes.

    Args:
        name: Of the variant; ``a-z``, ``0-9`` and ``_``.
        overrides: Settings of the recipe that differ from the full method's.
        label: Its name in tables and figures; the name with spaces if None.
        studies: Studies that it takes part in; None is all of them.
        sheet: The file to add it to.

    Returns:
        The studies that it takes part in.

    Raises:
        InputError: The name is taken, or a setting is unknown, cannot be, or makes a training that
            the sheet has already. The file is then as it was.
    """
    variants = load_ablations(sheet)
    _check_name(name, {*variants, *load_checked(sheet, "ablations.schema.yaml")})
    new = Ablation(
        label or name.replace("_", " "), overrides, None if studies is None else list(studies)
    )
    variants[name] = new
    joined = [s.name for s in Studies(ablations=variants).values() if name in s.methods]
    if not joined:
        raise InputError(f"ablation {name}: none of these studies takes variants of Zero-LEINR")
    text = sheet.read_text(encoding="utf-8").rstrip("\n") + "\n\n" + _entry(name, new)
    with replacing(sheet) as temporary:
        temporary.write_text(text, encoding="utf-8")
        _check_written(temporary, variants, f"{sheet}: {name}: write it by hand")
    return joined


def _check_written(sheet: Path, variants: dict[str, Ablation], message: str) -> None:
    """Refuse a config in another style: in braces, its end is no place for an entry."""
    try:
        if load_ablations(sheet) == variants:
            return
    except InputError:
        pass
    raise InputError(f"{message}; the end of the file is no place for an entry")


def _check_name(name: str, taken: set[str]) -> None:
    if not re.fullmatch("[a-z0-9_]+", name):
        raise InputError(f"ablation {name!r}: write its name with a-z, 0-9 and _ alone")
    if name in taken:
        raise InputError(f"ablation {name}: the sheet has one of this name; choose another")
    if name in load_checked(CONFIG / "methods.yaml", "methods.schema.yaml"):
        raise InputError(f"ablation {name}: methods.yaml has a baseline of this name")


def _entry(name: str, ablation: Ablation) -> str:
    """Return the entry as one would write it by hand."""
    import yaml

    lines: dict[str, Any] = {"label": ablation.label, "overrides": ablation.overrides}
    if ablation.studies is not None:
        lines["studies"] = ablation.studies

    def inline(value: Any) -> str:
        # A document of its own, so that a value needs no indentation; a bare word ends in "...".
        text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
        return text.removesuffix("...\n").strip()

    return f"{name}:\n" + "".join(f"  {key}: {inline(value)}\n" for key, value in lines.items())
