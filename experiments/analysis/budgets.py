"""Methods of a study that differ in their training budget alone."""

from pathlib import Path

from experiments.analysis.model import MethodRow, StudyResults
from experiments.analysis.remarks import read_record
from zero_leinr.errors import InputError

# Settings of a recipe that say how long it trains; halvings are counted in epochs.
BUDGET = ("epochs", "steps_per_epoch", "denoiser_halvings")


def budgets(study: StudyResults) -> list[list[MethodRow]]:
    """Return groups of at least two trained methods whose recipes differ in the budget alone."""
    groups: dict[str, list[MethodRow]] = {}
    for method in study.trained:
        recipe = {k: v for k, v in (method.recipe or {}).items() if k not in BUDGET}
        groups.setdefault(repr(sorted(recipe.items())), []).append(method)
    return [group for group in groups.values() if len(group) > 1]


def steps_of(folder: Path, method: MethodRow) -> int:
    """Return how many steps a method was trained for, as the record of its first run says.

    Raises:
        InputError: There is no such record.
    """
    steps = read_record(folder, method.name, method.seeds[0]).get("steps")
    if steps is None:
        raise InputError(f"{folder}: no record of a training of {method.name}; train it again")
    return int(steps)
