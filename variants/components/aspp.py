"""ASPP: the pyramid of dilated 3x3 convolutions that DAPF is measured against.

Dear because every 3x3 branch reads all input channels and writes a fixed `width`.
Source: Chen et al., DeepLabV3+ (2018); width and rates as in Table I of the FASSD-Net paper.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize
from variants.errors import BadRequest


class ASPP(nn.Module):
    """A 1x1 branch, a dilated 3x3 branch per rate, an image-pooling branch, and a 1x1 projection.

    Shape:
        input and output `(N, channels, H, W)`.

    Args:
        channels: Channels in and out.
        rates: Dilation of each 3x3 branch, in pixels of the input map.
        width: Channels of every branch (Q in the paper's Fig. 3).

    Raises:
        BadRequest: If a rate or the width is below 1, or there is no rate.
    """

    def __init__(
        self, channels: int, *, rates: Sequence[int] = (12, 24, 36), width: int = 256
    ) -> None:
        super().__init__()
        if not rates or min(*rates, width) < 1:
            raise BadRequest(
                "context aspp: rates (at least one) and width must be at least 1, "
                f"got rates={list(rates)}, width={width}"
            )
        self.pointwise = ConvBNReLU(channels, width, 1)
        self.dilated = nn.ModuleList(ConvBNReLU(channels, width, 3, dilation=r) for r in rates)
        self.image_pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvBNReLU(channels, width, 1))
        self.project = ConvBNReLU((len(rates) + 2) * width, channels, 1)
        self.out_channels = channels

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.pointwise(x), *(branch(x) for branch in self.dilated)]
        branches.append(resize(self.image_pooling(x), x.shape[-2:]))
        return self.project(torch.cat(branches, 1))
