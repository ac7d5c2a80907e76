"""DAPF: ASPP with its dilated 3x3 convolutions factorised into 3x1 and 1x3.

Cheap because a branch is `channels / alpha` wide and asymmetric: at alpha 2 half the MACs of the
3x3 it replaces. Source: FASSD-Net paper, section III-B and Fig. 3; alpha = 2 and rates 12, 24, 36.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.errors import BadRequest


class DAPF(nn.Module):
    """Pyramid of dilated asymmetric convolutions, its width set by `alpha`.

    Shape:
        input and output `(N, channels, H, W)`.

    Args:
        channels: Channels in and out.
        alpha: Divisor of the branch width: 1 is widest, larger is cheaper.
        rates: Dilation of each asymmetric branch, in pixels of the input map.

    Raises:
        BadRequest: If alpha is below 1 or does not divide `channels`, a rate is below 1, or there
            is no rate.
    """

    def __init__(
        self, channels: int, *, alpha: int = 2, rates: Sequence[int] = (12, 24, 36)
    ) -> None:
        super().__init__()
        if alpha < 1 or channels % alpha:
            raise BadRequest(
                f"context dapf: alpha must divide the {channels} input channels, got alpha={alpha}"
            )
        if not rates or min(rates) < 1:
            raise BadRequest(
                f"context dapf: rates (at least one) must be at least 1, got rates={list(rates)}"
            )
        width = channels // alpha
        self.pointwise = ConvBNReLU(channels, width, 1)
        self.dilated = nn.ModuleList(
            nn.Sequential(
                ConvBNReLU(channels, width, (3, 1), dilation=(rate, 1)),
                ConvBNReLU(width, width, (1, 3), dilation=(1, rate)),
            )
            for rate in rates
        )
        self.project = ConvBNReLU((len(rates) + 1) * width, channels, 1)
        self.out_channels = channels

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.pointwise(x), *(branch(x) for branch in self.dilated)]
        return self.project(torch.cat(branches, 1))
