"""SwiftNet's own parts: spatial pyramid pooling, the ladder of lateral connections, the head.

Everything here is BatchNorm, ReLU, convolution, in this order, and no resize aligns corners.
Source: Orsic et al., In Defense of Pre-trained ImageNet Architectures (2019), and its code.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from variants.components.blocks import conv, resize
from variants.components.hardnet import Level
from variants.components.head import Upsample
from variants.errors import BadRequest, check_at_least_1

_SPP_MOMENTUM = 0.005  # of the running statistics; coarse grids give noisy ones


class BNReLUConv(nn.Sequential):
    """BatchNorm, ReLU, convolution.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, H, W)`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        bias: bool = False,
        momentum: float = 0.1,
    ) -> None:
        super().__init__(
            nn.BatchNorm2d(in_channels, momentum=momentum),
            nn.ReLU(inplace=True),
            conv(in_channels, out_channels, kernel, bias=bias),
        )
        self.summary = f"BN, ReLU, Conv {kernel}×{kernel}"


class SpatialPyramidPooling(nn.Module):
    """The map made narrow, beside its averages on grids as wide as the map's shape asks for.

    A grid of g rows has `max(1, round(g * W / H))` columns, so that its cells are about square.

    Shape:
        input `(N, channels, H, W)`, output `(N, width, H, W)`.

    Args:
        channels: Channels of the input.
        grids: Rows of each grid.
        width: Channels that the pyramid is built on, and of the output.
        level: Channels of each grid's branch.

    Raises:
        BadRequest: If there is no grid, or a number is below 1.
    """

    def __init__(
        self,
        channels: int,
        *,
        grids: Sequence[int] = (8, 4, 2),
        width: int = 128,
        level: int = 42,
    ) -> None:
        super().__init__()
        if not grids or min(*grids, width, level) < 1:
            raise BadRequest(
                "context spp: grids (at least one), width and level must be at least 1, "
                f"got grids={list(grids)}, width={width}, level={level}"
            )
        self.grids = tuple(grids)
        self.reduce = BNReLUConv(channels, width, 1, momentum=_SPP_MOMENTUM)
        self.branches = nn.ModuleList(
            BNReLUConv(width, level, 1, momentum=_SPP_MOMENTUM) for _ in grids
        )
        self.project = BNReLUConv(width + len(grids) * level, width, 1, momentum=_SPP_MOMENTUM)
        self.out_channels = width
        self.summary = "SPP"

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        height, width = map(int, x.shape[-2:])  # a tracer's sizes are tensors, which cannot round
        maps = [x]
        for rows, branch in zip(self.grids, self.branches, strict=True):
            grid = (rows, max(1, round(rows * width / height)))
            pooled = branch(adaptive_avg_pool2d(x, grid))
            maps.append(resize(pooled, (height, width), align_corners=False))
        return self.project(torch.cat(maps, 1))


class LateralDecoder(nn.Module):
    """At each level a 1x1 of the skip is added to the upsampled map, and a 3x3 blends the sum.

    Attributes:
        joined_channels: Channels after `join` at each level, deepest first.
        out_channels: Channels after the last level.

    Args:
        in_channels: Channels of the deepest map.
        levels: Encoder levels that give a skip, finest first.
        channels: Output channels of every level.

    Raises:
        BadRequest: If `channels` is below 1.
    """

    join_summary = "Lateral Sum", "BN, ReLU, Conv 1×1"

    def __init__(self, in_channels: int, levels: Sequence[Level], *, channels: int = 128) -> None:
        super().__init__()
        check_at_least_1("decoder lateral", channels=channels)
        self.joined_channels = [in_channels, *(channels for _ in levels[1:])]
        self.joins = nn.ModuleList(
            BNReLUConv(level.channels, joined, 1)
            for level, joined in zip(reversed(levels), self.joined_channels, strict=True)
        )
        self.blocks = nn.ModuleList(
            BNReLUConv(joined, channels, 3) for joined in self.joined_channels
        )
        self.out_channels = channels

    def join(self, number: int, x: Tensor, skip: Tensor) -> Tensor:
        """Bring `x` to the skip's size and add the two; level `number` counts from the deepest."""
        return resize(x, skip.shape[-2:], align_corners=False) + self.joins[number](skip)

    def refine(self, number: int, x: Tensor) -> Tensor:
        """Apply the 3x3 of level `number`."""
        return self.blocks[number](x)


class PreactivatedHead(nn.Module):
    """BatchNorm, ReLU, a 1x1 convolution with bias to class scores, then bilinear upsampling.

    Shape:
        input `(N, channels, h, w)` and a size `(H, W)`, output `(N, classes, H, W)`.

    Args:
        channels: Channels of the input.
        classes: Number of classes.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, channels: int, *, classes: int = 19) -> None:
        super().__init__()
        check_at_least_1("head preactivated", classes=classes)
        self.classify = BNReLUConv(channels, classes, 1, bias=True)
        self.upsample = Upsample(align_corners=False)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.upsample(self.classify(x), size)
