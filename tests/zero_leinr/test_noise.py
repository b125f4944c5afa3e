"""Training noise has the mean and the variance of its model."""

import pytest
import torch

from zero_leinr.noise import add_noise


@pytest.mark.parametrize(
    ("name", "std"),
    [("poisson30", (0.25 / 30) ** 0.5), ("gauss25", 25 / 255), ("none", 0.0)],
)
def test_noise_has_its_standard_deviation(name, std):
    image = torch.full((4, 3, 64, 64), 0.25)
    noise = add_noise(image, name, torch.Generator().manual_seed(0)) - image
    assert noise.std().item() == pytest.approx(std, rel=0.03)
    assert noise.mean().item() == pytest.approx(0, abs=0.005)


def test_mixed_noise_adds_both_variances():
    image = torch.full((4, 3, 64, 64), 0.25)
    noise = add_noise(image, "mix20", torch.Generator().manual_seed(0)) - image
    assert noise.var().item() == pytest.approx(0.25 / 20 + (20 / 255) ** 2, rel=0.05)
