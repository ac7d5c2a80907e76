"""What ERFNet, ESNet and LEDNet share: the two-way downsampler and the learned upsampler.

Every convolution has a bias and every BatchNorm eps 1e-3.
Source: Romera et al., ERFNet (2018); the downsampler is that of ENet (Paszke et al., 2016).
"""

import torch
from torch import Tensor, nn

from variants.components.blocks import conv

EPS = 1e-3


class Downsampler(nn.Module):
    """A strided 3x3 convolution beside a max pool of the input, concatenated; BatchNorm, ReLU.

    Shape:
        input `(N, in_channels, H, W)` with even H and W, output `(N, out_channels, H/2, W/2)`.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = conv(in_channels, out_channels - in_channels, 3, stride=2, bias=True)
        self.pool = nn.MaxPool2d(2)
        self.norm = nn.BatchNorm2d(out_channels, eps=EPS)
        self.relu = nn.ReLU(inplace=True)
        self.summary = "Downsampler"

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.norm(torch.cat([self.conv(x), self.pool(x)], 1)))


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
        self.summary = "Transposed Conv 3×3 (s=2)"
