"""EESP, the unit of ESPNetv2: depthwise convolutions at four dilations between grouped 1x1.

Cheap because nothing but the grouped 1x1 mixes channels. Each dilated map has the one before added
to it, which hides the grid that dilation leaves. Source: Mehta et al., ESPNetv2 (CVPR 2019), and
sacmehta/ESPNetv2 b78e323. No convolution has a bias; PReLU has a slope a channel.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from variants.components.blocks import RESIDUAL_GAIN, BNPReLU, ConvBNReLU, conv

BRANCHES = 4


def conv_bn_prelu(
    in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Return convolution, BatchNorm, PReLU."""
    layers = ConvBNReLU(in_channels, out_channels, kernel, stride=stride, groups=groups, relu=False)
    return layers.append(nn.PReLU(out_channels))


class EESP(nn.Module):
    """Grouped 1x1, four dilated depthwise 3x3 summed from the first on, grouped 1x1.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`.

    Args:
        in_channels: Channels of the input, a multiple of 4.
        out_channels: Channels of the output, a multiple of 16.
        dilations: Of the four depthwise convolutions.
        stride: Of the depthwise convolutions.
        activate: Whether a PReLU ends the unit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        dilations: Sequence[int],
        stride: int = 1,
        activate: bool = True,
    ) -> None:
        super().__init__()
        self.residual = activate and stride == 1 and in_channels == out_channels
        width = out_channels // BRANCHES
        self.project = conv_bn_prelu(in_channels, width, 1, groups=BRANCHES)
        self.branches = nn.ModuleList(
            conv(width, width, 3, stride=stride, dilation=dilation, groups=width)
            for dilation in dilations
        )
        self.join = BNPReLU(out_channels, eps=1e-5)
        gain = RESIDUAL_GAIN if self.residual else 1.0
        self.expand = ConvBNReLU(
            out_channels, out_channels, 1, groups=BRANCHES, gain=gain, relu=False
        )
        self.activate = nn.PReLU(out_channels) if activate else None

    def forward(self, x: Tensor) -> Tensor:
        projected = self.project(x)
        maps: list[Tensor] = []
        for branch in self.branches:
            made = branch(projected)
            maps.append(made + maps[-1] if maps else made)
        made = self.expand(self.join(torch.cat(maps, 1)))
        if self.residual:
            made = made + x
        return made if self.activate is None else self.activate(made)


class EESPDown(nn.Module):
    """Average pooling beside a strided EESP, plus a convolution of the shrunken image; PReLU.

    Shape:
        input `(N, in_channels, H, W)` and the image, output
        `(N, out_channels, ceil(H/2), ceil(W/2))`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        dilations: Of the four depthwise convolutions.
        halvings: How often the image is halved to reach the size of the output.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, dilations: Sequence[int], halvings: int
    ) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(3, stride=2, padding=1)
        self.unit = EESP(
            in_channels, out_channels - in_channels, dilations=dilations, stride=2, activate=False
        )
        self.reinforce = nn.Sequential(
            conv_bn_prelu(3, 3, 3), ConvBNReLU(3, out_channels, 1, gain=RESIDUAL_GAIN, relu=False)
        )
        self.halvings = halvings
        self.activate = nn.PReLU(out_channels)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        made = torch.cat([self.pool(x), self.unit(x)], 1)
        for _ in range(self.halvings):
            image = halve(image)
        return self.activate(made + self.reinforce(image))


def halve(x: Tensor) -> Tensor:
    """Halve the size (rounded up) by a 3x3 average whose padding counts as zeros."""
    return avg_pool2d(x, 3, stride=2, padding=1)
