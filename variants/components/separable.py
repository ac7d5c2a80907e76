"""Depthwise separable convolution: a convolution within each channel, then one across them.

Costs kernel² + out_channels MACs per element of the input in place of kernel² * out_channels.
"""

from torch import nn

from variants.components.blocks import ConvBNReLU


class SeparableConv(nn.Sequential):
    """Depthwise 3x3, BatchNorm, ReLU, pointwise 1x1, BatchNorm, ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the depthwise convolution.
        dilation: Dilation of the depthwise convolution.
        eps: What BatchNorm adds to the variance.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        eps: float = 1e-5,
    ) -> None:
        super().__init__(
            ConvBNReLU(
                in_channels, in_channels, 3,
                stride=stride, dilation=dilation, groups=in_channels, eps=eps,
            ),
            ConvBNReLU(in_channels, out_channels, 1, eps=eps),
        )  # fmt: skip
