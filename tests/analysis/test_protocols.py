"""The protocols that flatter, and how the ranking moves with the protocol."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from support import fake_study

from experiments.analysis.protocols import rank
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.analysis.statistics import summarize
from experiments.cli.main import main
from experiments.figures.protocols import draw
from experiments.figures.style import paper_style
from experiments.score import fidelity
from experiments.sheets.metrics import aggregation_factor


def images(seed: int, side: tuple[int, int] = (40, 60)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    reference = rng.integers(40, 200, (*side, 3)).astype(np.uint8)
    return (reference // 3).astype(np.uint8), reference


def test_gt_mean_forgives_any_exposure():
    reference = np.random.default_rng(0).integers(0, 85, (40, 60, 3)).astype(np.uint8) * 3
    enhanced = (reference // 3).astype(np.uint8)
    assert fidelity.psnr(enhanced, reference) < 15
    assert fidelity.psnr_gt_mean(enhanced, reference) > 100
    assert fidelity.ssim_gt_mean(enhanced, reference) == pytest.approx(1)
    assert np.isnan(fidelity.psnr_gt_mean(np.zeros_like(reference), reference))


def test_scaled_images_have_the_mean_gray_of_the_reference():
    enhanced, reference = images(1)
    scaled = fidelity.scale_to_mean(enhanced, reference)
    gray = [(image @ fidelity.LUMA).mean() for image in (scaled, reference)]
    assert gray[0] == pytest.approx(gray[1], rel=1e-3)  # little is clipped here


def test_the_scripts_resize_between_pixel_centers_and_crop():
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 64, 0)
    square = fidelity.resize_and_crop(np.repeat(ramp, 3, 2))
    assert square.shape == (504, 504, 3)
    # Pixel k of 512 lies at (k + .5) / 8 - .5 of 64, where the ramp has four times that.
    assert square[7, 100, 0] == pytest.approx(4 * ((104 + 0.5) / 8 - 0.5))


def test_the_scripts_divide_by_one_image_less():
    frame = pd.DataFrame(
        [
            ("m", 0, "d", f"{i}", "psnr", protocol, 10.0 + i)
            for i in range(5)
            for protocol in ("standard", "zero_leinr_scripts")
        ],
        columns=["method", "seed", "dataset", "image", "metric", "protocol", "value"],
    )
    means = summarize(frame).set_index("protocol")["mean"]
    assert means["standard"] == pytest.approx(12)
    assert means["zero_leinr_scripts"] == pytest.approx(12 * 5 / 4)
    assert np.isnan(aggregation_factor("psnr", "zero_leinr_scripts", 1))


def swapped(folder):
    """A study in which luma's PSNR alone sees the first two methods the other way round."""
    fake_study.make_study(folder, datasets=("pairs",))
    for method, value in (("input", "2.5"), ("he", "0.5")):
        path = fake_study.score_file(folder, method)
        frame = pd.read_csv(path, dtype=str)
        frame.loc[(frame["metric"] == "psnr") & (frame["protocol"] == "luma"), "value"] = value
        frame.to_csv(path, index=False)
    return read_study(folder)


def test_ranks_follow_each_protocol(tmp_path):
    study = swapped(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study)).set_index(["metric", "protocol"])
    assert ranks.loc["psnr", "standard"]["rank"].tolist() == [4, 3, 2, 1]
    assert ranks.loc["psnr", "luma"]["rank"].tolist() == [3, 4, 2, 1]
    # Of six pairs of methods one is turned: (5 - 1) / 6.
    assert ranks.loc["psnr", "luma"]["tau"].tolist() == pytest.approx([2 / 3] * 4)
    assert set(ranks.loc["ssim"]["tau"]) == {1.0}
    assert "lpips" not in ranks.index  # one protocol alone


def test_equal_printed_means_share_the_rank(tmp_path):
    fake_study.make_study(
        tmp_path, ("pairs",), levels={"input": 1.0, "he": 2.001, "zero_dce": 2.002, "full": 0.5}
    )
    study = read_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study))
    assert ranks["rank"].tolist()[:4] == [3, 1, 1, 4]


def test_ranks_are_those_of_the_printed_means(tmp_path):
    """2.675 prints as 2.67, being a little less in binary, though numpy rounds it to 2.68."""
    levels = {"input": 2.674, "he": 2.675, "zero_dce": 3.0, "full": 0.5}
    fake_study.make_study(tmp_path, ("pairs",), levels=levels, images={"pairs": ["01"]})
    study = read_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study)).set_index(["metric", "protocol"])
    assert ranks.loc["psnr", "standard"]["rank"].tolist() == [2, 2, 1, 4]
    assert ranks.loc["ssim", "standard"]["rank"].tolist() == [3, 2, 1, 4]


def test_table_and_figure_are_written_and_say_what_moved(tmp_path):
    study = swapped(tmp_path)
    assert main(["protocols", str(tmp_path)]) == 0
    text = (tmp_path / "tables" / "protocols.md").read_text()
    assert "PSNR on Pairs: luma 0.67" in text
    assert "Training budget reduced" in text
    assert (tmp_path / "figures" / "protocols_pairs.png").stat().st_size > 10_000
    assert len(pd.read_csv(tmp_path / "tables" / "protocols.csv")) == len(study.methods) * 5


def test_names_leave_the_lines_their_room(tmp_path):
    study = swapped(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study))
    with paper_style():
        figure = draw(study, "pairs", ranks[ranks["dataset"] == "pairs"])
        FigureCanvasAgg(figure).draw()
    for axis in figure.axes:
        assert axis.get_window_extent().width > figure.bbox.width / 5


def test_a_protocol_without_a_score_of_every_method_is_left_out_and_told(tmp_path):
    """As where gt_mean is undefined: one method's images are all black."""
    study = swapped(tmp_path)
    path = fake_study.score_file(tmp_path, "he")
    frame = pd.read_csv(path, dtype=str)
    frame[(frame["metric"] != "psnr") | (frame["protocol"] != "luma")].to_csv(path, index=False)
    assert main(["protocols", str(tmp_path)]) == 0
    ranks = rank(study, read_scores(tmp_path, study))
    assert set(ranks.query("metric == 'psnr'")["protocol"]) == {"standard"}
    text = (tmp_path / "tables" / "protocols.md").read_text()
    assert "PSNR luma on Pairs is not shown: not every method has it" in text


def test_a_figure_without_any_protocol_says_so(tmp_path):
    study = swapped(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study).iloc[:0])
    (axis,) = draw(study, "pairs", ranks).axes
    assert [text.get_text() for text in axis.texts] == ["no protocol has every method"]


def test_a_sum_over_one_image_less_than_one_is_no_score(tmp_path):
    metrics = {"psnr": ("PSNR", "dB", "up", True, ["standard", "zero_leinr_scripts"])}
    fake_study.make_study(tmp_path, ("pairs",), images={"pairs": ["01"]}, metrics=metrics)
    study = read_study(tmp_path)
    ranks = rank(study, read_scores(tmp_path, study))
    assert set(ranks.query("metric == 'psnr'")["protocol"]) == {"standard"}


def test_a_set_without_references_has_no_such_figure(tmp_path, capsys):
    fake_study.make_study(tmp_path)
    command = ["protocols", str(tmp_path), "--only", "figure", "--dataset", "single"]
    assert main(command) == 2
    assert "single: has no metric with several protocols" in capsys.readouterr().err
