"""The ONNX model does what `enhance` does, at any size, or it is not kept."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch

from experiments.cli.main import main
from experiments.export import onnx as export
from zero_leinr.checkpoint import load_model, save_model
from zero_leinr.errors import InputError
from zero_leinr.inference import enhance
from zero_leinr.model import ZeroLEINR
from zero_leinr.recipe import Recipe


def strong_model(seed):
    """Fresh weights, but of a denoiser whose output is no flat image."""
    model = ZeroLEINR().initialize(seed)
    with torch.no_grad():
        for weight in model.enrb.parameters():
            weight *= 9
        model.enrb.nin_c.bias += 0.5
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Weights and the model that the command made of them; one export for all tests, it is slow."""
    folder = tmp_path_factory.mktemp("export")
    weights, path = folder / "model.safetensors", folder / "model.onnx"
    save_model(strong_model(0), Recipe(), weights)
    assert main(["export", "--weights", str(weights), "--out", str(path)]) == 0
    return weights, path


@pytest.mark.parametrize(("height", "width"), [(32, 129), (90, 64)])
def test_images_of_other_sizes_come_out_as_in_pytorch(exported, height, width):
    from onnxruntime import InferenceSession

    weights, path = exported
    image = np.random.default_rng(1).integers(0, 90, (height, width, 3), dtype=np.uint8)
    ours = enhance(load_model(weights), image, padding="minimal")
    assert ours.std() > 5  # else any two images would agree
    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    fed = image.transpose(2, 0, 1)[None].astype(np.float32) / 255
    (output,) = session.run(None, {"image": fed})
    assert output.shape == (1, 3, height, width)
    levels = output[0].transpose(1, 2, 0) * 255
    np.testing.assert_allclose(levels, levels.round(), atol=1e-3)
    assert np.abs(levels - ours).max() <= 1.001


def test_the_file_says_what_it_takes_and_what_it_was_made_of(exported):
    import onnx

    model = onnx.load(exported[1])
    onnx.checker.check_model(model)
    for value in (*model.graph.input, *model.graph.output):
        sides = [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        assert sides == [1, 3, "height", "width"]
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(told["recipe"]) == Recipe().to_dict()
    assert "[0, 1]" in told["input"]


def test_a_file_that_computes_something_else_is_not_kept(exported, tmp_path, monkeypatch):
    _, path = exported
    other, target = tmp_path / "other.safetensors", tmp_path / "other.onnx"
    save_model(strong_model(1), Recipe(), other)
    monkeypatch.setattr(export, "_write", lambda model, metadata, to: shutil.copy(path, to))
    with pytest.raises(InputError, match=r"other\.onnx: not written: .* differs"):
        export.export_onnx(other, target)
    assert [file.name for file in tmp_path.iterdir()] == ["other.safetensors"]


@pytest.mark.parametrize("package", export.PACKAGES)
def test_a_missing_package_says_how_to_install(exported, tmp_path, monkeypatch, capsys, package):
    monkeypatch.setitem(sys.modules, package, None)
    arguments = ["export", "--weights", exported[0], "--out", tmp_path / "m.onnx"]
    assert main(list(map(str, arguments))) == 2
    line = capsys.readouterr().err
    assert f"needs the package {package}" in line
    assert "pip install '.[export]'" in line


def test_missing_weights_are_one_line(tmp_path, capsys):
    arguments = ["export", "--weights", tmp_path / "no.safetensors", "--out", tmp_path / "m.onnx"]
    assert main(list(map(str, arguments))) == 2
    assert "no.safetensors: no such weights" in capsys.readouterr().err


@pytest.mark.parametrize("side", [32, 33, 63, 64, 75, 95])
def test_a_side_is_reflected_as_padding_does(side):
    length = -(-side // 32) * 32
    expected = np.pad(np.arange(side), (0, length - side), mode="reflect")
    assert export.reflected(side).tolist() == expected.tolist()
