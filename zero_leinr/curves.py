"""The curve estimator (Zero-DCE's DCE-Net) and the light-enhancement curve it draws."""

import torch
from torch import Tensor, nn

from zero_leinr.fused_conv import conv_joined

ITERATIONS = 8
"""How often the curve is applied; each time with an RGB map of its own."""


def apply_curves(image: Tensor, curves: Tensor) -> Tensor:
    """Bends every pixel by eight quadratic curves: ``x <- x + A_i * (x**2 - x)``.

    Args:
        image: (B, 3, H, W), RGB in [0, 1] (noise may exceed 1).
        curves: (B, 24, H, W), eight RGB curve maps A_1..A_8 in [-1, 1].

    Returns:
        The image after the eighth curve, (B, 3, H, W). It stays in [0, 1] where the image was.

    Source: Guo et al., Zero-DCE, CVPR 2020, equation 4.
    """
    for curve in curves.split(3, dim=1):
        image = image + curve * (image * image - image)
    return image


class CurveEstimator(nn.Module):
    """Seven 3x3 convolutions that estimate the curves of an image; 79,416 parameters.

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
        """Draws every weight from N(0, 0.02) and every bias from PyTorch's default range.

        The official code leaves the biases at PyTorch's default, uniform within
        ``1 / sqrt(fan_in)``; they are drawn again here so that the seed alone fixes them.
        """
        with torch.no_grad():
            for layer in self.children():
                assert isinstance(layer, nn.Conv2d)
                bound = (layer.in_channels * 9) ** -0.5
                layer.weight.normal_(0.0, 0.02, generator=generator)
                if layer.bias is not None:
                    layer.bias.uniform_(-bound, bound, generator=generator)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Enhances a batch.

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
        # The curve itself runs in float32: eight squarings in bfloat16 would lose the image.
        curves = torch.tanh(conv_joined(self.e_conv7, x1, x6).float())
        return apply_curves(image, curves), curves
