"""The stem: plain 3x3 convolutions that bring the image down to a quarter of its size.

Its strides decide the size of every map behind it, and so most of the cost: the light variants of
the paper change nothing else here. Source: Table II of the FASSD-Net paper.
"""

from collections.abc import Sequence

from torch import nn

from variants.components.blocks import ConvBNReLU
from variants.errors import BadRequest


class ConvStem(nn.Sequential):
    """A chain of 3x3 conv-BN-ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, channels[-1], H/s, W/s)` with `s` the product
        of the strides, rounded up at every convolution.

    Args:
        in_channels: Channels of the image.
        strides: Stride of each convolution.
        channels: Output channels of each convolution.

    Raises:
        BadRequest: If the two lists differ in length, are empty or hold a number below 1.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        strides: Sequence[int] = (2, 1, 2, 1),
        channels: Sequence[int] = (16, 24, 32, 48),
    ) -> None:
        if len(strides) != len(channels) or not channels:
            raise BadRequest(
                f"stem conv: strides and channels must be equally many and at least one, "
                f"got strides={list(strides)}, channels={list(channels)}"
            )
        if min(*strides, *channels) < 1:
            raise BadRequest(
                f"stem conv: strides and channels must be at least 1, "
                f"got strides={list(strides)}, channels={list(channels)}"
            )
        ins = [in_channels, *channels[:-1]]
        super().__init__(
            *(ConvBNReLU(i, o, 3, stride=s) for i, o, s in zip(ins, channels, strides, strict=True))
        )
        self.strides = tuple(strides)
        self.out_channels = channels[-1]
