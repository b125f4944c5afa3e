"""Fixed inputs of the baselines' golden tests: the same for the official codes and for ours."""

import numpy as np
import torch


def fill(net: torch.nn.Module, biases: float = 1.0) -> torch.nn.Module:
    """Sets all weights by their names; statistics of batch normalization stay possible.

    Training asks for smaller biases, so that no feature is dead all over a dark image: batch
    normalization would blow the rounding errors of such a one up.
    """
    with torch.no_grad():
        for name, weight in sorted(net.state_dict().items()):
            if weight.is_floating_point():
                drawn = np.random.default_rng([*name.encode()]).standard_normal(weight.shape)
                drawn /= np.sqrt(max(1, weight[0].numel()))
                if name.endswith("running_var"):
                    drawn = 0.5 + np.abs(drawn)
                if name.endswith("bias"):
                    drawn *= biases
                weight.copy_(torch.from_numpy(drawn))
    return net.eval()


def dark_photo(height: int = 24, width: int = 36) -> np.ndarray:
    """(H, W, 3) uint8: a dark gradient with noise and a few black pixels."""
    rng = np.random.default_rng(4)
    gradient = np.linspace(4, 60, width)[None, :, None] * np.array([1.0, 0.8, 0.6])
    return rng.poisson(np.broadcast_to(gradient, (height, width, 3))).astype(np.uint8)


def dark_batch() -> torch.Tensor:
    """(1, 3, 24, 36) float32 in [0, 1]."""
    return torch.from_numpy(dark_photo().transpose(2, 0, 1)[None] / np.float32(255))


def training_batches() -> list[torch.Tensor]:
    """Two batches (2, 3, 32, 48) float32 in [0, 1], the second brighter than the first."""
    photos = np.stack([dark_photo(32, 48), dark_photo(32, 48)[:, ::-1]]).transpose(0, 3, 1, 2)
    batch = torch.from_numpy(photos / np.float32(255))
    return [batch, (2 * batch).clamp(0, 1)]
