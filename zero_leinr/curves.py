"""The curve estimator (Zero-DCE's DCE-Net) and the light-enhancement curve."""

import torch
from torch import Tensor, nn

from zero_leinr.fused_conv import conv_joined

ITERATIONS = 8
"""How often the curve is applied, each time with its own RGB map."""


def apply_curves(image: Tensor, curves: Tensor) -> Tensor:
    """Bend every pixel by eight quadratic curves: ``x <- x + A_i * (x**2 - x)``, i = 1..8.

    Args:
        image: x, (B, 3, H, W), RGB in [0, 1]; noise may exceed 1.
        curves: A, (B, 24, H, W), eight RGB curve maps in [-1, 1].

    Returns:
        The image after the eighth curve, (B, 3, H, W). It stays in [0, 1] where the image was.

    Source: Guo et al., Zero-DCE, CVPR 2020, section 3.1; its A has the opposite sign.

    Examples:
        >>> image = torch.full((1, 3, 1, 1), 0.5)
        >>> apply_curves(image, torch.zeros(1, 24, 1, 1)).flatten()
        tensor([0.5000, 0.5000, 0.5000])
        >>> apply_curves(image, torch.full((1, 24, 1, 1), -1.0)).flatten()  # 1 - 0.5**256
        tensor([1., 1., 1.])
    """
    for curve in curves.split(3, dim=1):
        image = image + curve * (image * image - image)
    return image


class CurveEstimator(nn.Module):
    """Seven 3x3 convolutions that estimate an image's curves; 79,416 parameters.

    The layers carry the names of the official checkpoints (``e_conv1`` .. ``e_conv7``), so
    Zero-DCE's weights load as they are.

    Source: ``arch_enhance_net.py`` of nycu-acm/Zero-LEINR; Zero-DCE, CVPR 2020.
    """

    def __init__(self, features: int = 32) -> None:
        super().__init__()

        def conv(inputs: int, outputs: int = features) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, kernel_size=3, padding=1)

        self.e_conv1 = conv(3)
        self.e_conv2 = conv(features)
        self.e_conv3 = conv(features)
        self.e_conv4 = conv(features)
        self.e_conv5 = conv(2 * features)
        self.e_conv6 = conv(2 * features)
        self.e_conv7 = conv(2 * features, 3 * ITERATIONS)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw every weight from N(0, 0.02**2) and every bias from PyTorch's default range.

        The official code leaves the biases at PyTorch's default, uniform within
        ``1 / sqrt(fan_in)``; they are drawn here, too, so that the seed alone fixes them.
        """
        with torch.no_grad():
            for layer in self.children():
                assert isinstance(layer, nn.Conv2d)
                bound = (layer.in_channels * 9) ** -0.5
                layer.weight.normal_(0.0, 0.02, generator=generator)
                if layer.bias is not None:
                    layer.bias.uniform_(-bound, bound, generator=generator)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Enhance a batch.

        Args:
            image: (B, 3, H, W), RGB in [0, 1], any size.

        Returns:
            The enhanced image (B, 3, H, W) and its curves (B, 24, H, W) in [-1, 1].
        """
        relu = torch.relu_
        x1 = relu(self.e_conv1(image))
        x2 = relu(self.e_conv2(x1))
        x3 = relu(self.e_conv3(x2))
        x4 = relu(self.e_conv4(x3))
        x5 = relu(conv_joined(self.e_conv5, x3, x4))
        x6 = relu(conv_joined(self.e_conv6, x2, x5))
        # The curve runs in float32: eight squarings in bfloat16 would lose the image.
        curves = torch.tanh(conv_joined(self.e_conv7, x1, x6).float())
        return apply_curves(image, curves), curves
