"""ASPP: the pyramid of dilated 3x3 convolutions that DAPF is measured against.

Dear because every 3x3 branch reads all input channels and writes a fixed `width`; DeepLabV3+ makes
these branches depthwise separable (`separable`), which cuts their MACs to about a ninth.
Source: Chen et al., DeepLabV3+ (2018); width and rates as in Table I of the FASSD-Net paper.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize
from variants.components.separable import SeparableConv
from variants.errors import BadRequest


class ASPP(nn.Module):
    """An image-pooling branch, a 1x1 branch, a dilated 3x3 branch per rate, and a 1x1 projection.

    Shape:
        input `(N, channels, H, W)`, output `(N, out_channels, H, W)`.

    Args:
        channels: Channels of the input.
        out_channels: Channels of the output; those of the input unless told otherwise.
        rates: Dilation of each 3x3 branch, in pixels of the input map.
        width: Channels of every branch (Q in the paper's Fig. 3).
        separable: Whether each 3x3 branch is a depthwise and a pointwise convolution.

    Raises:
        BadRequest: If a rate or the width is below 1, or there is no rate.
    """

    def __init__(
        self,
        channels: int,
        out_channels: int | None = None,
        *,
        rates: Sequence[int] = (12, 24, 36),
        width: int = 256,
        separable: bool = False,
    ) -> None:
        super().__init__()
        if not rates or min(*rates, width) < 1:
            raise BadRequest(
                "context aspp: rates (at least one) and width must be at least 1, "
                f"got rates={list(rates)}, width={width}"
            )
        self.image_pooling = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvBNReLU(channels, width, 1))
        self.pointwise = ConvBNReLU(channels, width, 1)
        self.dilated = nn.ModuleList(
            SeparableConv(channels, width, dilation=rate)
            if separable
            else ConvBNReLU(channels, width, 3, dilation=rate)
            for rate in rates
        )
        self.out_channels = channels if out_channels is None else out_channels
        self.project = ConvBNReLU((len(rates) + 2) * width, self.out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        image = resize(self.image_pooling(x), x.shape[-2:])
        return self.project(
            torch.cat([image, self.pointwise(x), *(branch(x) for branch in self.dilated)], 1)
        )
