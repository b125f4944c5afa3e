"""What only a real card can show. `benchmarks/gpu_session.py --parts tests` runs it there."""

import numpy as np
import pytest
import torch
from support.random_weights import contrasted, save_random_trunk
from support.small_training import (
    PHOTO,
    SMALL,
    TRAINED,
    Killed,
    files,
    kill_after_four_steps,
    make_step_of,
    recipe_of,
    train_small,
)

from baselines.replayed_step import faster
from experiments.score.perceptual import lpips
from zero_leinr.inference import enhance

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("method", TRAINED)
def test_a_killed_run_resumes_with_the_same_bits(method, tmp_path):
    train_small(method, "cuda", tmp_path / "whole")
    killed = {"checkpoint_every": 2, "progress": kill_after_four_steps}
    with pytest.raises(Killed):
        train_small(method, "cuda", tmp_path / "killed", **killed)
    train_small(method, "cuda", tmp_path / "killed")
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


@pytest.fixture
def no_waiting():
    """From `begin` on, whatever waits for the card raises."""
    yield lambda: torch.cuda.set_sync_debug_mode("error")
    torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("method", TRAINED)
def test_a_step_does_not_wait_for_the_card(method, no_waiting):
    step = make_step_of(recipe_of(method))(recipe_of(method), 0, "cuda")
    batch = torch.full((2, 3, SMALL["crop"], SMALL["crop"]), 0.2, device="cuda")
    step(batch, 0, 0)  # fills caches
    no_waiting()
    step(batch, 0, 1)


def sci_replayed():
    return faster(make_step_of(recipe_of("sci_retrained")), compiled=False, graphed=True)


def test_a_replayed_step_trains_as_the_plain_one(tmp_path):
    """Adam counts its steps on the card then, and so rounds otherwise in the last bits."""
    plain = train_small("sci_retrained", "cuda", tmp_path / "plain")
    replayed = train_small("sci_retrained", "cuda", tmp_path / "replayed", sci_replayed())
    for expected, found in zip(plain.parameters(), replayed.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_a_replayed_run_resumes_with_the_same_bits(tmp_path):
    train_small("sci_retrained", "cuda", tmp_path / "whole", sci_replayed())
    killed = {"checkpoint_every": 2, "progress": kill_after_four_steps}
    with pytest.raises(Killed):
        train_small("sci_retrained", "cuda", tmp_path / "killed", sci_replayed(), **killed)
    train_small("sci_retrained", "cuda", tmp_path / "killed", sci_replayed())
    assert files(tmp_path / "killed") == files(tmp_path / "whole")


@pytest.mark.parametrize("options", [{}, {"padding": "minimal", "tile": 32}])
def test_images_are_nearly_those_of_the_cpu(options):
    """TF32 moves pixels: by .03 levels on average, where a CPU emulated that rounding."""
    model = contrasted()
    expected = enhance(model, PHOTO, **options).astype(int)
    assert expected.std() > 10
    assert np.abs(enhance(model.cuda(), PHOTO, **options) - expected).mean() < 0.1


def test_lpips_is_nearly_that_of_the_cpu(tmp_path):
    trunk = save_random_trunk(tmp_path / "trunk.npz")
    expected = lpips(PHOTO, PHOTO // 2, "cpu", trunk)
    assert lpips(PHOTO, PHOTO // 2, "cuda", trunk) == pytest.approx(expected, rel=1e-2)
