"""Tensors out of checkpoints: what is read, what is left out, and that nothing in them runs."""

import argparse
import os
import pickle
import subprocess
import sys
import types
import zipfile

import numpy as np
import pytest
import torch
from support.helpers import needs_data, one_line
from torch import nn

from experiments.data.weights import weights_file
from zero_leinr.errors import InputError
from zero_leinr.tensor_pickle import read_tensors, within

WEIGHT = torch.arange(6.0).reshape(2, 3)
LEGACY = {"_use_new_zipfile_serialization": False}
each_format = pytest.mark.parametrize("form", [{}, LEGACY], ids=["zip", "before 1.6"])


class Command:
    """Pickled, it asks for a call when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def callback(monkeypatch):
    """An object of a class whose module is gone once it is stored."""
    module = types.ModuleType("somebodys_trainer")
    monkeypatch.setitem(sys.modules, "somebodys_trainer", module)
    module.Callback = type("Callback", (), {"__module__": "somebodys_trainer"})
    callback = module.Callback()
    callback.best, callback.scores = WEIGHT, {"psnr": np.float64(20.5)}
    return callback


@each_format
def test_a_plain_state_dict_is_read_bit_by_bit(tmp_path, form):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).half()
    torch.save(network.state_dict(), tmp_path / "w.pth", **form)
    read = read_tensors(tmp_path / "w.pth")
    assert read.keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        assert read[name].dtype == value.dtype
        assert torch.equal(read[name], value)


@each_format
def test_tensors_are_found_among_objects_of_unknown_classes(tmp_path, form, callback, monkeypatch):
    content = {
        "epoch": 3,
        "callbacks": {type(callback): callback},
        "options": argparse.Namespace(lr=0.1, device=torch.device("cpu")),
        "hyper_parameters": {"config": argparse.Namespace(widths=[1, 2]), "where": callback},
        "state_dict": {"model.weight": WEIGHT, "model.bias": nn.Parameter(WEIGHT[0])},
    }
    torch.save(content, tmp_path / "w.ckpt", **form)
    monkeypatch.delitem(sys.modules, "somebodys_trainer")
    allowed = set(torch.serialization.get_safe_globals())
    read = read_tensors(tmp_path / "w.ckpt")
    assert read.keys() == {"weight", "bias"}
    assert torch.equal(read["weight"], WEIGHT)
    assert not read["bias"].requires_grad
    assert set(torch.serialization.get_safe_globals()) == allowed
    assert "somebodys_trainer" not in sys.modules


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ({"module.a": WEIGHT, "module.b.c": WEIGHT}, {"a", "b.c"}),
        ({"model.module.a": WEIGHT}, {"a"}),
        ({"module.model.a": WEIGHT}, {"a"}),
        ({"model.a": WEIGHT, "criterion.b": WEIGHT}, {"model.a", "criterion.b"}),
        ({"a": WEIGHT, "note": "text", "step": 3, "none": None}, {"a"}),
        ({"a": WEIGHT, "sparse": WEIGHT.to_sparse()}, {"a"}),
    ],
)
def test_names_lose_the_prefix_that_all_of_them_have(tmp_path, stored, read):
    for content in (stored, {"state_dict": stored}):
        torch.save(content, tmp_path / "w.pth")
        assert read_tensors(tmp_path / "w.pth").keys() == read


def test_networks_of_one_file_stay_apart(tmp_path):
    parts = {"net": {"module.a": WEIGHT}, "best": {"a": WEIGHT + 1}}
    torch.save({"state_dict": parts, "optimizer": {"state": {0: {"v": WEIGHT}}}}, tmp_path / "w")
    read = read_tensors(tmp_path / "w")
    assert {name: list(part) for name, part in read.items()} == {"net": ["a"], "best": ["a"]}
    assert torch.equal(read["best"]["a"], WEIGHT + 1)


def test_a_network_that_was_stored_whole_is_read_without_its_class(tmp_path, monkeypatch):
    module = types.ModuleType("somebodys_net")
    monkeypatch.setitem(sys.modules, "somebodys_net", module)
    module.Net = type("Net", (nn.Sequential,), {"__module__": "somebodys_net"})
    network = module.Net(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Linear(4, 1))
    network.register_buffer("passing", WEIGHT, persistent=False)
    expected = network.state_dict()
    whole = {"plain": network, "parallel": nn.DataParallel(network)}
    for name, content in {**whole, "beside": {"epoch": 1, "state_dict": network}}.items():
        torch.save(content, tmp_path / f"{name}.pth")
    monkeypatch.delitem(sys.modules, "somebodys_net")
    for name in (*whole, "beside"):
        read = read_tensors(tmp_path / f"{name}.pth")
        assert read.keys() == expected.keys(), name
        assert all(torch.equal(read[key], value) for key, value in expected.items())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><p>not found", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"\x89HDF\r\n", "an HDF5 file, as Keras writes"),
        (b"\x89PNG\r\n", "an image"),
        (b"anything else", "no checkpoint that torch.save wrote"),
    ],
)
def test_what_is_no_checkpoint_is_told_by_what_it_is(tmp_path, content, told):
    path = tmp_path / "w.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as weights: it is ") as error:
        read_tensors(path)
    assert told in one_line(error)
    assert path.read_bytes() == content


def test_what_holds_no_tensors_is_told_by_what_it_holds(tmp_path):
    torch.jit.trace(nn.ReLU(), WEIGHT).save(tmp_path / "program.pt")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as file:
        file.writestr("best.pth", b"")
    for name, content in {
        "options": {"epoch": 3, "options": argparse.Namespace(lr=1)},
        "namespace": argparse.Namespace(lr=1),
        "list": [1, 2],
    }.items():
        torch.save(content, tmp_path / name)
    for name, told in {
        "program.pt": "a TorchScript program; save its tensors where it was made",
        "packed.zip": "a zip archive with best.pth; unpack it",
        "options": "holds a dictionary (epoch, options), not a state dict",
        "namespace": "holds an object of the class argparse.Namespace, not a state dict",
        "list": "holds a list, not a state dict",
    }.items():
        with pytest.raises(InputError) as error:
            read_tensors(tmp_path / name)
        assert told in one_line(error)


def test_a_network_is_found_under_the_one_prefix_of_its_names():
    names = ["a.weight", "b"]
    plain = {"a.weight": WEIGHT, "b": WEIGHT}
    assert within(plain, names) == plain
    other = {"critic.b": WEIGHT, "scale": WEIGHT}
    found = within({f"net.g.{name}": value for name, value in plain.items()} | other, names)
    assert found.keys() == plain.keys()
    twice = {f"{prefix}.{name}": WEIGHT for prefix in ("net", "ema") for name in names}
    assert within(twice, names) == twice  # which of both, nobody knows


# ------------------------------------------------------------------------- hostile files

COMMANDS = {
    "os.system": (os.system, "echo read >> intruded"),
    "subprocess": (subprocess.check_output, ["touch", "intruded"]),
    "exec": (exec, "open('intruded', 'w')"),
    "eval": (eval, "open('intruded', 'w')"),
    "open": (open, "intruded", "w"),
    "getattr": (getattr, "text", "upper"),
    "import": (__import__, "antigravity"),
    "pickle": (pickle.loads, pickle.dumps(Command(os.system, "touch intruded"))),
    "storage": (torch.storage._load_from_bytes, pickle.dumps(Command(os.system, "touch intruded"))),
    "hub": (torch.hub.load_state_dict_from_url, "http://127.0.0.1:1/w.pth"),
}


@each_format
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_file_runs_code(tmp_path, monkeypatch, command, protocol, form):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "antigravity", raising=False)
    called = Command(*COMMANDS[command])
    for name, content in {
        "alone": called,
        "beside": {"state_dict": {"weight": WEIGHT}, "hook": called},
        "within": {"state_dict": {"weight": called}},
        "key": {called: WEIGHT},
    }.items():
        path = tmp_path / f"{name}.pth"
        torch.save(content, path, pickle_protocol=protocol, **form)
        before = set(tmp_path.iterdir())
        try:
            read = read_tensors(path)
        except InputError:  # all is refused, or the tensors are read and the call is left out
            read = {}
        assert not read or name in ("beside", "key")
        assert all(torch.equal(value, WEIGHT) for value in read.values())
        assert set(tmp_path.iterdir()) == before
    assert "antigravity" not in sys.modules


def test_a_bare_pickle_and_damaged_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"a": WEIGHT}, tmp_path / "whole.pth")
    whole = (tmp_path / "whole.pth").read_bytes()
    for name, content in {
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "page": b"<html>not found</html>",
        "bare": pickle.dumps(Command(os.system, "touch intruded"), protocol=2),
        "dict": pickle.dumps({"a": 1}),
        "endless": b"\x80\x02" + b"(" * 100_000,
    }.items():
        path = tmp_path / f"{name}.pth"
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{name}.pth: cannot be read") as error:
            read_tensors(path)
        one_line(error)
    assert not (tmp_path / "intruded").exists()


def test_what_holds_no_tensors_is_refused(tmp_path):
    endless = {}
    endless["again"] = endless
    nothing = ({}, {"epoch": 3}, {"state_dict": {}}, endless)
    for content in ([WEIGHT], WEIGHT, nn.ReLU(), *nothing):
        torch.save(content, tmp_path / "w.pth")
        with pytest.raises(InputError, match="state dict") as error:
            read_tensors(tmp_path / "w.pth")
        one_line(error)
    with pytest.raises(InputError, match="no such weight file"):
        read_tensors(tmp_path / "none.pth")


@needs_data
def test_checkpoints_as_authors_publish_them():
    lightning = read_tensors(weights_file("psenet_sice", download=False))
    assert lightning["first_conv.conv.0.weight"].shape == (6, 3, 1, 1)
    options = read_tensors(weights_file("uretinex_net", download=False))
    assert options.keys() == {"model_decom", "model_R", "model_L", "model_A"}
