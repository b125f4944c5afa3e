"""ENRB, the second stage: the U-Net of Neighbor2Neighbor and the sub-images it learns from."""

import functools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zero_leinr.fused_conv import conv_joined, conv_upsampled_joined

MULTIPLE = 32
"""Height and width must be multiples of this: the U-Net halves them five times."""

MERGED = 2
"""The finest levels, where the upsampling and the convolution after it are computed as one.

Deeper maps are small: there, combining two kernels costs a training step more than it saves.
"""

NEIGHBOR_PAIRS = ((0, 1), (0, 2), (1, 3), (2, 3), (1, 0), (2, 0), (3, 1), (3, 2))
"""Ordered pairs of adjacent pixels in a 2x2 cell, numbered row by row."""


class ENRB(nn.Module):
    """Enhanced-noise reduction block; 1,259,475 parameters.

    Layers carry the official names, so official checkpoints of the denoiser load as they are.

    Source: ``arch_unet.py`` of nycu-acm/Zero-LEINR; Huang et al., Neighbor2Neighbor, CVPR 2021.
    """

    def __init__(self, features: int = 48) -> None:
        super().__init__()
        n = features

        def conv(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, size, padding=size // 2)

        self.enc_conv0 = conv(3, n)
        for level in range(1, 7):
            self.add_module(f"enc_conv{level}", conv(n, n))
        for level in range(5, 0, -1):
            below = n if level == 5 else 2 * n
            skip = 3 if level == 1 else n
            upsample = nn.ConvTranspose2d(below, below, 2, stride=2)
            self.add_module(f"up{level}", nn.ModuleDict({"deconv": upsample}))
            self.add_module(f"dec_conv{level}a", conv(below + skip, 2 * n))
            self.add_module(f"dec_conv{level}b", conv(2 * n, 2 * n))
        self.nin_a = conv(2 * n, 2 * n, size=1)
        self.nin_b = conv(2 * n, 2 * n, size=1)
        self.nin_c = conv(2 * n, 3, size=1)

    def initialize(self, generator: torch.Generator) -> None:
        """Draw weights from Kaiming's normal (fan in, a = 0), times 0.1; set biases to zero."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight, generator=generator)
                with torch.no_grad():
                    layer.weight *= 0.1
                    if layer.bias is not None:
                        layer.bias.zero_()

    def forward(self, image: Tensor) -> Tensor:
        """Denoise a batch.

        Args:
            image: (B, 3, H, W), RGB in [0, 1]; H and W multiples of 32.

        Returns:
            (B, 3, H, W), not clipped.

        Raises:
            ValueError: H or W is not a multiple of 32.
        """
        if image.shape[-2] % MULTIPLE or image.shape[-1] % MULTIPLE:
            raise ValueError(
                f"ENRB takes heights and widths that are multiples of {MULTIPLE}, "
                f"not {image.shape[-2]}x{image.shape[-1]}: pad the image first"
            )

        def layer(name: str, x: Tensor) -> Tensor:
            return F.leaky_relu_(getattr(self, name)(x), 0.2)

        # x is rebound at every layer: without gradients, feature maps are then freed early.
        skips = [image]
        x = layer("enc_conv0", image)
        for level in range(1, 6):
            x = F.max_pool2d(layer(f"enc_conv{level}", x), 2)
            skips.append(x)
        x = layer("enc_conv6", skips.pop())
        for level in range(5, 0, -1):
            up, conv = getattr(self, f"up{level}"), getattr(self, f"dec_conv{level}a")
            if level <= MERGED:
                x = conv_upsampled_joined(conv, up.deconv, x, skips.pop())
            else:
                x = conv_joined(conv, up.deconv(x), skips.pop())
            x = F.leaky_relu_(x, 0.2)
            x = layer(f"dec_conv{level}b", x)
        x = layer("nin_a", x)
        x = layer("nin_b", x)
        return self.nin_c(x)


def draw_neighbors(image: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw one of the eight neighbor pairs for every 2x2 cell.

    Args:
        image: (B, C, H, W), H and W even; its values play no part.
        generator: The random stream, on the image's device.

    Returns:
        (B, 2, H/2, W/2), int64: the first and the second pixel's number (0..3) in its cell.
    """
    batch, _, height, width = image.shape
    pairs = _pairs(image.device)
    shape = (batch, height // 2, width // 2)
    drawn = torch.randint(len(pairs), shape, generator=generator, device=image.device)
    return pairs[drawn].permute(0, 3, 1, 2)


@functools.cache
def _pairs(device: torch.device) -> Tensor:
    """Put the pairs on a device, once: an upload in every step would make the GPU wait."""
    return torch.tensor(NEIGHBOR_PAIRS, device=device)


def subsample(image: Tensor, neighbors: Tensor) -> tuple[Tensor, Tensor]:
    """Take the drawn pair of pixels out of every 2x2 cell.

    Args:
        image: (B, C, H, W), H and W even.
        neighbors: (B, 2, H/2, W/2) from ``draw_neighbors``, for all channels alike.

    Returns:
        G1(image) and G2(image), (B, C, H/2, W/2): the same scene with different noise.

    Source: Neighbor2Neighbor, CVPR 2021; ``generate_subimages`` of nycu-acm/Zero-LEINR.

    Examples:
        >>> cell = torch.tensor([[10, 11], [12, 13]]).view(1, 1, 2, 2)
        >>> first, second = subsample(cell, torch.tensor([3, 1]).view(1, 2, 1, 1))
        >>> first.item(), second.item()
        (13, 11)
    """
    batch, channels, height, width = image.shape
    cells = F.pixel_unshuffle(image, 2).view(batch, channels, 4, height // 2, width // 2)
    picked = cells.gather(2, neighbors.unsqueeze(1).expand(-1, channels, -1, -1, -1))
    return picked[:, :, 0], picked[:, :, 1]
