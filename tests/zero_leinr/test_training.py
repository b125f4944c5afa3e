"""The training loop: exact resume, streams that do not touch each other, and bad input."""

import csv
import itertools
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from zero_leinr import training
from zero_leinr.batches import batches, steps_in_epoch
from zero_leinr.checkpoint import load_state
from zero_leinr.errors import InputError
from zero_leinr.recipe import Recipe
from zero_leinr.rng import stream
from zero_leinr.training import train
from zero_leinr.training_step import TrainingStep, training_step

SMALL = {"epochs": 3, "batch": 2, "image_size": 64, "steps_per_epoch": 2}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    scene = rng.integers(0, 80, (5, 8, 8, 3)).astype(np.uint8)
    return scene.repeat(8, axis=1).repeat(8, axis=2)


def weights(model, part):
    net = model.enrb if part == "denoiser" else model.cpleb.branches[part]
    return torch.cat([weight.flatten() for weight in net.state_dict().values()])


@pytest.fixture(scope="module")
def full(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    return train(Recipe().replace(SMALL), images, 0, folder, device="cpu"), folder


def test_a_killed_run_resumes_with_the_same_bits(images, full, tmp_path):
    class Killed(Exception):
        pass

    def kill(done, total, values):
        if done >= 4:
            raise Killed

    with pytest.raises(Killed):
        train(
            Recipe().replace(SMALL), images, 0, tmp_path,
            device="cpu", checkpoint_every=2, progress=kill,
        )  # fmt: skip
    # The state is that of step 2: what followed is repeated, not lost.
    state, told = load_state(tmp_path / "state.ckpt"), []
    model = train(
        Recipe().replace(SMALL), images, 0, tmp_path,
        device="cpu", progress=lambda *news: told.append(news),
    )  # fmt: skip
    assert state["step"] == told[0][0] == 2
    # The clock goes on where the first segment stopped.
    assert 0 < state["seconds"] == told[0][2]["seconds"] < told[-1][2]["seconds"]
    for part in ("light", "color", "denoiser"):
        assert torch.equal(weights(model, part), weights(full[0], part))
    for name in ("model.safetensors", "losses.csv"):
        assert (tmp_path / name).read_bytes() == (full[1] / name).read_bytes()


def test_training_computes_without_subnormal_numbers(images, tmp_path):
    """Dead weights decay into them, and each step would take several times as long."""
    tiny, seen = torch.tensor(torch.finfo(torch.float32).tiny), []
    assert tiny / 4 * 2**10 > 0

    def look(done, total, values):
        seen.append(float(tiny / 4 * 2**10))

    recipe = Recipe().replace(SMALL | {"epochs": 1, "steps_per_epoch": 1})
    train(recipe, images, 0, tmp_path, device="cpu", progress=look)
    assert seen
    assert set(seen) == {0.0}
    assert tiny / 4 * 2**10 > 0, "the caller's own arithmetic changed"


def test_a_process_killed_by_the_system_resumes(images, full, tmp_path):
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from zero_leinr.recipe import Recipe; from zero_leinr.training import train\n"
        f"train(Recipe().replace({SMALL | {'epochs': 500}}), np.load(sys.argv[1]), 0,"
        " Path(sys.argv[2]), device='cpu', checkpoint_every=1)"
    )
    run = tmp_path / "run"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "images.npy"), str(run)])
    while not (run / "state.ckpt").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    state = torch.load(run / "state.ckpt", weights_only=True)
    assert state["step"] >= 1
    assert not (run / "model.safetensors").exists()


def test_losses_are_logged_once_a_step(full):
    rows = list(csv.DictReader((full[1] / "losses.csv").open()))
    assert [int(row["step"]) for row in rows] == list(range(6))
    assert [int(row["epoch"]) for row in rows] == [0, 0, 1, 1, 2, 2]
    for row in rows:
        parts = [float(v) for k, v in row.items() if k.startswith("light/") and "total" not in k]
        assert float(row["light/total"]) == pytest.approx(sum(parts), rel=1e-4)


def test_stage_one_is_the_same_bits_without_the_denoiser(images, full, tmp_path):
    model = train(Recipe().replace(SMALL | {"denoiser": None}), images, 0, tmp_path, device="cpu")
    for branch in ("light", "color"):
        assert torch.equal(weights(model, branch), weights(full[0], branch))


def test_a_loss_removed_from_one_branch_leaves_the_other_untouched(images, full, tmp_path):
    model = train(
        Recipe().replace(SMALL | {"light": {"constancy": 0}}), images, 0, tmp_path, device="cpu"
    )
    assert torch.equal(weights(model, "color"), weights(full[0], "color"))
    assert not torch.equal(weights(model, "light"), weights(full[0], "light"))
    assert "light/constancy" not in (tmp_path / "losses.csv").read_text()


def test_seeds_differ(images, full, tmp_path):
    model = train(Recipe().replace(SMALL), images, 1, tmp_path, device="cpu")
    assert not torch.equal(weights(model, "light"), weights(full[0], "light"))


def test_an_epoch_shows_every_image_once(images):
    recipe = Recipe().replace({"epochs": 2, "batch": 2, "image_size": 64})
    assert steps_in_epoch(recipe, len(images)) == 3
    seen = [[], []]
    for _, epoch, batch in batches(images, recipe, 0, 0, "cpu"):
        seen[epoch] += [tuple(image.flatten()[:30].mul(255).tolist()) for image in batch]
    assert [len(set(shown)) for shown in seen] == [5, 5]
    assert seen[0] != seen[1]


def test_crops_are_windows_of_the_images(images):
    recipe = Recipe(denoiser=None, epochs=1, batch=2, image_size=64, crop=32)
    _, _, batch = next(batches(images, recipe, 0, 0, "cpu"))
    assert batch.shape == (2, 3, 32, 32)
    for window in (batch.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy():
        views = np.lib.stride_tricks.sliding_window_view(images, (32, 32), axis=(1, 2))
        views = views.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 32, 32, 3)
        assert (views == window).all(axis=(1, 2, 3)).any()


@pytest.mark.parametrize("crop", [None, 32])
def test_batches_are_those_of_the_streams(images, crop):
    """Gathered by index, on whatever device, they are the plain slices; also from the middle on."""
    recipe = Recipe(denoiser=None, epochs=2, batch=2, image_size=64, crop=crop)
    side = crop or 64
    found = list(batches(images, recipe, 5, 0, "cpu"))
    assert [step for step, *_ in found] == list(range(6))
    for step, epoch, batch in found:
        order = torch.randperm(5, generator=stream(5, "order", epoch)).split(2)[step % 3]
        corners = torch.zeros(len(order), 2, dtype=torch.int64)
        if crop:
            corners = torch.randint(33, corners.shape, generator=stream(5, "crop", step))
        for image, i, (top, left) in zip(batch, order, corners, strict=True):
            window = images[i, top : top + side, left : left + side]
            assert torch.equal(image.permute(1, 2, 0), torch.from_numpy(window).float() / 255)
        assert batch.is_contiguous(memory_format=torch.channels_last)
    for (*_, batch), (*_, again) in zip(
        found[4:], batches(images, recipe, 5, 4, "cpu"), strict=True
    ):
        assert torch.equal(batch, again)


class Line:
    """A step of the training loop that takes no time; its weight is the number of the step."""

    def __init__(self, spoilt: int | None = None) -> None:
        self.model, self.spoilt = torch.nn.Linear(1, 1), spoilt
        self.state_dict, self.load_state_dict = self.model.state_dict, self.model.load_state_dict

    def __call__(self, image, epoch, step):
        self.model.weight.data.fill_(math.nan if step == self.spoilt else step)
        return {"line/total": torch.tensor(1.0)}


@pytest.mark.parametrize(
    ("seconds", "checkpoints", "readings"),
    [(0.001, [10, 100], 10), (0.5, [10, 70, 100], 50), (40, list(range(10, 101, 10)), 100)],
)
def test_checkpoints_and_readings_go_by_time(tmp_path, monkeypatch, seconds, checkpoints, readings):
    """On a GPU that takes milliseconds a step, every hundredth would be one too many."""
    clock = itertools.count(step=seconds)
    monkeypatch.setattr(training, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    saved, read = [], []
    monkeypatch.setattr(training, "save_state", lambda state, _: saved.append(state["step"]))
    recipe = Recipe(epochs=1, batch=1, image_size=64)
    train(
        recipe, np.zeros((100, 64, 64, 3), np.uint8), 0, tmp_path, device="cpu",
        make_step=lambda *_: Line(), checkpoint_every=10,
        progress=lambda done, *_: read.append(done),
    )  # fmt: skip
    assert saved == checkpoints
    assert len(read) - 1 == pytest.approx(readings, abs=1)
    assert (tmp_path / "losses.csv").read_text().count("\n") == 101


@pytest.mark.parametrize("seconds", [0, 1000])
def test_what_is_kept_of_a_diverging_run_does_not_depend_on_the_clock(tmp_path, seconds):
    line = Line(spoilt=99)
    train(
        Recipe(epochs=1, batch=1, image_size=64), np.zeros((100, 64, 64, 3), np.uint8), 0, tmp_path,
        device="cpu", make_step=lambda *_: line, checkpoint_every=10, checkpoint_seconds=seconds,
    )  # fmt: skip
    state = load_state(tmp_path / "state.ckpt")
    assert (state["step"], state["diverged_at"]) == (90, 100)
    assert line.model.weight.item() == 89


def test_the_process_is_set_up_for_training_and_as_it_was_afterwards(images, tmp_path):
    seen, before = [], torch.backends.cudnn.deterministic
    recipe = Recipe().replace(SMALL | {"epochs": 1, "steps_per_epoch": 1})
    train(
        recipe, images, 0, tmp_path, device="cpu",
        progress=lambda *_: seen.append(torch.backends.cudnn.deterministic),
    )  # fmt: skip
    assert all(seen)
    assert seen
    assert torch.backends.cudnn.deterministic == before


def test_a_folder_of_another_recipe_is_not_overwritten_unasked(images, full):
    folder, other = full[1], Recipe().replace(SMALL | {"lr": 1e-3})
    before = (folder / "model.safetensors").read_bytes()
    with pytest.raises(InputError, match="another recipe or seed"):
        train(other, images, 0, folder, device="cpu")
    assert (folder / "model.safetensors").read_bytes() == before


def test_another_run_is_replaced_where_that_is_wanted(images, full, tmp_path):
    shutil.copytree(full[1], tmp_path, dirs_exist_ok=True)
    steps: list[int] = []

    def again(images, *, replace):
        steps.clear()
        return train(
            Recipe().replace(SMALL), images, 0, tmp_path, device="cpu", replace=replace,
            progress=lambda done, *_: steps.append(done),
        )  # fmt: skip

    with pytest.raises(InputError, match="other images"):
        again(255 - images, replace=False)
    model = again(255 - images, replace=True)
    assert steps[0] == 0
    assert not torch.equal(weights(model, "light"), weights(full[0], "light"))


def test_a_finished_run_is_written_from_its_state_and_not_trained_again(images, full, tmp_path):
    """As where its weights were deleted, or it was killed between the last step and these."""
    shutil.copytree(full[1], tmp_path, dirs_exist_ok=True)
    for name in ("model.safetensors", "losses.csv"):
        (tmp_path / name).unlink()
    steps: list[int] = []
    train(
        Recipe().replace(SMALL), images, 0, tmp_path, device="cpu", replace=True,
        progress=lambda done, *_: steps.append(done),
    )  # fmt: skip
    assert steps == [6]
    for name in ("model.safetensors", "losses.csv"):
        assert (tmp_path / name).read_bytes() == (full[1] / name).read_bytes()


def test_a_damaged_state_is_named(images, tmp_path):
    (tmp_path / "state.ckpt").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"state\.ckpt: this training state is damaged"):
        train(Recipe().replace(SMALL), images, 0, tmp_path, device="cpu")


@pytest.mark.parametrize(("every", "kept_step"), [(2, 4), (100, 0)])
def test_a_diverging_run_stops_and_keeps_its_last_good_weights(images, tmp_path, every, kept_step):
    """Once it has, it is not trained on: the other methods of a study can be compared."""
    seen: list[int] = []

    class Spoiled(TrainingStep):
        def __call__(self, image, epoch, step):
            losses = super().__call__(image, epoch, step)
            seen.append(step)
            if step == 4:
                next(self.model.parameters()).data.fill_(math.inf)
            return losses

    def make(recipe, seed, device):
        return Spoiled(training_step(recipe, seed, device).model, recipe, seed)

    for _ in range(2):
        model = train(
            Recipe().replace(SMALL), images, 0, tmp_path, make_step=make, device="cpu",
            checkpoint_every=every,
        )  # fmt: skip
    state = load_state(tmp_path / "state.ckpt")
    assert (state["step"], state["diverged_at"]) == (kept_step, 6)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert all(weight.isfinite().all() for weight in model.parameters())
    kept = load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(kept[name], weight) for name, weight in model.state_dict().items())
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 1 + 6


@pytest.mark.parametrize("shape", [(0, 64, 64, 3), (3, 32, 32, 3), (3, 3, 64, 64)])
def test_images_of_another_shape_are_refused(shape, tmp_path):
    with pytest.raises(InputError, match="training images"):
        train(Recipe().replace(SMALL), np.zeros(shape, np.uint8), 0, tmp_path, device="cpu")


def test_an_absent_device_is_named(images, tmp_path):
    with pytest.raises(InputError, match="device tpu"):
        train(Recipe().replace(SMALL), images, 0, tmp_path, device="tpu")


def test_bfloat16_trains_close_to_float32(images, full, tmp_path):
    model = train(
        Recipe().replace(SMALL | {"precision": "bfloat16"}), images, 0, tmp_path, device="cpu"
    )
    ours, plain = weights(model, "light"), weights(full[0], "light")
    assert not torch.equal(ours, plain)
    # Six Adam steps move a weight by at most 6 * lr.
    assert (ours - plain).abs().mean() < 6e-4
