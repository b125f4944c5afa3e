"""What an image costs each method: parameters, operations, seconds and memory."""

from pathlib import Path

import numpy as np
import pandas as pd

from experiments.analysis.costs import IDLE, describe_machine, image_size, measured, read_costs
from experiments.analysis.model import StudyResults
from experiments.analysis.results import read_study
from experiments.tables.table import Cell, Column, Table, cells, remarks
from experiments.tables.write import write_table


def write_costs(study_folder: Path) -> list[Path]:
    """Write ``tables/costs.{csv,md}`` of a study.

    Args:
        study_folder: ``results/<study>``.

    Returns:
        The files written.

    Raises:
        InputError: ``study.json`` or a cost file is missing or cannot be used.
    """
    study = read_study(study_folder)
    table = layout(study, read_costs(study_folder, study))
    return write_table(table, study_folder / "tables" / "costs")


def layout(study: StudyResults, costs: pd.DataFrame) -> Table:
    """Lay out the table, in the order and groups of the score tables."""
    groups: dict[str, list[list[Cell]]] = {}
    for method, row in zip(measured(study), costs.to_dict("records"), strict=True):
        texts = [study.label(method), str(method.weights)]
        texts.append("n/a" if pd.isna(row["parameters"]) else f"{row['parameters']:,.0f}")
        texts += [significant(row[name]) for name in ("gflops", "seconds", "memory_mib")]
        groups.setdefault(method.group, []).append(cells(texts))
    caption = (
        f"{study.title}: what one image of {image_size(costs)} pixels costs. Parameters in use; "
        "GFLOPs of convolutions and matrix products, a multiply-add counts as two; median time "
        "from 8-bit image to 8-bit image; peak memory beyond the loaded method. "
        f"{describe_machine(costs)}."
    )
    heads = ["Method", "Weights", "Parameters", "GFLOPs", "Time (s)", "Memory (MiB)"]
    notes = ["n/a: not applicable, the method has no network"]
    disturbed = set(costs.loc[costs["processor_share"] < IDLE, "method"])
    if disturbed:
        names = ", ".join(method.label for method in study.methods if method.name in disturbed)
        notes.append(f"Other work ran beside these, their times are too long: {names}")
    columns = [Column(head, align) for head, align in zip(heads, "llrrrr", strict=True)]
    numbers = costs.astype({"parameters": "Int64"})
    return Table(f"{study.name}-costs", caption, columns, groups, remarks(notes), numbers)


def significant(value: float) -> str:
    """Three significant digits and no exponent: 0.00123, 1.23, 123, 1230."""
    if pd.isna(value):
        return "n/a"
    return np.format_float_positional(float(f"{value:.3g}"), trim="-")
