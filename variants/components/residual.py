"""The residual blocks of ResNet: two 3x3 convolutions, or a bottleneck of 1x1, 3x3 and 1x1.

Source: He et al., Deep Residual Learning (2016).
"""

from typing import Literal

from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, ConvBNReLU


class Residual(nn.Module):
    """`relu(layers(x) + shortcut(x))`, the shortcut a 1x1 conv-BN where the shape changes.

    Args:
        layers: The block's own way, without the last ReLU.
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the block.
        eps: What BatchNorm adds to the variance.
        shortcut_first: Whether the shortcut is computed before the block's own way; it decides
            the order of execution alone.
    """

    def __init__(
        self,
        layers: nn.Sequential,
        in_channels: int,
        out_channels: int,
        *,
        stride: int,
        eps: float = 1e-5,
        shortcut_first: bool = False,
    ) -> None:
        super().__init__()
        self.layers = layers
        self.shortcut = (
            nn.Identity()
            if stride == 1 and in_channels == out_channels
            else ConvBNReLU(in_channels, out_channels, 1, stride=stride, eps=eps, relu=False)
        )
        self.relu = nn.ReLU(inplace=True)
        self.shortcut_first = shortcut_first

    def forward(self, x: Tensor) -> Tensor:
        if self.shortcut_first:
            shortcut = self.shortcut(x)
            return self.relu(self.layers(x) + shortcut)
        return self.relu(self.layers(x) + self.shortcut(x))


class BasicBlock(Residual):
    """Two 3x3 convolutions, the first with the stride.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int = 1,
        eps: float = 1e-5,
        shortcut_first: bool = False,
    ) -> None:
        layers = nn.Sequential(
            ConvBNReLU(in_channels, out_channels, 3, stride=stride, eps=eps),
            ConvBNReLU(out_channels, out_channels, 3, eps=eps, gain=RESIDUAL_GAIN, relu=False),
        )
        super().__init__(
            layers,
            in_channels,
            out_channels,
            stride=stride,
            eps=eps,
            shortcut_first=shortcut_first,
        )


class Bottleneck(Residual):
    """1x1 to `width`, 3x3, 1x1 to `out_channels`.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`.

    Args:
        in_channels: Channels of the input.
        width: Channels of the 3x3.
        out_channels: Channels of the output.
        stride: Stride of the block.
        dilation: Dilation of the 3x3.
        stride_at: Which convolution has the stride: the first 1x1 (as first published) or the 3x3.
        shortcut_first: As in `Residual`.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        out_channels: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        stride_at: Literal["1x1", "3x3"] = "3x3",
        shortcut_first: bool = False,
    ) -> None:
        first, second = (stride, 1) if stride_at == "1x1" else (1, stride)
        layers = nn.Sequential(
            ConvBNReLU(in_channels, width, 1, stride=first),
            ConvBNReLU(width, width, 3, stride=second, dilation=dilation),
            ConvBNReLU(width, out_channels, 1, gain=RESIDUAL_GAIN, relu=False),
        )
        super().__init__(
            layers, in_channels, out_channels, stride=stride, shortcut_first=shortcut_first
        )
