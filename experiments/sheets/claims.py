"""The claims of papers: `config/claims.yaml`, checked by its schema."""

from pathlib import Path
from typing import Any

from experiments.sheets.ablations import load_ablations
from experiments.sheets.metrics import load_metrics
from experiments.sheets.reading import CONFIG, load_checked
from experiments.sheets.study import FULL
from zero_leinr.errors import InputError

CLAIMS = CONFIG / "claims.yaml"


def load_claims(path: Path = CLAIMS) -> dict[str, Any]:
    """Read the claims and their margins.

    Raises:
        InputError: The file is not as its schema says, a metric has no margin or no such protocol,
            or there is no such method.
    """
    sheet = load_checked(path, "claims.schema.yaml")
    known = {*load_ablations(), *load_checked(CONFIG / "methods.yaml", "methods.schema.yaml")}
    for name, claim in sheet["claims"].items():
        for test in claim["tests"]:
            (entry,) = load_metrics([test["metric"]]).values()
            if test["metric"] not in sheet["margins"]:
                raise InputError(f"{path}: {name}: {test['metric']} has no margin; add it")
            if test["protocol"] not in entry["protocols"]:
                raise InputError(f"{path}: {name}: {test['metric']} has no {test['protocol']}")
            for method in (test.get("method", FULL), *test["against"]):
                if method not in known:
                    raise InputError(f"{path}: {name}: no sheet has a method {method!r}")
    return sheet
