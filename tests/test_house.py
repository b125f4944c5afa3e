"""The house: who imports whom. A study is a straight road, and nothing flows back."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

#: Room -> the rooms that it may import from. Packages of experiments/, its modules, and the two
#: packages beside it. `zero_leinr` and small helpers may be imported from everywhere.
ARROWS = {
    "zero_leinr": set(),
    "baselines": set(),
    "progress": set(),
    "provenance": set(),
    "results_folder": set(),
    "sheets": {"baselines"},
    "data": {"sheets"},
    "train": {"data", "sheets", "baselines"},
    "enhance": {"data", "sheets", "baselines"},
    "score": {"enhance", "data", "sheets"},
    "analysis": {"data", "sheets"},
    "tables": {"analysis", "sheets"},
    "figures": {"analysis", "data", "sheets"},
    "report": {"tables", "figures", "analysis", "data", "sheets"},
    "publish": {"tables", "figures", "analysis", "data", "sheets"},
    "export": {"data", "sheets"},
    "check": {"score", "enhance", "data", "sheets"},
    "forecast": {"sheets"},
    "run_study": set(),
    "verify": {"tables", "analysis", "score", "data", "sheets"},
    "graph": {"figures", "enhance", "train", "data", "sheets", "baselines"},
    "cli": {
        *("check", "verify", "publish", "report", "tables", "figures", "analysis", "score"),
        *("enhance", "train", "export", "forecast", "run_study", "data", "sheets", "baselines"),
    },
}
HELPERS = {"zero_leinr", "progress", "provenance", "results_folder"}
TOP_MODULES = 8
PACKAGES = ("experiments", "baselines", "zero_leinr")


def room(module: str) -> str:
    """Return `analysis` for `experiments.analysis.claims`, `baselines` for `baselines.sci`."""
    parts = module.split(".")
    return parts[1] if parts[0] == "experiments" and len(parts) > 1 else parts[0]


def imports(path: Path) -> set[str]:
    """Return what a file imports of this project, lazily too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {
        name for name in found if name.split(".")[0] in ("experiments", "baselines", "zero_leinr")
    }


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_room_imports_only_from_the_rooms_before_it(path):
    own = room(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    if own == "__init__":
        return
    allowed = ARROWS[own] | {own} | (HELPERS if own != "zero_leinr" else set())
    for name in imports(path):
        assert room(name) in allowed, (
            f"{path.name} imports {name}: {own} -> {room(name)} is no arrow"
        )


def test_the_arrows_make_no_circle():
    waiting = {room: arrows - {room} for room, arrows in ARROWS.items()}
    while waiting:
        ready = {room for room, arrows in waiting.items() if not arrows & waiting.keys()}
        assert ready, f"a circle among {sorted(waiting)}"
        waiting = {room: arrows for room, arrows in waiting.items() if room not in ready}


def test_the_top_floor_of_experiments_is_small():
    assert len(list((PROJECT / "experiments").glob("*.py"))) <= TOP_MODULES + 1  # __init__
