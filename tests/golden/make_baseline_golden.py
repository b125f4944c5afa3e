"""Makes ``baselines.npz`` by running the official networks of the baselines on the CPU.

Their codes are not part of this repository. To make the numbers again, clone them side by side at
the commits that the files in ``baselines/`` name, under these folder names, and run::

    python tests/golden/make_baseline_golden.py /somewhere

    Zero-DCE  Zero-DCE_extension  Semantic-Guided-Low-Light-Image-Enhancement
    RUAS  SCI  PairLIE  ZeroIG  colie

The networks get the weights of ``baseline_inputs.py``; CoLIE's script runs as it is, for three
iterations, with torch seeded before it makes its network. Zero-DCE++ and SCI also take training
steps, with the settings of their training scripts. Only outputs, losses and samples of the trained
weights are stored.
"""

import importlib
import os
import runpy
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from baseline_inputs import dark_batch, dark_photo, fill, training_batches
from golden_inputs import sample
from PIL import Image


@contextmanager
def code(folder: Path) -> Iterator[None]:
    """Imports come from this folder; forgotten afterwards, as the codes share module names."""
    before, there = set(sys.modules), Path.cwd()
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    yield
    os.chdir(there)
    sys.path.remove(str(folder))
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def saved(net: torch.nn.Module, folder: str) -> str:
    """The weights of a network in a file, for codes that only load from one."""
    torch.save(net.state_dict(), f"{folder}/weights.pt")
    return f"{folder}/weights.pt"


def colie(folder: Path, temporary: str) -> np.ndarray:
    """The official script on one image; its network is seeded just before it is made."""
    (Path(temporary) / "in").mkdir()
    Image.fromarray(dark_photo()).save(f"{temporary}/in/a.png")
    siren = importlib.import_module("siren")
    made = siren.INF.__init__

    def seeded(self: torch.nn.Module, *args: int, **kwargs: int) -> None:
        torch.manual_seed(0)
        made(self, *args, **kwargs)

    options = ["--alpha", "1", "--beta", "20", "--gamma", "8", "--delta", "5", "--epochs", "3"]
    folders = ["--input_folder", f"{temporary}/in", "--output_folder", f"{temporary}/out"]
    with (
        mock.patch.object(siren.INF, "__init__", seeded),
        mock.patch.object(sys, "argv", ["colie.py", *folders, *options]),
    ):
        runpy.run_path("colie.py", run_name="__main__")
    return np.asarray(Image.open(f"{temporary}/out/a.png"))


def zero_dce_pp_training() -> dict[str, np.ndarray]:
    """Training steps as in ``lowlight_train.py``, with its losses."""
    losses = importlib.import_module("Myloss")
    net = fill(importlib.import_module("model").enhance_net_nopool(1), biases=0.05).train()
    color, spatial, exposure, smooth = (
        losses.L_color(), losses.L_spa(), losses.L_exp(16), losses.L_TV()
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4, weight_decay=1e-4)
    history = []
    for image in training_batches():
        enhanced, curve = net(image)
        terms = {
            "smoothness": 1600 * smooth(curve),
            "spatial": spatial(enhanced, image).mean(),
            "exposure": 10 * exposure(enhanced, 0.6).mean(),
            "constancy": 5 * color(enhanced).mean(),
        }
        optimizer.zero_grad()
        sum(terms.values()).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
        optimizer.step()
        history.append(terms)
    return trained("zero_dce_pp", net, history)


def sci_training() -> dict[str, np.ndarray]:
    """Training steps as in ``train.py``; its loss is asked for, its terms are listened to."""
    net = fill(importlib.import_module("model").Network(), biases=0.05).train()
    heard: dict[str, list[torch.Tensor]] = {}
    for name in ("l2_loss", "smooth_loss"):
        getattr(net._criterion, name).register_forward_hook(
            lambda *call, name=name: heard.setdefault(name, []).append(call[-1])
        )
    optimizer = torch.optim.Adam(net.parameters(), lr=0.0003, betas=(0.9, 0.999), weight_decay=3e-4)
    history = []
    for image in training_batches():
        heard.clear()
        optimizer.zero_grad()
        net._loss(image).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimizer.step()
        history.append(
            {"fidelity": 1.5 * sum(heard["l2_loss"]), "smoothness": sum(heard["smooth_loss"])}
        )
    return trained("sci", net, history)


def trained(
    name: str, net: torch.nn.Module, history: list[dict[str, torch.Tensor]]
) -> dict[str, np.ndarray]:
    """The weighted losses of all steps, and samples of the weights after them."""
    losses = {
        f"losses/{name}/{loss}": np.array([terms[loss].item() for terms in history])
        for loss in history[0]
    }
    weights = {
        f"trained/{name}/{key}": sample(weight)
        for key, weight in net.state_dict().items()
        if weight.is_floating_point() and ".blocks." not in key
    }
    return losses | weights


def main(codes: Path) -> None:
    """Runs every official network on the dark batch and writes the numbers beside this file."""
    torch.Tensor.cuda = lambda self, *args, **kwargs: self
    torch.nn.Module.cuda = lambda self, *args, **kwargs: self
    load = torch.load
    x = dark_batch()
    found: dict[str, torch.Tensor] = {}
    with (
        torch.no_grad(),
        tempfile.TemporaryDirectory() as temporary,
        mock.patch("torch.load", lambda file, **kwargs: load(file, map_location="cpu")),
    ):
        with code(codes / "Zero-DCE/Zero-DCE_code"):
            net = fill(importlib.import_module("model").enhance_net_nopool())
            found["zero_dce"] = net(x)[1]
        with code(codes / "Zero-DCE_extension/Zero-DCE++"):
            for scale in (1, 12):
                net = fill(importlib.import_module("model").enhance_net_nopool(scale))
                found[f"zero_dce_pp/{scale}"] = net(x)[0]
        with code(codes / "Semantic-Guided-Low-Light-Image-Enhancement"):
            net = fill(importlib.import_module("modeling.model").enhance_net_nopool(12))
            found["sgz/12"] = net(x)[0]
        with code(codes / "RUAS"):
            network = importlib.import_module("model").Network
            with mock.patch.object(network, "_init_weights"):
                images, _ = fill(network())(x)
            found["ruas/enhanced"], found["ruas/denoised"] = images[-2], images[-1]
        with code(codes / "SCI"):
            model = importlib.import_module("model")
            weights = saved(fill(model.Network()), temporary)
            found["sci"] = model.Finetunemodel(weights).eval()(x)[1]
        with code(codes / "PairLIE"):
            illumination, reflectance, _ = fill(importlib.import_module("net.net").net())(x)
            found["pairlie"] = illumination**0.2 * reflectance
        with code(codes / "ZeroIG"):
            model = importlib.import_module("model")
            weights = saved(fill(model.Network()), temporary)
            found["zero_ig"] = model.Finetunemodel(weights).eval()(x)[1]
        numbers = {name: image.numpy() for name, image in found.items()}
        with code(codes / "Zero-DCE_extension/Zero-DCE++"), torch.enable_grad():
            numbers |= zero_dce_pp_training()
        with code(codes / "SCI"), torch.enable_grad():
            numbers |= sci_training()
        with code(codes / "colie"), torch.enable_grad():
            numbers["colie"] = colie(codes / "colie", temporary)
    np.savez_compressed(Path(__file__).with_name("baselines.npz"), **numbers)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
