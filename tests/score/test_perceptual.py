"""LPIPS: equal to the package lpips, and no score from missing or damaged weights."""

import numpy as np
import pytest
from support.helpers import needs_data, one_line
from support.pictures import noisy, scene
from support.random_weights import save_random_trunk
from support.tensors import to_tensor

from experiments.data.weights import weights_file
from experiments.score import perceptual
from zero_leinr.errors import InputError


@pytest.fixture(scope="module")
def random_trunk(tmp_path_factory):
    return save_random_trunk(tmp_path_factory.mktemp("weights") / "random.npz")


def lpips_of_the_package(enhanced, reference, trunk):
    """The package's network with its own linear weights and the trunk of a file."""
    import lpips
    import torch

    network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    arrays = np.load(trunk)
    for key, value in network.net.state_dict().items():
        _, layer, kind = key.split(".")
        value.copy_(torch.from_numpy(arrays[f"features.{layer}.{kind}"]))
    with torch.no_grad():
        return float(network(to_tensor(enhanced), to_tensor(reference), normalize=True))


PAIRS = {
    "dark": (noisy(scene() // 3, 10), scene()),
    "small": (noisy(scene(32, 45) // 3, 10), scene(32, 45)),
    "color": (scene(64, 80)[..., ::-1].copy(), scene(64, 80)),
}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("trunk", ["random", "half", pytest.param("full", marks=needs_data)])
def test_lpips_equals_the_package(trunk, pair, random_trunk):
    names = {"half": "alexnet_half", "full": "alexnet_features"}
    path = random_trunk if trunk == "random" else weights_file(names[trunk])
    enhanced, reference = PAIRS[pair]
    expected = lpips_of_the_package(enhanced, reference, path)
    found = perceptual.lpips(enhanced, reference, trunk=path)
    assert found == pytest.approx(expected, rel=1e-4)
    assert expected > 0.02  # two equal images would give 0, and prove nothing


def test_lpips_is_zero_for_identical_images_and_grows_with_noise(random_trunk):
    reference = scene(64, 64)
    values = [
        perceptual.lpips(noisy(reference, sigma), reference, trunk=random_trunk)
        for sigma in (0, 8, 30)
    ]
    assert values[0] == 0
    assert values == sorted(values)


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("metric", [perceptual.lpips, perceptual.niqe])
def test_no_metric_runs_on_random_weights(metric):
    with pytest.raises(InputError, match="is missing"):
        metric(scene(), scene())


@pytest.mark.parametrize("damage", ["not an archive", "an array is missing", "a wrong shape"])
def test_damaged_trunk_is_refused(tmp_path, random_trunk, damage):
    path = tmp_path / "alexnet.npz"
    arrays = dict(np.load(random_trunk))
    if damage == "an array is missing":
        del arrays["features.6.bias"]
    elif damage == "a wrong shape":
        arrays["features.0.bias"] = np.zeros(1, np.float32)
    np.savez(path, **arrays)
    if damage == "not an archive":
        path.write_bytes(b"<html>not found</html>")
    with pytest.raises(InputError) as error:
        perceptual.lpips(scene(), scene(), trunk=path)
    assert str(path) in one_line(error)


@needs_data
def test_half_precision_moves_no_score_by_more_than_the_docs_say():
    """What comes with the suite, against AlexNet in full precision; docs/protocols.md: .0002."""
    full, half = (weights_file(name) for name in ("alexnet_features", "alexnet_half"))
    for enhanced, reference in PAIRS.values():
        score = perceptual.lpips(enhanced, reference, trunk=full)
        assert perceptual.lpips(enhanced, reference, trunk=half) == pytest.approx(score, abs=2e-4)
    for key, array in np.load(half).items():
        assert np.array_equal(array, np.load(full)[key].astype(np.float16))


def test_trunk_from_torchvisions_file_gives_the_same_score(tmp_path, random_trunk):
    import torch

    pair = scene(64, 64), noisy(scene(64, 64), 20)
    path = tmp_path / "alexnet-owt-7be5be79.pth"
    state = {key: torch.from_numpy(array) for key, array in np.load(random_trunk).items()}
    torch.save({**state, "classifier.6.bias": torch.zeros(1000)}, path)
    expected = perceptual.lpips(*pair, trunk=random_trunk)
    assert perceptual.lpips(*pair, trunk=path) == expected > 0
