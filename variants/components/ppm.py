"""Pyramid pooling: the map beside its averages over a few coarse grids.

Source: Zhao et al., Pyramid Scene Parsing Network (CVPR 2017).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize


class PyramidPooling(nn.Module):
    """Average pooling to each grid, a 1x1 conv-BN-ReLU, and a bilinear resize back; concatenated.

    Shape:
        input `(N, channels, H, W)`, output `(N, out_channels, H, W)`: the input's channels first,
        then `width` for each pool.

    Args:
        channels: Channels of the input.
        pools: What pools, coarsest first in the networks here.
        width: Channels of each branch.
        eps: What BatchNorm adds to the variance.
    """

    def __init__(
        self, channels: int, pools: Sequence[nn.Module], *, width: int, eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(pool, ConvBNReLU(channels, width, 1, eps=eps)) for pool in pools
        )
        self.out_channels = channels + len(pools) * width

    def forward(self, x: Tensor) -> Tensor:
        pooled = [resize(branch(x), x.shape[-2:]) for branch in self.branches]
        return torch.cat([x, *pooled], 1)
