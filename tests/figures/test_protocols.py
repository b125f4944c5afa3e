"""How the ranking moves with the protocol, drawn."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from support.planted import swapped_study

from experiments.analysis.protocols import rank
from experiments.analysis.score_files import read_scores
from experiments.figures.protocols import draw
from experiments.figures.style import paper_style


def test_names_leave_the_lines_their_room(tmp_path):
    study = swapped_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study))
    with paper_style():
        figure = draw(study, "pairs", ranks[ranks["dataset"] == "pairs"])
        FigureCanvasAgg(figure).draw()
    for axis in figure.axes:
        assert axis.get_window_extent().width > figure.bbox.width / 5


def test_a_figure_without_any_protocol_says_so(tmp_path):
    study = swapped_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study).iloc[:0])
    (axis,) = draw(study, "pairs", ranks).axes
    assert [text.get_text() for text in axis.texts] == ["no protocol has every method"]
