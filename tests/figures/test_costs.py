"""Quality over cost: labels that can be read."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from support.fake_study import METHODS, write
from support.planted import costs_study

from experiments.analysis.costs import read_costs
from experiments.analysis.results import read_study
from experiments.figures.costs import draw, place_names
from experiments.figures.style import paper_style


@pytest.mark.parametrize(
    ("factor", "expected"), [(10.0, {"0.01", "0.1", "1"}), (1.1, {"0.013", "0.014"})]
)
def test_dollar_signs_in_a_label_are_no_math(tmp_path, factor, expected):
    names = [name for name, *_ in METHODS]
    times = {name: {"seconds": 0.0123 * factor ** max(0, i - 1)} for i, name in enumerate(names)}
    path = costs_study(tmp_path, **times) / "study.json"
    write(path, path.read_text().replace('"Zero-LEINR"', '"cost $x_{$"'))
    study = read_study(tmp_path)
    with paper_style():
        quality = pd.Series(10.0, index=names)
        figure = draw(study, study.dataset("pairs"), quality, read_costs(tmp_path, study))
        figure.draw_without_rendering()
    axis = figure.axes[0]
    assert expected <= {text.get_text() for text in axis.get_xticklabels()}
    assert "cost $x_{$†" in [text.get_text() for text in axis.texts]


def test_names_cover_neither_marks_nor_each_other():
    figure = Figure(figsize=(7, 3.6))
    axis = figure.subplots()
    rng = np.random.default_rng(3)
    marks = {
        f"Method number {k}": (10 ** rng.uniform(-3, 1), rng.uniform(8, 18), 6.0) for k in range(24)
    }
    for x, y, size in marks.values():
        axis.plot(x, y, "o", markersize=size)
    axis.set_xscale("log")
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in place_names(axis, marks)]
    assert len(boxes) == 24
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        for x, y, _ in marks.values():
            assert not box.contains(*axis.transData.transform((x, y)))
