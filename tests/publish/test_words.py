"""The words of a paper: setup, notes and numbers."""

import re

from support.fake_study import make_study
from support.study_to_report import change, whole_study

from experiments.analysis.results import open_study, read_study
from experiments.publish.words import notes, numbers, setup


def test_setup_says_sets_metrics_seeds_and_what_must_be_known(tmp_path):
    text = setup(read_study(whole_study(tmp_path)))
    assert "Pairs (3 pairs) and Single (2 images)." in text
    assert r"SSIM~\cite{wang2004ssim} (RGB, uniform 7x7 window, sample covariance)" in text
    assert "Each trained method has 2 seeds." in text
    assert r"A training takes 100 epochs, with batches of 16 256$\times$256 images." in text
    assert "Pairs: 1 scene is among the training images." in text


def test_notes_name_all_methods_that_they_are_of(tmp_path):
    folder = make_study(tmp_path)
    assert notes(read_study(folder)) == ""

    def annotate(content):
        for method in content["methods"][1:3]:
            method["note"] = "Without `x`."

    change(folder, annotate)
    assert r"\item HE and Zero-DCE: Without x." in notes(read_study(folder))


def test_numbers_are_those_of_the_tables(tmp_path):
    text = numbers(*open_study(whole_study(tmp_path)))
    known = dict(re.findall(r"\\zldefine\{(.*?)\}\{(.*?)\}\n", text))
    assert known["psnr/pairs/zero_dce"] == "3.10"
    assert known["ssim/pairs/zero_leinr"] == "4.200"
    assert known["psnr/pairs/no_enrb/diff"] == "$-$0.50"


def test_single_trainings_are_notes_and_not_in_the_setup(tmp_path):
    folder = whole_study(tmp_path)
    text = "Zero-LEINR, seed 1: training failed, the loss of its denoiser exploded"
    change(folder, lambda content: content["remarks"].append({"kind": "training", "text": text}))
    study = read_study(folder)
    assert rf"\item {text}." in notes(study)
    assert "seed 1" not in setup(study)
