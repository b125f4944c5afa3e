"""The registry of metrics: `config/metrics.yaml`, checked by its schema.

A score is a metric under a protocol (docs/protocols.md). A new one is one function and one entry.
"""

import functools
import math
from collections.abc import Iterable, Mapping
from typing import Any

from experiments.sheets.reading import CONFIG, load_checked
from zero_leinr.errors import unknown

METRICS = CONFIG / "metrics.yaml"

SCORE_COLUMNS = ["image", "metric", "protocol", "value"]
"""Of a score file: a row a score."""


@functools.cache
def _sheet() -> dict[str, dict[str, Any]]:
    """Read metrics.yaml, checked against its schema."""
    return load_checked(METRICS, "metrics.schema.yaml")


def load_metrics(names: Iterable[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the entries of metrics.yaml by name, in the order asked for (default: all).

    Raises:
        InputError: a name is unknown.
    """
    sheet = _sheet()
    names = list(sheet) if names is None else list(names)
    for name in names:
        if name not in sheet:
            raise unknown("metric", name, sheet)
    return {name: sheet[name] for name in names}


def weights_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names in weights.yaml (or ``lpips_trunk``) of all files that a metric needs."""
    names = entry.get("weights", ())
    return (names,) if isinstance(names, str) else tuple(names)


def describe_metrics(names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Return what study.json says of each metric: name, label, unit, direction, protocols, ...

    ``protocols`` names all of them, ``beside`` those without a table of their own.

    Raises:
        InputError: a name is unknown.
    """
    kept = ("label", "unit", "decimals", "direction", "needs_reference", "caveat")
    return [
        {
            "name": name,
            **{key: entry[key] for key in kept if key in entry},
            "protocols": list(entry["protocols"]),
            "beside": [name for name, how in entry["protocols"].items() if "beside" in how],
        }
        for name, entry in load_metrics(names).items()
    ]


def aggregation_factor(metric: str, protocol: str, images: int) -> float:
    """Say what a mean over images is multiplied by under a protocol: 1, or n/(n-1).

    Args:
        metric: a metric; one that metrics.yaml does not have is averaged.
        protocol: likewise.
        images: n, how many images were scored.

    Returns:
        The factor; not-a-number where the sum over one image would be divided by 0.
    """
    how = _sheet().get(metric, {}).get("protocols", {}).get(protocol, {})
    if how.get("aggregate") != "n_minus_1":
        return 1.0
    return images / (images - 1) if images > 1 else math.nan
