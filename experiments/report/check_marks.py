"""The check-mark table of an ablation: which part, loss or setting each variant has."""

from dataclasses import dataclass
from typing import Any

from experiments.analysis.differences import variants
from experiments.analysis.model import StudyResults
from experiments.sheets.study import FULL

PARTS = {"light": "light branch", "color": "color branch", "denoiser": "ENRB"}
YES, NO = "✓", "–"


@dataclass(frozen=True)
class CheckMarks:
    """Column heads, and for each variant its label and a cell a column; the full method last."""

    heads: list[str]
    rows: list[tuple[str, list[str]]]


def check_marks(study: StudyResults) -> CheckMarks | None:
    """Compare the variants' recipes with that of the full method.

    Returns:
        A column for each part that some variant lacks, then for each loss and setting that differs
        in one: a check mark where it is as in the full method, a dash where it is left out, else
        its value. None where ``study.json`` has no recipe to compare.
    """
    full = next((m for m in study.methods if m.name == FULL and m.recipe), None)
    others = [m for m in variants(study) if m.recipe]
    if full is None or not others:
        return None
    methods = [*others, full]
    recipes = [_flat(method.recipe or {}) for method in methods]
    wanted = recipes[-1]
    # What belongs to a part that is left out is no difference of its own.
    differs = [
        key
        for key in wanted
        if any(not _without(key, one) and one.get(key) != wanted[key] for one in recipes)
    ]
    differs.sort(key=lambda key: key not in PARTS)
    columns = []
    for key in differs:
        values = [one.get(key) for one in recipes]
        amounts = any(value not in (wanted[key], None, 0, "none") for value in values)
        columns.append([_cell(key, one, wanted, amounts) for one in recipes])
    rows = [
        (study.label(method), list(cells)) for method, *cells in zip(methods, *columns, strict=True)
    ]
    return CheckMarks([_head(key) for key in differs], rows)


def _flat(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe with dotted keys for losses, and ``True`` or None for each part."""
    flat: dict[str, Any] = {}
    for key, value in recipe.items():
        if key in PARTS:
            flat[key] = None if value is None else True
            flat |= {f"{key}.{loss}": weight for loss, weight in (value or {}).items()}
        else:
            flat[key] = value
    return flat


def _without(key: str, recipe: dict[str, Any]) -> bool:
    """Tell whether the part that a loss belongs to is left out."""
    part, dot, _ = key.partition(".")
    return bool(dot) and recipe.get(part) is None


def _cell(key: str, recipe: dict[str, Any], wanted: dict[str, Any], amounts: bool) -> str:
    value = recipe.get(key)
    if _without(key, recipe) or value in (None, 0, "none"):
        return NO
    if amounts:
        return f"{value:g}" if isinstance(value, float | int) else str(value)
    return YES if value == wanted[key] else str(value)


def _head(key: str) -> str:
    part, dot, loss = key.partition(".")
    return f"{loss} ({PARTS[part]})" if dot else PARTS.get(key, key).replace("_", " ")
