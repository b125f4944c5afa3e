"""A training step recorded once as a CUDA graph, then replayed.

SCI's step is some 1,600 small operations on one image: to launch them takes a GPU longer than to
compute them. A graph launches all of them at once.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from baselines.training import Losses, TrainingStep

WARM_UP = 3
"""Steps before the recording, in which libraries choose kernels and Adam makes its moments."""

Replay = Callable[[], None]


class ReplayedStep:
    """A baseline's training step, replayed for all batches of the first one's shape.

    Nothing in such a step depends on the epoch or the step's number, so a recording holds for all.

    Args:
        step: On a CUDA device.
        record: Records what a function does, without doing it, and returns its result with what
            does it again; for tests.
    """

    def __init__(
        self,
        step: TrainingStep,
        record: "Callable[[Callable[[], Losses]], tuple[Replay, Losses]] | None" = None,
    ) -> None:
        self.step, self.record = step, record or record_graph
        self.image: Tensor | None = None
        self.taken = 0
        self.replay: Replay | None = None
        self.losses: Losses = {}
        on_gpu = next(step.model.parameters()).is_cuda
        for group in step.optimizer.param_groups:
            group["capturable"] = on_gpu  # Adam counts its steps on the device

    @property
    def model(self) -> nn.Module:
        """The networks."""
        return self.step.model

    def __call__(self, image: Tensor, epoch: int, step: int) -> Losses:
        """Train on one batch; see ``TrainingStep``."""
        if self.image is None:
            self.image = torch.empty_like(image)
        if image.shape != self.image.shape:  # the last batch of an epoch
            return self.step(image, epoch, step)
        if self.taken < WARM_UP:
            self.taken += 1
            with aside():
                return self.step(image, epoch, step)
        static = self.image.copy_(image)
        if self.replay is None:
            self.replay, self.losses = self.record(lambda: self.step(static, 0, 0))
        self.replay()
        return {name: value.clone() for name, value in self.losses.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return what ``TrainingStep`` does."""
        return self.step.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what ``state_dict`` gave; the recording is of other tensors, so it goes."""
        self.step.load_state_dict(state)
        self._forget()

    def _forget(self) -> None:
        self.taken, self.replay, self.losses = 0, None, {}


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Work on a CUDA stream of its own, as the steps before a recording must."""
    if not torch.cuda.is_available():
        yield
        return
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        yield
    torch.cuda.current_stream().wait_stream(side)


def record_graph(work: Callable[[], Losses]) -> tuple[Replay, Losses]:
    """Record CUDA work as a graph.

    Returns:
        What replays it, and the tensors that each replay fills again.
    """
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = work()
    return graph.replay, result


def faster(
    make_step: Callable[..., TrainingStep], compiled: bool, graphed: bool
) -> Callable[..., Any]:
    """Make a baseline's step faster on a GPU; the last bits then differ.

    Args:
        make_step: The baseline's ``training_step``.
        compiled: Send networks and losses through ``torch.compile``.
        graphed: Replay the whole step as a CUDA graph.
    """

    def make(*arguments: Any) -> TrainingStep | ReplayedStep:
        step = make_step(*arguments)
        if compiled:
            step.compile()
        return ReplayedStep(step) if graphed else step

    return make
