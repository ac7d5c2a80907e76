"""Xception-65 as DeepLabV3+ changed it: strides in separable convolutions, no max pooling.

Source: tensorflow/models research/deeplab, core/xception.py (official); output stride 16, so that
the exit flow keeps the resolution and its last block has dilation 2.
"""

import math
from typing import Literal

from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, ConvBNReLU
from variants.components.separable import SeparableConv

EPS = 1e-3
MIDDLE_BLOCKS = 16
Widths = tuple[int, int, int]


class XceptionBlock(nn.Module):
    """Three separable convolutions, the last with the stride, and a shortcut.

    A convolution is ReLU, depthwise 3x3, BatchNorm, pointwise 1x1, BatchNorm; the shortcut takes
    the block's input as it is, before that first ReLU.

    Shape:
        input `(N, in_channels, H, W)`; output a pair of the second convolution's output, of
        `widths[1]` channels at the size of the input, and the block's, of `widths[2]` channels.

    Args:
        in_channels: Channels of the input.
        widths: Output channels of the three convolutions.
        stride: Stride of the third convolution and the shortcut.
        shortcut: A 1x1 convolution, or the input itself.
    """

    def __init__(
        self,
        in_channels: int,
        widths: Widths,
        *,
        stride: int = 1,
        shortcut: Literal["conv", "sum"] = "conv",
    ) -> None:
        super().__init__()
        first, second, third = widths
        self.head = nn.Sequential(_convolution(in_channels, first), _convolution(first, second))
        self.last = _convolution(second, third, stride=stride, gain=RESIDUAL_GAIN)
        self.shortcut = (
            ConvBNReLU(in_channels, third, 1, stride=stride, eps=EPS, relu=False)
            if shortcut == "conv"
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        inner = self.head(x)
        return inner, self.last(inner) + self.shortcut(x)


class Xception65(nn.Module):
    """The backbone.

    Shape:
        input `(N, 3, H, W)`; output a pair of `(N, 256, H/4, W/4)`, taken inside the second block
        of the entry flow behind BatchNorm, and `(N, 2048, H/16, W/16)`; sizes rounded up.
    """

    low_channels = 256
    out_channels = 2048

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            ConvBNReLU(3, 32, 3, stride=2, eps=EPS), ConvBNReLU(32, 64, 3, eps=EPS)
        )
        self.entry = nn.ModuleList(
            [
                XceptionBlock(64, (128, 128, 128), stride=2),
                XceptionBlock(128, (256, 256, 256), stride=2),
                XceptionBlock(256, (728, 728, 728), stride=2),
            ]
        )
        self.middle = nn.ModuleList(
            XceptionBlock(728, (728, 728, 728), shortcut="sum") for _ in range(MIDDLE_BLOCKS)
        )
        self.exit = XceptionBlock(728, (728, 1024, 1024))
        self.last = nn.Sequential(
            SeparableConv(1024, 1536, dilation=2, eps=EPS),
            SeparableConv(1536, 1536, dilation=2, eps=EPS),
            SeparableConv(1536, 2048, dilation=2, eps=EPS),
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        _, x = self.entry[0](self.stem(image))
        low, x = self.entry[1](x)
        _, x = self.entry[2](x)
        for block in (*self.middle, self.exit):
            _, x = block(x)
        return low, self.last(x)


def _convolution(
    in_channels: int, out_channels: int, *, stride: int = 1, gain: float = 1.0
) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(),  # not in place: the shortcut and the decoder read what stands before it
        # the scale makes up for a second convolution without a ReLU between, which starts too wide
        ConvBNReLU(
            in_channels,
            in_channels,
            3,
            stride=stride,
            groups=in_channels,
            eps=EPS,
            gain=math.sqrt(0.5),
            relu=False,
        ),
        ConvBNReLU(in_channels, out_channels, 1, eps=EPS, gain=gain, relu=False),
    )
