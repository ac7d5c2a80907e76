"""Depthwise-separable convolutions: what MobileNets, Fast-SCNN and ContextNet are made of.

A depthwise 3x3 costs 9 MACs an element, the 1x1 behind it as many as it has input channels: nearly
all the arithmetic is in the 1x1. Source: Howard et al., MobileNets (2017); Sandler et al.,
MobileNetV2 (2018).
"""

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU


class SeparableConv(nn.Sequential):
    """Depthwise 3x3 conv-BN-ReLU, then 1x1 conv-BN-ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__(
            ConvBNReLU(in_channels, in_channels, 3, stride=stride, groups=in_channels),
            ConvBNReLU(in_channels, out_channels, 1),
        )
        self.summary = "DSConv" + (f" (s={stride})" if stride > 1 else "")


class InvertedResidual(nn.Module):
    """1x1 to `expansion` times the width, depthwise 3x3, linear 1x1; plus the input where it fits.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, expansion: int, stride: int = 1
    ) -> None:
        super().__init__()
        width = in_channels * expansion
        self.layers = nn.Sequential(
            ConvBNReLU(in_channels, width, 1),
            ConvBNReLU(width, width, 3, stride=stride, groups=width),
            ConvBNReLU(width, out_channels, 1, relu=False),
        )
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)
