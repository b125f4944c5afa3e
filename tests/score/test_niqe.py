"""NIQE equals pyiqa's."""

import numpy as np
import pytest
from support.helpers import needs_data
from support.pictures import noisy, scene
from support.tensors import to_tensor

from experiments.score import perceptual


@needs_data
@pytest.mark.parametrize("change", ["none", "dark", "noise", "flat half", "one flat block"])
def test_niqe_equals_pyiqa(change):
    """To the fourth digit and more; blocks without contrast count as pyiqa counts them."""
    import pyiqa

    image = {"none": scene(288, 400), "dark": scene() // 9, "noise": noisy(scene(), 30)}.get(change)
    if image is None:
        image = scene(300, 300)
        image[:, 200:] = 77 if change == "flat half" else image[:, 200:]
        image[:96, :96] = 200
    # Halfway between two levels pyiqa's rounding depends on the processor.
    halfway = image.astype(int) @ [299, 587, 114] % 1000 == 500
    image = np.where(halfway[..., None], image ^ np.uint8([0, 0, 1]), image)
    path = str(perceptual.metric_weights("niqe"))
    theirs = pyiqa.create_metric("niqe", device="cpu", pretrained_model_path=path)
    assert perceptual.niqe(image) == pytest.approx(float(theirs(to_tensor(image))), rel=1e-5)
