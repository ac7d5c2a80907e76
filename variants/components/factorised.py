"""What ERFNet, ESNet and LEDNet share: downsampler, upsampler, factorised residual block.

A k x k convolution as k x 1 and 1 x k, with a ReLU between, costs 2/k of it. Every convolution has
a bias and every BatchNorm eps 1e-3.
Source: Romera et al., ERFNet (2018); the downsampler is that of ENet (Paszke et al., 2016).
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, conv

EPS = 1e-3


class ConvBesidePool(nn.Module):
    """A strided 3x3 convolution beside a 2x2 max pool of the input, concatenated.

    Shape:
        input `(N, in_channels, H, W)` with even H and W, output `(N, out_channels, H/2, W/2)`.
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool) -> None:
        super().__init__()
        self.conv = conv(in_channels, out_channels - in_channels, 3, stride=2, bias=bias)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), self.pool(x)], 1)


class Downsampler(nn.Sequential):
    """A strided convolution beside a max pool, then BatchNorm and ReLU.

    Shape:
        input `(N, in_channels, H, W)` with even H and W, output `(N, out_channels, H/2, W/2)`.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            ConvBesidePool(in_channels, out_channels, bias=True),
            nn.BatchNorm2d(out_channels, eps=EPS),
            nn.ReLU(inplace=True),
        )
        self.summary = "Downsampler"


def transposed_conv(
    in_channels: int, out_channels: int, kernel: int, *, padding: int = 0, output_padding: int = 0
) -> nn.ConvTranspose2d:
    """Return a transposed convolution of stride 2 with bias."""
    layer = nn.ConvTranspose2d(
        in_channels, out_channels, kernel, stride=2, padding=padding, output_padding=output_padding
    )
    # of the kernel's positions only one in four meets any output pixel
    nn.init.normal_(layer.weight, std=(2 / (in_channels * kernel * kernel / 4)) ** 0.5)
    return layer


class Upsampler(nn.Sequential):
    """Transposed 3x3 convolution, BatchNorm, ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, 2H, 2W)`.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            transposed_conv(in_channels, out_channels, 3, padding=1, output_padding=1),
            nn.BatchNorm2d(out_channels, eps=EPS),
            nn.ReLU(inplace=True),
        )
        self.summary = "Deconv 3×3 (s=2)"


class FactorisedResidual(nn.Module):
    """Two factorised convolutions plus the input, the second of them dilated; ReLU.

    Shape:
        input and output `(N, channels, H, W)`.

    Args:
        channels: Channels in and out.
        kernel: Side of the kernels that are factorised.
        dilation: Dilation of the second one.
        dropout: Share of the channels that training drops before the addition.
    """

    def __init__(
        self, channels: int, *, kernel: int = 3, dilation: int = 1, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *factorised(channels, kernel, 1),
            nn.ReLU(inplace=True),
            *factorised(channels, kernel, dilation, gain=RESIDUAL_GAIN),
        )
        if dropout:
            self.layers.append(nn.Dropout2d(dropout))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.layers(x) + x)


def factorised(
    channels: int, kernel: int, dilation: int, *, across_first: bool = False, gain: float = 1.0
) -> list[nn.Module]:
    """Return k x 1, ReLU, 1 x k (the other way round with `across_first`) and BatchNorm.

    `gain` is what BatchNorm's scale starts from.
    """
    norm = nn.BatchNorm2d(channels, eps=EPS)
    nn.init.constant_(norm.weight, gain)
    down = conv(channels, channels, (kernel, 1), dilation=(dilation, 1), bias=True)
    across = conv(channels, channels, (1, kernel), dilation=(1, dilation), bias=True)
    first, second = (across, down) if across_first else (down, across)
    return [first, nn.ReLU(inplace=True), second, norm]


class Blocks(nn.Sequential):
    """Residual blocks at one size, as a row of an architecture table."""

    def __init__(self, name: str, blocks: Iterable[nn.Module]) -> None:
        super().__init__(*blocks)
        self.summary = f"{name} ×{len(self)}"
