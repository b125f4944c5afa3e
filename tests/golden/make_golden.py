"""Makes ``golden.npz`` by running the official training code on the CPU.

The official code is not part of this repository. To make the numbers again::

    git clone https://github.com/nycu-acm/Zero-LEINR /somewhere
    git -C /somewhere checkout 22756bf6
    python tests/golden/make_golden.py /somewhere

It runs the official ``train()`` itself for two epochs of one step each (so that the ramped
regularization counts in the second), with weights, noise and neighbor masks set to the numbers of
``golden_inputs.py``, and keeps: the losses it logs, samples of all weights afterwards, and the
outputs of its modules and its validation. Only these numbers are stored.
"""

import sys
import tempfile
import types
from argparse import Namespace
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from golden_inputs import PICKED, fill, noisy_batch, pair_numbers, photo, sample
from PIL import Image


def run_on_cpu() -> None:
    """Makes ``.cuda()`` do nothing and gives the names that newer versions dropped."""
    torch.Tensor.cuda = lambda self, *args, **kwargs: self
    torch.nn.Module.cuda = lambda self, *args, **kwargs: self
    torch.nn.utils.clip_grad_norm = torch.nn.utils.clip_grad_norm_


def masks(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The fixed neighbor draw in the form that the official code uses."""
    pairs = torch.from_numpy(pair_numbers()).permute(0, 2, 3, 1).reshape(-1, 2)
    start = torch.arange(len(pairs)) * 4
    found = torch.zeros(2, 4 * len(pairs), dtype=torch.bool)
    for k in range(2):
        found[k, start + pairs[:, k]] = True
    return found[0], found[1]


def main(official: Path) -> None:
    """Runs the official code and writes the numbers beside this file."""
    sys.path.insert(0, str(official))
    logged: dict[str, list[float]] = {}

    class Writer:
        def __init__(self, log_dir: str) -> None:
            pass

        def add_scalar(self, name: str, value: float, step: int) -> None:
            logged.setdefault(name, []).append(value)

    sys.modules["tensorboardX"] = types.SimpleNamespace(SummaryWriter=Writer)
    sys.modules["torchinfo"] = types.SimpleNamespace(summary=None)
    run_on_cpu()
    import train as official_train

    nets: list[torch.nn.Module] = []

    def made(build: type) -> object:
        def build_and_fill() -> torch.nn.Module:
            nets.append(fill(build(), seed=len(nets)))
            return nets[-1]

        return build_and_fill

    numbers: dict[str, np.ndarray] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        mock.patch.multiple(
            official_train,
            EnhanceNet=made(official_train.EnhanceNet),
            DenoiseNet=made(official_train.DenoiseNet),
            weights_init=lambda module: None,
            generate_mask_pair=masks,
            AugmentNoise=lambda style: types.SimpleNamespace(
                add_train_noise=lambda x: noisy_batch()
            ),
        ),
    ):
        folder = Path(name)
        for part in ("train", "low", "high", "test"):
            (folder / part).mkdir()
        for k in range(2):
            Image.fromarray(photo()).save(folder / "train" / f"{k}.png")
        Image.fromarray(photo()).save(folder / "low" / "a.png")
        Image.fromarray(255 - photo()).save(folder / "high" / "a.png")
        scores: list[tuple[float, float]] = []
        validate = official_train.validate

        def keep_scores(modules: dict, config: Namespace) -> tuple[float, float]:
            scores.append(validate(modules, config))
            return scores[-1]

        with mock.patch.object(official_train, "validate", keep_scores):
            official_train.train(
                Namespace(
                    gpu_devices="0",
                    noisetype="poisson5_50",
                    parallel=False,
                    load_pretrain_enhance=False,
                    load_pretrain_denoise=False,
                    train_dirs=f"{folder}/train/",
                    patch_size=64,
                    train_batch_size=2,
                    num_workers=0,
                    tb_path=name,
                    well_exposure=0.6,
                    lr=6e-4,
                    lr_n2n=1e-4,
                    weight_decay=1e-5,
                    gamma=0.5,
                    start_epoch=0,
                    num_epochs=2,
                    grad_clip_norm=0.1,
                    increase_ratio=2.0,
                    Lambda1=1.0,
                    Lambda2=1.0,
                    display_iter=10,
                    snapshot_iter=10,
                    snapshot_path=name,
                    result_path=name,
                    val_input_dirs=f"{folder}/low",
                    val_gt_dirs=f"{folder}/high",
                    test_dirs=f"{folder}/test",
                )
            )
    numbers |= {f"logged/{key}": np.array(value) for key, value in logged.items()}
    numbers["validate"] = np.array(scores[-1])
    for part, net in zip(("light", "color", "denoiser"), nets, strict=True):
        numbers |= {f"after/{part}/{key}": sample(w) for key, w in net.state_dict().items()}

    with torch.no_grad():
        x = noisy_batch()
        curve_net = fill(type(nets[0])(), seed=0)
        _, enhanced, curves = curve_net(x)
        numbers["enhanced"] = enhanced[PICKED].numpy()
        numbers["curves"] = curves[PICKED].numpy()
        numbers["denoised"] = fill(type(nets[2])(), seed=2)(x)[PICKED].numpy()
    np.savez_compressed(Path(__file__).with_name("golden.npz"), **numbers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
