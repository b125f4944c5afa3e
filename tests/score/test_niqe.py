"""NIQE equals pyiqa's, with any parameters."""

import numpy as np
import pytest
from scipy.io import savemat
from support.helpers import needs_data
from support.pictures import noisy, scene
from support.tensors import to_tensor

from experiments.score import perceptual


@pytest.fixture(scope="module")
def random_parameters(tmp_path_factory):
    """A file with a random mean and a random covariance of 36 features."""
    rng = np.random.default_rng(0)
    root = rng.normal(0, 0.1, (36, 36))
    path = tmp_path_factory.mktemp("weights") / "random.mat"
    savemat(path, {"mu_prisparam": rng.uniform(0, 1, (1, 36)), "cov_prisparam": root @ root.T})
    return path


@pytest.mark.parametrize("change", ["none", "dark", "noise", "flat half", "one flat block"])
@pytest.mark.parametrize("parameters", ["random", pytest.param("official", marks=needs_data)])
def test_niqe_equals_pyiqa(parameters, change, random_parameters):
    """To the fourth digit and more; blocks without contrast count as pyiqa counts them."""
    import pyiqa

    image = {"none": scene(288, 400), "dark": scene() // 9, "noise": noisy(scene(), 30)}.get(change)
    if image is None:
        image = scene(300, 300)
        image[:, 200:] = 77 if change == "flat half" else image[:, 200:]
        image[:96, :96] = 200
    # Halfway between two levels pyiqa's rounding depends on the CPU.
    halfway = image.astype(int) @ [299, 587, 114] % 1000 == 500
    image = np.where(halfway[..., None], image ^ np.uint8([0, 0, 1]), image)
    path = random_parameters if parameters == "random" else perceptual.metric_weights("niqe")
    theirs = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=str(path))
    found = perceptual.niqe(image, parameters=path)
    assert found == pytest.approx(float(theirs(to_tensor(image))), rel=1e-5)
