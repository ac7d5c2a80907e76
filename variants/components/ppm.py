"""Pyramid pooling: what the image shows on coarse grids, brought back and put beside the map.

Cheap, since all but the closing convolution runs on a few cells; PSPNet closes with a 3x3,
Fast-SCNN with a 1x1. Source: Zhao et al., PSPNet (2017); Poudel et al., Fast-SCNN (2019).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize
from variants.errors import BadRequest


class PyramidPooling(nn.Module):
    """The map, beside a 1x1 conv-BN-ReLU of what each pool makes of it, closed by a convolution.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, H, W)`.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        pools: A module for each grid, from the map to its cells.
        width: Channels of each branch.
        kernel: Kernel of the closing conv-BN-ReLU.
        eps: What BatchNorm adds to the variance.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        pools: Sequence[nn.Module],
        width: int,
        kernel: int,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(pool, ConvBNReLU(in_channels, width, 1, eps=eps)) for pool in pools
        )
        closed = in_channels + len(pools) * width
        self.project = ConvBNReLU(closed, out_channels, kernel, eps=eps)
        self.out_channels = out_channels
        self.summary = "Pyramid Pooling"

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        return self.project(torch.cat([x, *(resize(b(x), size) for b in self.branches)], 1))


def bin_pools(bins: Sequence[int]) -> list[nn.Module]:
    """Return adaptive average pools to square grids of `bins` cells a side."""
    return [nn.AdaptiveAvgPool2d(b) for b in bins]


class PPM(PyramidPooling):
    """Pyramid pooling that keeps its input's channels.

    Shape:
        input and output `(N, channels, H, W)`.

    Args:
        channels: Channels in and out.
        bins: Cells along each side of each grid.
        width: Channels of each branch; null for as many as make the branches together as wide as
            the input.
        kernel: Kernel of the closing convolution: 3 as in PSPNet, 1 as in Fast-SCNN.

    Raises:
        BadRequest: If there is no grid, a number is below 1, the kernel is even, or the branches
            cannot share the channels.
    """

    def __init__(
        self,
        channels: int,
        *,
        bins: Sequence[int] = (1, 2, 3, 6),
        width: int | None = None,
        kernel: int = 3,
    ) -> None:
        if not bins or min(bins) < 1 or (width is not None and width < 1):
            raise BadRequest(
                "context ppm: bins (at least one) and width must be at least 1, "
                f"got bins={list(bins)}, width={width}"
            )
        if kernel < 1 or kernel % 2 == 0:
            raise BadRequest(f"context ppm: kernel must be odd and at least 1, got kernel={kernel}")
        if width is None and channels % len(bins):
            raise BadRequest(
                f"context ppm: without a width the number of bins must divide the {channels} "
                f"input channels, got bins={list(bins)}"
            )
        width = channels // len(bins) if width is None else width
        super().__init__(channels, channels, pools=bin_pools(bins), width=width, kernel=kernel)
