"""Depthwise-separable convolutions: what MobileNets, Fast-SCNN and ContextNet are made of.

A depthwise 3x3 costs 9 MACs an element, the 1x1 behind it as many as it has input channels: nearly
all the arithmetic is in the 1x1. Source: Howard et al., MobileNets (2017); Sandler et al.,
MobileNetV2 (2018).
"""

from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, ConvBNReLU


class SeparableConv(nn.Sequential):
    """Depthwise 3x3 conv-BN-ReLU, then 1x1 conv-BN-ReLU.

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
                in_channels,
                in_channels,
                3,
                stride=stride,
                dilation=dilation,
                groups=in_channels,
                eps=eps,
            ),
            ConvBNReLU(in_channels, out_channels, 1, eps=eps),
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
        self.residual = stride == 1 and in_channels == out_channels
        gain = RESIDUAL_GAIN if self.residual else 1.0
        self.layers = nn.Sequential(
            ConvBNReLU(in_channels, width, 1),
            ConvBNReLU(width, width, 3, stride=stride, groups=width),
            ConvBNReLU(width, out_channels, 1, gain=gain, relu=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


def bottlenecks(
    in_channels: int, out_channels: int, *, blocks: int, expansion: int, stride: int
) -> nn.Sequential:
    """Return inverted residuals at one width, the first with the stride."""
    return nn.Sequential(
        InvertedResidual(in_channels, out_channels, expansion=expansion, stride=stride),
        *(
            InvertedResidual(out_channels, out_channels, expansion=expansion)
            for _ in range(blocks - 1)
        ),
    )
