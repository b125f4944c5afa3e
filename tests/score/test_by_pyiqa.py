"""Metrics by their name in pyiqa."""

import hashlib
import socket

import numpy as np
import pytest

from experiments.data.weights import PACKAGED
from experiments.score import by_pyiqa
from experiments.score.by_pyiqa import WITHOUT_WEIGHTS, metric_of, read_libsvm
from experiments.score.run import missing_metrics, score_image
from experiments.sheets.metrics import load_metrics, weights_of
from zero_leinr.errors import InputError


def test_images_go_to_pyiqa_as_it_takes_them():
    image = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    assert metric_of("gmsd")(image, image, "cpu") == pytest.approx(0, abs=1e-6)
    assert metric_of("psnr")(image, image // 2 * 2, "cpu") == pytest.approx(51.1, abs=0.2)
    found = score_image(image, image, ["fsim", "gmsd"])
    assert found["fsim", "standard"] == pytest.approx(1, abs=1e-4)


def test_a_metric_is_made_once_for_all_images():
    metric_of("gmsd")(noise(), noise(), "cpu")
    made = by_pyiqa._loaded.cache_info().misses
    for image in (noise(1), noise(2)):
        score_image(image, noise(), ["gmsd"])
    assert by_pyiqa._loaded.cache_info().misses == made


def test_what_needs_weights_is_refused_before_any_download():
    with pytest.raises(InputError, match="pyiqa:nima: name its files under `weights`"):
        metric_of("nima")


def test_the_config_names_weights_of_all_that_need_them():
    named = {
        how["function"].partition(":")[2]: weights_of(entry)
        for entry in load_metrics().values()
        for how in entry["protocols"].values()
        if how["function"].startswith("pyiqa:")
    }
    assert named["dists"] == ("vgg16", "dists")
    assert {name for name, weights in named.items() if not weights} <= set(WITHOUT_WEIGHTS)


def test_missing_weights_are_one_line_that_says_what_to_fetch(tmp_path, monkeypatch):
    monkeypatch.setenv("ZERO_LEINR_DATA", str(tmp_path))
    lines = missing_metrics(["musiq", "dists"])
    assert lines["musiq"].startswith("musiq_koniq_ckpt-e95806b9.pth: missing; put it into ")
    assert "huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/0df2df42" in lines["musiq"]
    assert "sha256 e95806b9eae5" in lines["musiq"]
    assert "vgg16-397923af.pth: missing" in lines["dists"]
    assert "; DISTS_weights-f5e65c96.pth: missing" in lines["dists"]
    assert "\n" not in lines["musiq"] + lines["dists"]


def test_weights_in_the_data_folder_are_what_is_scored_with(tmp_path, no_network):
    """Random weights in musiq's shape: other weights, another score; no socket is opened."""
    import torch
    from pyiqa.archs.musiq_arch import MUSIQ

    scores = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        path = tmp_path / str(seed) / "musiq_koniq_ckpt-e95806b9.pth"
        path.parent.mkdir()
        torch.save(MUSIQ(pretrained=False).state_dict(), path)
        scores.append(metric_of("musiq", [path])(noise(), None, "cpu"))
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]
    assert no_network == []


def test_dists_is_what_its_paper_defines(tmp_path, no_network, monkeypatch):
    """Of two files: random convolutions of VGG16, and random weights of its 1475 maps."""
    import torch
    import torchvision

    monkeypatch.setattr(torch.nn.Linear, "reset_parameters", lambda _: None)  # 120 million numbers
    torch.manual_seed(0)
    features = torchvision.models.vgg16(weights=None, init_weights=False).features
    state = {f"features.{name}": value for name, value in features.state_dict().items()}
    for layer, shape in (("0", (4096, 25088)), ("3", (4096, 4096)), ("6", (1000, 4096))):
        state[f"classifier.{layer}.weight"] = torch.zeros(1, 1).expand(shape)
        state[f"classifier.{layer}.bias"] = torch.zeros(1).expand(shape[0])
    weights = {name: torch.rand(1, 1475, 1, 1) + 0.02 for name in ("alpha", "beta")}
    files = [tmp_path / "vgg16-397923af.pth", tmp_path / "DISTS_weights-f5e65c96.pth"]
    for path, content in zip(files, (state, weights), strict=True):
        torch.save(content, path)

    dists = metric_of("dists", files)
    other = np.clip(noise() // 2 + noise(1) // 4, 0, 255).astype(np.uint8)
    with torch.no_grad():
        expected = dists_of(features, weights, other, noise())
    assert dists(other, noise(), "cpu") == pytest.approx(expected, abs=1e-5)
    assert dists(noise(), noise(), "cpu") == pytest.approx(0, abs=1e-5)
    assert expected > 1e-3
    assert no_network == []


def dists_of(features, weights, *images):
    """Ding et al., equations 3 to 6: VGG16's five stages, pooled by a 3x3 Hann window in L2."""
    import torch

    window = torch.outer(*[torch.tensor([1.0, 2, 1]) / 4] * 2)
    mean, std = torch.tensor([[[0.485, 0.456, 0.406]], [[0.229, 0.224, 0.225]]])
    pixels = [torch.from_numpy(image).float() / 255 for image in images]
    maps = [[x.permute(2, 0, 1)[None]] for x in pixels]
    for found, x in zip(maps, pixels, strict=True):
        x = ((x - mean) / std).permute(2, 0, 1)[None]
        for layer in features:
            if isinstance(layer, torch.nn.MaxPool2d):
                found.append(x)
                kernel = window.expand(x.shape[1], 1, 3, 3)
                x = torch.nn.functional.conv2d(x**2, kernel, None, 2, 1, groups=x.shape[1]).sqrt()
            else:
                x = layer(x)
    likeness = []
    for a, b in zip(*maps, strict=True):
        a, b = a[0].flatten(1).double(), b[0].flatten(1).double()
        mean_a, mean_b = a.mean(1), b.mean(1)
        cov = ((a - mean_a[:, None]) * (b - mean_b[:, None])).mean(1)
        texture = (2 * mean_a * mean_b + 1e-6) / (mean_a**2 + mean_b**2 + 1e-6)
        structure = (2 * cov + 1e-6) / (a.var(1, correction=0) + b.var(1, correction=0) + 1e-6)
        likeness.append(torch.stack([texture, structure]))
    shares = torch.stack([weights["alpha"].flatten(), weights["beta"].flatten()]).double()
    return 1 - float((shares / shares.sum() * torch.cat(likeness, dim=1)).sum())


def test_clipiqa_reads_clip_from_its_file(tmp_path, no_network, monkeypatch):
    """A small CLIP with random weights, under an address that ends in its own checksum."""
    import torch
    from pyiqa.archs import clip_model

    scores = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        model = clip_model.CLIP(64, 64, (1, 1, 1, 1), 2, 0, 77, 49408, 64, 1, 1)
        path = tmp_path / str(seed) / "RN50.pt"
        path.parent.mkdir()
        torch.jit.script(bare(model)).save(str(path))  # what OpenAI's file is
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        monkeypatch.setitem(clip_model._MODELS, "RN50", f"https://example.org/{sha256}/RN50.pt")
        scores.append(metric_of("clipiqa", [path])(noise(), None, "cpu"))
    assert all(0 < score < 1 for score in scores)
    assert scores[0] != scores[1]
    assert no_network == []


def bare(model):
    """The same tensors under the same names, without what computes with them."""
    import torch

    copy = torch.nn.Module()
    for name, value in model.state_dict().items():
        place = copy
        for part in name.split(".")[:-1]:
            if part not in dict(place.named_children()):
                place.add_module(part, torch.nn.Module())
            place = place.get_submodule(part)
        place.register_buffer(name.rpartition(".")[2], value)
    return copy


def test_the_checksum_of_clip_is_the_one_in_pyiqas_address():
    from pyiqa.archs import clip_model

    from experiments.sheets.reading import load_checked
    from experiments.sheets.weights import WEIGHTS

    entry = load_checked(WEIGHTS, "weights.schema.yaml")["clip_rn50"]
    assert entry["address"] == clip_model._MODELS["RN50"]
    assert entry["address"].split("/")[-2] == entry["sha256"]


@pytest.mark.parametrize(
    ("name", "files"),
    [("dists", ["DISTS_weights-f5e65c96.pth"]), ("pi", ["niqe_modelparameters.mat"])],
)
def test_a_further_file_is_never_fetched(name, files, tmp_path, monkeypatch, no_network):
    """DISTS would fetch VGG's weights beside its own, and PI those of NRQM."""
    import torch

    monkeypatch.setattr("torch.hub._hub_dir", str(tmp_path / "cache"))
    with pytest.raises(InputError, match=rf"pyiqa:{name}: it would fetch a further file from \S+"):
        metric_of(name, [PACKAGED / file for file in files])(noise(), noise(), "cpu")
    assert no_network == []
    assert torch.hub.get_dir() == str(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_file_that_is_no_libsvm_model_is_named(tmp_path):
    path = tmp_path / "brisque_svm_weights.libsvm"
    for text in ("", "svm_type epsilon_svr\nSV\n", "svm_type epsilon_svr\nSV\n1 2 3\n"):
        path.write_text(text)
        with pytest.raises(InputError, match=r"brisque_svm_weights\.libsvm: not a model of LIBSVM"):
            read_libsvm(path)


@pytest.fixture
def no_network(monkeypatch):
    """The addresses that sockets were to be connected to; none is."""
    wanted = []

    def connect(self, address):
        wanted.append(address)
        raise OSError("the network is out of reach of tests")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return wanted


def noise(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (96, 128, 3), np.uint8)
