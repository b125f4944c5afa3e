"""Every file that is read, with bytes of any kind in it: a result or one line that names it."""

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.downloads import zipped
from support.study_to_report import RUN, whole_study

from experiments.analysis.costs import read_costs
from experiments.analysis.kept import read_kept_losses, read_kept_records, read_kept_scores
from experiments.analysis.losses import read_losses
from experiments.analysis.remarks import read_record
from experiments.analysis.results import read_study
from experiments.analysis.score_files import read_scores
from experiments.data.download import unpack
from experiments.data.leaks import read_leaks
from experiments.data.listing import read_listing
from experiments.data.prepare import load
from experiments.enhance.photo_files import read_photo
from experiments.figures.style import parse_crop
from experiments.sheets.ablations import load_ablations
from experiments.sheets.claims import load_claims
from experiments.sheets.datasets import load_registry
from experiments.sheets.paper import load_references
from experiments.sheets.published import load_published
from experiments.sheets.reading import CONFIG
from experiments.sheets.study import load_study
from zero_leinr.checkpoint import load_state
from zero_leinr.errors import InputError
from zero_leinr.file_kinds import kind_of
from zero_leinr.loss_log import LossLog
from zero_leinr.recipe import parse_noise
from zero_leinr.tensor_pickle import read_tensors


def saved(content):
    out = io.BytesIO()
    torch.save(content, out)
    return out.getvalue()


def array():
    out = io.BytesIO()
    np.save(out, np.zeros((1, 4, 4, 3), np.uint8))
    return out.getvalue()


def config(name):
    return (CONFIG / name).read_bytes()


def unpacked(path):
    target = path.with_name("unpacked") / "1.png"
    unpack(path, {"low/1.png": target}, {"low/1.png": ""})
    target.unlink()


LISTING = {"dataset": "d", "paired": False, "count": 1, "expected": 1, "sha256": "", "source": ""}
LISTING |= {"warnings": [], "items": [{"name": "a", "low": "a.png", "high": None}]}
LEAKS = {"warnings": [{"dataset": "d", "text": "t"}]}
LOSSES = b"step,epoch,light/total,total\n0,0,1.5,2\n1,0,1.25,2\n2,1,1,2\n"

#: File name -> its reader, and what is whole in it.
FILES = {
    "a.zip": (unpacked, zipped({"root/low/1.png": b"an image", "root/more": bytes(99)})),
    "a.pth": (read_tensors, saved({"state_dict": {"a": torch.zeros(3)}})),
    "old.pth": (kind_of, zipped({"archive/data.pkl": b"x"})),
    "state.ckpt": (load_state, saved({"step": 3, "a": torch.zeros(3)})),
    "a.npy": (load, array()),
    "losses.csv": (lambda path: LossLog(path).truncate(2), LOSSES),
    "l.json": (read_listing, json.dumps(LISTING).encode()),
    "leaks.json": (read_leaks, json.dumps(LEAKS).encode()),
    "datasets.yaml": (load_registry, b"datasets:\n  mine: {low: a, high: b, label: Mine}\n"),
    "ablations.yaml": (load_ablations, b"a: {label: a, overrides: {light: {exposure: 0}}}\n"),
    "claims.yaml": (load_claims, config("claims.yaml")),
    "demo.yaml": (load_study, config("studies/demo.yaml")),
    "published.csv": (load_published, config("published.csv")[:3000]),
    "references.bib": (load_references, config("references.bib")[:3000]),
}
DAMAGE = st.lists(
    st.tuples(st.integers(0, 1 << 16), st.sampled_from([0, 1]), st.binary(max_size=4)), max_size=4
)


def damaged(whole, changes, cut):
    """Bytes put in, or in place of others, and an end cut off."""
    content = bytearray(whole)
    for place, length, put in changes:
        place %= len(content) + 1
        content[place : place + length * len(put)] = put
    return bytes(content[: len(content) - cut % (len(content) + 1)])


def is_result_or_line(reader, path, named=None):
    try:
        reader(path)
    except InputError as error:
        assert str(named or path.name) in str(error)  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60)
@given(changes=DAMAGE, cut=st.just(0) | st.integers(0, 1 << 12))
def test_a_damaged_file_is_a_result_or_one_line(tmp_path_factory, name, changes, cut):
    reader, whole = FILES[name]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(damaged(whole, changes, cut))
    is_result_or_line(reader, path)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=30)
@given(content=st.binary(max_size=100))
def test_any_bytes_are_a_result_or_one_line(tmp_path_factory, name, content):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    is_result_or_line(FILES[name][0], path)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = whole_study(tmp_path_factory.mktemp("study"))
    return SimpleNamespace(folder=folder, rows=read_study(folder))


#: File of a study -> its reader.
RESULTS = {
    "study.json": lambda study: read_study(study.folder),
    "scores/he/seed0/pairs.csv": lambda study: read_scores(study.folder, study.rows),
    "costs/he.json": lambda study: read_costs(study.folder, study.rows),
    "runs/zero_leinr/seed0/run.json": lambda study: read_record(study.folder, "zero_leinr", 0),
    "runs/zero_leinr/seed0/losses.csv": lambda study: read_losses(study.folder, study.rows),
    "scores.csv": lambda study: read_kept_scores(study.folder),
    "runs.jsonl": lambda study: read_kept_records(study.folder),
    "losses.csv": lambda study: read_kept_losses(study.folder),
}
KEPT = {
    "scores.csv": b"method,seed,dataset,image,metric,protocol,value\nhe,0,d,1,psnr,standard,9.5\n",
    "runs.jsonl": json.dumps(RUN | {"method": "he"}).encode() + b"\n",
    "losses.csv": b"method,seed,loss,step,value\nhe,0,total,0,1.5\n",
    "runs/zero_leinr/seed0/losses.csv": LOSSES,
}


@pytest.mark.parametrize("name", RESULTS)
@settings(max_examples=40)
@given(changes=DAMAGE, cut=st.just(0) | st.integers(0, 1 << 12))
def test_a_damaged_result_is_read_or_named_in_one_line(study, name, changes, cut):
    path = study.folder / name
    whole = path.read_bytes() if path.exists() else None
    path.write_bytes(damaged(KEPT.get(name) or whole, changes, cut))
    try:
        is_result_or_line(lambda _: RESULTS[name](study), path)
    finally:
        path.unlink() if whole is None else path.write_bytes(whole)


@given(st.text(max_size=20) | st.from_regex(r"(poisson|gauss|mix)[0-9_.]{0,9}", fullmatch=True))
def test_any_text_is_a_noise_model_or_one_line(text):
    is_result_or_line(parse_noise, text, "noise")


@given(st.text(max_size=20) | st.from_regex(r"[0-9,²٣ -]{0,12}", fullmatch=True))
def test_any_text_is_a_crop_or_one_line(text):
    try:
        assert all(number >= 0 for number in parse_crop(text)[1])
    except InputError as error:
        assert str(error).startswith(f"crop {text}: write left,top")  # noqa: PT017


def test_a_pipe_is_no_photo(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="not a file"):
        read_photo(tmp_path / "pipe.png")
