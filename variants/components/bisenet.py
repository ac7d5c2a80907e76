"""BiSeNet's parts: attention refinement of a map, and fusion of two maps by attention.

Both weigh channels by what their mean over the image says, which costs next to no arithmetic.
Source: Yu et al., BiSeNet (2018), and the first author's code, where the fusion's gate has neither
bias nor BatchNorm and does not reduce the channels.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, conv
from variants.errors import BadRequest, check_at_least_1


class AttentionRefinement(nn.Module):
    """A 3x3 conv-BN-ReLU, each channel of it times a gate that sees the whole map.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, H, W)`.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = ConvBNReLU(in_channels, out_channels, 3)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            ConvBNReLU(out_channels, out_channels, 1, relu=False),
            nn.Sigmoid(),
        )
        self.out_channels = out_channels
        self.summary = "ARM"

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * self.gate(x)


class ARM(AttentionRefinement):
    """Attention refinement as a context.

    Shape:
        input `(N, channels, H, W)`, output `(N, width, H, W)`.

    Args:
        channels: Channels of the input.
        width: Channels of the output.

    Raises:
        BadRequest: If `width` is below 1.
    """

    def __init__(self, channels: int, *, width: int = 128) -> None:
        check_at_least_1("context arm", width=width)
        super().__init__(channels, width)


class FeatureFusionModule(nn.Module):
    """A 1x1 conv-BN-ReLU of maps that stand side by side, plus the same times a gate.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, H, W)`.

    Args:
        in_channels: Channels of the maps together.
        out_channels: Channels of the output.
        reduction: Divisor of the channels between the gate's two convolutions.
    """

    def __init__(self, in_channels: int, out_channels: int, *, reduction: int = 1) -> None:
        super().__init__()
        width = out_channels // reduction
        self.conv = ConvBNReLU(in_channels, out_channels, 1)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            conv(out_channels, width, 1),
            nn.ReLU(inplace=True),
            conv(width, out_channels, 1),
            nn.Sigmoid(),
        )
        self.summary = "FFM"

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x + x * self.gate(x)


class FFMFusion(nn.ModuleList):
    """A feature fusion module for each decoder level, on what the decoder has joined.

    Args:
        channels: Channels of each level, deepest first.
        reduction: Divisor of the channels within the gate.

    Raises:
        BadRequest: If `reduction` is below 1 or does not divide the channels of a level.
    """

    def __init__(self, channels: Sequence[int], *, reduction: int = 1) -> None:
        for level in channels:
            if reduction < 1 or level % reduction:
                raise BadRequest(
                    f"fusion ffm: reduction must divide the {level} channels of every decoder "
                    f"level, got reduction={reduction}"
                )
        super().__init__(FeatureFusionModule(c, c, reduction=reduction) for c in channels)
