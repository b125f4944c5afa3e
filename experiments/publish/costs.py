"""The table of costs: parameters, operations, time and memory of one image."""

import pandas as pd

from experiments.analysis.costs import describe_machine, image_size, measured
from experiments.analysis.model import StudyResults
from experiments.publish.latex import Column, PaperTable, escape_latex
from experiments.publish.names import method_cell

# Column of ``read_costs`` -> head, what it is multiplied by, digits after the point.
COLUMNS = {
    "parameters": (r"Par.\ (k)", 1e-3, 1),
    "gflops": ("GFLOPs", 1, 2),
    "seconds": ("Time (ms)", 1e3, 1),
    "memory_mib": ("Mem.\\ (MiB)", 1, 0),
}


def cost_table(study: StudyResults, costs: pd.DataFrame) -> PaperTable:
    """Lay out the table; every column has the same digits from top to bottom."""
    groups: dict[str, list[list[str]]] = {}
    for method, row in zip(measured(study), costs.to_dict("records"), strict=True):
        cells = [_number(row[name] * f, d) for name, (_, f, d) in COLUMNS.items()]
        groups.setdefault(method.group, []).append([method_cell(study, method), *cells])
    size = image_size(costs).replace("x", r"$\times$")
    return PaperTable(
        "cost",
        f"Cost of one image of {size} pixels. A multiply-add counts as two operations.",
        [Column("Method", "l"), *(Column(head) for head, _, _ in COLUMNS.values())],
        list(groups.values()),
        [escape_latex(describe_machine(costs)), "--: no network"],
    )


def _number(value: float, decimals: int) -> str:
    """Return a number of any size, or a dash."""
    return "--" if pd.isna(value) else f"{value:.{decimals}f}"
