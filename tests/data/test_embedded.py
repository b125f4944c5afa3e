"""The embedded data: the same everywhere, and darkened as documented."""

import hashlib
import json

import numpy as np
import pytest

from experiments.data import embedded
from zero_leinr.images import read_image


@pytest.fixture(scope="module")
def pairs():
    return list(embedded.photograph_pairs())


@pytest.fixture(scope="module")
def scenes():
    return list(embedded.leaf_scenes())


def digest(made):
    """Hash arrays, not PNG files: encoders differ between platforms, pixels do not."""
    whole = hashlib.sha256()
    for stem, arrays, _ in made:
        for kind in sorted(arrays):
            whole.update(f"{stem}/{kind}/{arrays[kind].shape}".encode() + arrays[kind].tobytes())
    return whole.hexdigest()


def test_golden_pixels(pairs, scenes):
    assert digest(pairs) == "90320df101fba020e2edc4a2f39547eef8a7d611ca66bfe2d1dc6a278fef6f52"
    assert digest(scenes) == "7956b1a04c03fe9ad64109f5db7f3a5e2508146b5364395a75d49ebd3255c2e1"


def test_pairs_suit_every_metric(pairs):
    assert len(pairs) == 8
    for _, arrays, _ in pairs:
        assert arrays["low"].shape == arrays["high"].shape == (240, 320, 3)


def test_low_images_are_as_dark_as_real_ones(pairs, scenes):
    for stem, arrays, _ in [*pairs, *scenes]:
        assert 0.02 < arrays["low"].mean() / 255 < 0.2, stem
    assert 0.05 < np.mean([arrays["low"].mean() / 255 for _, arrays, _ in pairs]) < 0.15


def test_parameters_tell_the_truth(pairs):
    """Undoing the recorded exposure and gain gives back the mean linear light of the photograph."""
    for stem, arrays, camera in pairs:
        low, high = (embedded.srgb_to_linear(arrays[k] / 255.0) for k in ("low", "high"))
        undone = low * 2.0 ** camera["stops"] / np.asarray(camera["gain"])
        # The noise is clipped at black, which lifts dark channels: 15 % is that bias, not more.
        np.testing.assert_allclose(undone.mean((0, 1)), high.mean((0, 1)), rtol=0.15, err_msg=stem)


def test_noise_has_the_variance_of_the_model():
    camera = {"stops": 3.0, "gain": [1.0, 1.0, 1.0], "photons": 1000.0, "read": 0.001}
    grey = np.full((300, 300, 3), 200, np.uint8)
    low = embedded.darken(grey, camera, np.random.default_rng(0))
    light = embedded.srgb_to_linear(low / 255.0)
    level = embedded.srgb_to_linear(np.array(200 / 255.0)) / 8
    assert light.mean() == pytest.approx(level, rel=0.01)
    assert light.var() == pytest.approx(level / 1000.0 + 0.001**2, rel=0.05)


def test_tone_curve_is_inverted():
    x = np.linspace(0, 1, 1001)
    np.testing.assert_allclose(embedded.linear_to_srgb(embedded.srgb_to_linear(x)), x, atol=1e-7)


def test_scenes_have_the_spectrum_of_nature():
    """The power falls with frequency as in natural images: exponent about -2 to -3."""
    side = 128
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.zeros((side, side))
    for seed in range(12):
        grey = embedded.dead_leaves(side, np.random.default_rng(seed)).mean(-1)
        power += np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    band = (frequency > 0.03) & (frequency < 0.35)
    exponent = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert -3.3 < exponent < -1.8


def test_scenes_differ_and_are_covered(scenes):
    lows = [arrays["low"] for _, arrays, _ in scenes]
    assert len({low.tobytes() for low in lows}) == len(lows) == 64
    assert all(low.shape == (128, 128, 3) for low in lows)


def test_written_once_and_repaired(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "TRAIN_COUNT", 2)
    embedded.make_embedded(tmp_path, "train")
    target = tmp_path / "train"
    record = json.loads((target / "parameters.json").read_text())
    assert sorted(record["images"]) == ["leaves1", "leaves2"]
    assert {"stops", "gain", "photons", "read"} <= record["images"]["leaves1"].keys()
    first = {p.name: p.read_bytes() for p in (target / "low").iterdir()}
    times = {p: p.stat().st_mtime_ns for p in (target / "low").iterdir()}

    embedded.make_embedded(tmp_path, "train")  # whole: left alone
    assert times == {p: p.stat().st_mtime_ns for p in (target / "low").iterdir()}

    (target / "low" / "leaves1.png").write_bytes(b"spoilt")
    (target / "low" / "leaves2.png").unlink()
    embedded.make_embedded(tmp_path, "train")  # not whole: made again, same bytes
    assert first == {p.name: p.read_bytes() for p in (target / "low").iterdir()}
    assert [p.name for p in tmp_path.iterdir()] == ["train"]  # nothing temporary left


def test_two_processes_at_once(tmp_path, monkeypatch):
    """The slower one finds the set of the faster one in its place and is content."""
    monkeypatch.setattr(embedded, "TRAIN_COUNT", 1)
    write = embedded._write_set

    def write_while_another_finishes(folder, made):
        write(folder, made)
        if not (tmp_path / "train").exists():
            write(tmp_path / "train", embedded.leaf_scenes())

    monkeypatch.setattr(embedded, "_write_set", write_while_another_finishes)
    embedded.make_embedded(tmp_path, "train")
    assert embedded.is_whole(tmp_path / "train")
    assert [p.name for p in tmp_path.iterdir()] == ["train"]


def test_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "TRAIN_COUNT", 1)
    (tmp_path / "embedded").write_text("a file")
    with pytest.raises(ValueError, match="cannot be written"):
        embedded.make_embedded(tmp_path / "embedded", "train")


def test_files_hold_the_arrays(tmp_path, pairs):
    embedded.make_embedded(tmp_path, "test")
    for stem, arrays, _ in pairs:
        for kind, array in arrays.items():
            np.testing.assert_array_equal(
                read_image(tmp_path / "test" / kind / f"{stem}.png"), array
            )
