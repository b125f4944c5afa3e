"""The official training (nycu-acm/Zero-LEINR), run as it is on images that are handed to it.

You fetch the official code; nothing of it is here. Its ``train`` keeps all
that it does in a step: its assertions, its losses read for the log. Left out are the log itself and
its scoring of test images after each epoch.
"""

import sys
import tempfile
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from side_by_side import batch_of, finished


def official_training(folder: Path, device: str) -> Any:
    """Import the official ``train.py``, made to run where its packages or CUDA are missing.

    Args:
        folder: The official code.
        device: ``cpu`` or ``cuda``.
    """
    import torch
    import torchvision  # noqa: F401  (before the stand-ins, which it would find)

    if device == "cpu":
        _stay_on_cpu()
    # Imported by the official files for what is not called here.
    for name, member in {
        "torchinfo": "summary",
        "cv2": "",
        "tensorboardX": "SummaryWriter",
    }.items():
        sys.modules[name] = types.ModuleType(name)
        setattr(sys.modules[name], member, _Nothing)
    sys.path.insert(0, str(folder))
    import train

    # Removed from PyTorch; its place was taken by the name with an underscore.
    torch.nn.utils.clip_grad_norm = torch.nn.utils.clip_grad_norm_
    return train


def run(
    train: Any,
    loader: Iterable[Any],
    scored: Callable[[Any], None] = lambda _: None,
    **settings: Any,
) -> None:
    """Run the official ``train``.

    Args:
        train: What ``official_training`` gave.
        loader: Gives an epoch's batches, (B, 3, H, W) in [0, 1], each time it is iterated over.
        scored: Called with the networks by name after each epoch, in place of the scoring.
        settings: Those that differ from the official defaults.
    """

    def validate(modules: Any, _: Any) -> tuple[float, float]:
        scored(modules)
        return 0.0, 0.0

    train.dataloader.lowlight_loader = lambda *_: None
    train.torch.utils.data.DataLoader = lambda *_, **__: loader
    train.validate, train.test = validate, lambda *_: None
    with tempfile.TemporaryDirectory() as results:
        config = types.SimpleNamespace(
            gpu_devices="0", noisetype="poisson5_50", parallel=False, load_pretrain_enhance=False,
            load_pretrain_denoise=False, train_dirs="", patch_size=0, train_batch_size=0,
            num_workers=0, tb_path="", well_exposure=0.6, lr=6e-4, weight_decay=1e-5, lr_n2n=1e-4,
            num_epochs=100, gamma=0.5, start_epoch=0, grad_clip_norm=0.1, increase_ratio=2.0,
            Lambda1=1.0, Lambda2=1.0, display_iter=10**9, snapshot_iter=10**9, result_path=results,
        )  # fmt: skip
        vars(config).update(settings)
        train.train(config)


def official_step(
    folder: Path, batch: int, size: int, device: str, precision: str, state: Path | None = None
) -> Callable[[], None]:
    """One step on a batch that lies on the device, in epoch 1, a step a call.

    With the ``state.ckpt`` of a training, its branches go on from there, through the official
    code's own setting for it.
    """
    with tempfile.TemporaryDirectory() as place:
        settings: dict[str, Any] = {"start_epoch": 1}
        if state is not None:  # before the official code changes what our modules import
            _write_branches(state, Path(place))
            settings |= {"load_pretrain_enhance": True, "pretrain_model_enhance": place}
        train, images = official_training(folder, device), batch_of(batch, size, device)
        return _gated(train, lambda gate: gate.each([images]), device, precision, **settings)


def _write_branches(state: Path, place: Path) -> None:
    """Write a state's branches as the official code looks for them."""
    import torch

    from zero_leinr.checkpoint import load_state

    weights = load_state(state)["model"]
    for name, folder in (("light", "Model_enh_b1"), ("color", "Model_enh_b2")):
        start = f"cpleb.branches.{name}."
        branch = {k.removeprefix(start): v for k, v in weights.items() if k.startswith(start)}
        (place / folder).mkdir()
        torch.save(branch, place / folder / "Epoch195.pth")


def official_epoch(
    folder: Path, images: Path, batch: int, size: int, device: str
) -> Callable[[], None]:
    """One epoch over a folder of images, loaded as the official code does it, an epoch a call."""
    train = official_training(folder, device)
    loader = train.torch.utils.data.DataLoader(
        train.dataloader.lowlight_loader(f"{images}/", size),
        batch_size=batch,
        shuffle=True,
        num_workers=2,
        pin_memory=device != "cpu",
        multiprocessing_context="fork",  # as where the official script is started by itself
    )
    return _gated(train, lambda gate: gate.whole(loader), device, "float32")


def _gated(
    train: Any,
    opened: Callable[["_Gate"], Iterable[Any]],
    device: str,
    precision: str,
    **settings: Any,
) -> Callable[[], None]:
    """Run the official loop in a thread of its own, awake only between asking and answering."""
    import torch

    gate = _Gate()

    def loop() -> None:
        try:
            with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
                run(train, opened(gate), num_epochs=10**6, **settings)
        finally:
            gate.ended = True  # by one of its assertions
            gate.done.release()

    threading.Thread(target=loop, daemon=True).start()

    def wait() -> None:
        gate.done.acquire()
        if gate.ended:
            raise SystemExit("the official training stopped: see above")

    def call() -> None:
        gate.asked.release()
        wait()
        finished(device)

    wait()  # until the loop has asked for its first batch
    return call


class _Gate:
    """Lets the official loop have its batches only when work is asked for."""

    def __init__(self) -> None:
        self.asked, self.done, self.ended = threading.Semaphore(0), threading.Semaphore(0), False

    def each(self, batches: list[Any]) -> "_Opened":
        """One batch whenever asked, the same ones over and over, in one endless epoch."""

        def epoch() -> Iterator[Any]:
            while True:
                for batch in batches:
                    self._wait()
                    yield batch

        return _Opened(epoch)

    def whole(self, loader: Iterable[Any]) -> "_Opened":
        """Return a whole epoch whenever asked."""

        def epoch() -> Iterator[Any]:
            self._wait()
            yield from loader

        return _Opened(epoch)

    def _wait(self) -> None:
        self.done.release()
        self.asked.acquire()


class _Opened:
    """Iterated over again for each epoch."""

    def __init__(self, epoch: Callable[[], Iterator[Any]]) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[Any]:
        return self.epoch()


class _Nothing:
    """Stands for the log; does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


def _stay_on_cpu() -> None:
    """Make what is sent to CUDA stay where it is; the official code names no other device."""
    import torch

    torch.Tensor.cuda = lambda self, *_, **__: self
    torch.nn.Module.cuda = lambda self, *_, **__: self
    generator = torch.Generator
    torch.Generator = lambda device="cpu": generator()
