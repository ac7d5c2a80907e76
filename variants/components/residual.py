"""Residual blocks: two 3x3 convolutions, or a 3x3 between two 1x1 (bottleneck).

Source: He et al., Deep Residual Learning (CVPR 2016). The stride sits on the (first) 3x3, as in
every network here that has one; a shortcut is a 1x1 convolution where size or width changes.
"""

from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, ConvBNReLU


def shortcut(in_channels: int, out_channels: int, *, stride: int, eps: float = 1e-5) -> nn.Module:
    """Return what brings a block's input to the shape of its output: nothing, or a strided 1x1."""
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    return ConvBNReLU(in_channels, out_channels, 1, stride=stride, eps=eps, relu=False)


class Residual(nn.Module):
    """A branch added to its shortcut, then ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/s), ceil(W/s))`.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.branch(x) + self.shortcut(x))


class BasicBlock(Residual):
    """Two 3x3 convolutions.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of both convolutions and the output.
        stride: Stride of the first convolution and the shortcut.
        eps: What BatchNorm adds to the variance.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int = 1, eps: float = 1e-5
    ) -> None:
        super().__init__(
            nn.Sequential(
                ConvBNReLU(in_channels, out_channels, 3, stride=stride, eps=eps),
                ConvBNReLU(out_channels, out_channels, 3, eps=eps, gain=RESIDUAL_GAIN, relu=False),
            ),
            shortcut(in_channels, out_channels, stride=stride, eps=eps),
        )


class Bottleneck(Residual):
    """A 1x1 to `width`, a 3x3, and a 1x1 to the channels of the output.

    Args:
        in_channels: Channels of the input.
        width: Channels of the first 1x1 and the 3x3.
        out_channels: Channels of the output.
        stride: Stride of the 3x3 and the shortcut.
        dilation: Dilation of the 3x3.
    """

    def __init__(
        self, in_channels: int, width: int, out_channels: int, *, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__(
            nn.Sequential(
                ConvBNReLU(in_channels, width, 1),
                ConvBNReLU(width, width, 3, stride=stride, dilation=dilation),
                ConvBNReLU(width, out_channels, 1, gain=RESIDUAL_GAIN, relu=False),
            ),
            shortcut(in_channels, out_channels, stride=stride),
        )
