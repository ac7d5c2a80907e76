"""HarDBlock and the HarDNet encoder.

A HarDBlock is a dense block with most of its links removed: layer `l` reads layer `l - 2^n` for
every power of two that divides `l`, so a layer is read again only as often as `l` is divisible by
two, and the traffic to memory stays low. Layers with many links are made wider in return.
Source: Chao et al., HarDNet, ICCV 2019; the encoder as in FC-HarDNet-70.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.errors import BadRequest


def links(layer: int) -> list[int]:
    """Return the layers that `layer` (counted from 1) reads, nearest first; 0 is the input.

    Example:
        >>> links(6)
        [5, 4]
        >>> links(8)
        [7, 6, 4, 0]
    """
    powers = (1 << n for n in range(layer.bit_length()))
    return [layer - p for p in powers if layer % p == 0]


def layer_width(layer: int, growth: int, multiplier: float) -> int:
    """Return the output channels of `layer`: growth times multiplier per further link, made even.

    Example:
        >>> [layer_width(n, 10, 1.7) for n in (1, 2, 3, 4)]
        [10, 18, 10, 28]
    """
    width = float(growth)
    for _ in links(layer)[1:]:
        width *= multiplier
    return int(int(width + 1) / 2) * 2


class HarDBlock(nn.Module):
    """A harmonic dense block of 3x3 conv-BN-ReLU layers.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, H, W)`: the odd-numbered layers
        and the last one, concatenated.

    Args:
        in_channels: Channels of the input.
        growth: Channels of a layer with one link, before rounding to an even number.
        layers: Number of layers.
        multiplier: Factor on the width for each further link.

    Raises:
        BadRequest: If a number is out of range, or leaves a layer without channels.
    """

    def __init__(
        self, in_channels: int, *, growth: int, layers: int, multiplier: float = 1.7
    ) -> None:
        super().__init__()
        given = f"got growth={growth}, layers={layers}, multiplier={multiplier}"
        if min(growth, layers) < 1 or multiplier <= 0:
            raise BadRequest(
                f"HarDBlock: growth and layers must be at least 1 and multiplier above 0, {given}"
            )
        numbers = range(1, layers + 1)
        widths = [in_channels, *(layer_width(n, growth, multiplier) for n in numbers)]
        if min(widths) < 1:
            raise BadRequest(f"HarDBlock: every layer must have channels, {given}")
        self.layers = nn.ModuleList()
        for layer in numbers:
            reads = sum(widths[source] for source in links(layer))
            self.layers.append(ConvBNReLU(reads, widths[layer], 3))
        self.links = [links(layer) for layer in numbers]
        self.kept = [n for n in numbers if n % 2 == 1 or n == layers]
        self.out_channels = sum(widths[n] for n in self.kept)
        self.summary = f"HarDBlock (L={layers})"

    def forward(self, x: Tensor) -> Tensor:
        outputs = [x]
        for sources, layer in zip(self.links, self.layers, strict=True):
            reads = [outputs[source] for source in sources]
            outputs.append(layer(reads[0] if len(reads) == 1 else torch.cat(reads, 1)))
        return torch.cat([outputs[n] for n in self.kept], 1)


class Level(NamedTuple):
    """What a decoder may know of an encoder level: its skip's channels and its block's shape.

    `growth` and `layers` are None where the encoder has no HarDBlocks.
    """

    channels: int
    growth: int | None = None
    layers: int | None = None


class HarDNet(nn.Module):
    """Stages of HarDBlock, 1x1 conv-BN-ReLU to the stage width, 2x2 average pooling between.

    Shape:
        input `(N, in_channels, H, W)`; output `(skips, x)`: the HarDBlock outputs of all stages but
        the last (before the 1x1), finest first, and the last stage's `(N, widths[-1], h, w)`, its
        size halved (floor) between stages.

    Args:
        in_channels: Channels of the input.
        widths: Channels after each stage.
        growth: HarDBlock growth of each stage.
        layers: HarDBlock layers of each stage.
        multiplier: HarDBlock multiplier of all stages.

    Raises:
        BadRequest: If the lists differ in length or name fewer than two stages; at the call if the
            input is too small to be halved between all of them.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        widths: Sequence[int] = (64, 96, 160, 224),
        growth: Sequence[int] = (10, 16, 18, 24),
        layers: Sequence[int] = (4, 4, 8, 8),
        multiplier: float = 1.7,
    ) -> None:
        super().__init__()
        if not len(widths) == len(growth) == len(layers) >= 2:
            raise BadRequest(
                "encoder hardnet: widths, growth and layers must be equally many and at least 2, "
                f"got {len(widths)}, {len(growth)} and {len(layers)}"
            )
        if min(widths) < 1:
            raise BadRequest(
                f"encoder hardnet: widths must be at least 1, got widths={list(widths)}"
            )
        self.blocks = nn.ModuleList()
        self.projections = nn.ModuleList()
        levels = []
        channels = in_channels
        for width, k, n in zip(widths, growth, layers, strict=True):
            block = HarDBlock(channels, growth=k, layers=n, multiplier=multiplier)
            self.blocks.append(block)
            levels.append(Level(block.out_channels, k, n))
            self.projections.append(ConvBNReLU(block.out_channels, width, 1))
            channels = width
        self.pools = nn.ModuleList(nn.AvgPool2d(2) for _ in widths[1:])
        self.out_channels = channels
        self.levels = levels[:-1]  # the last stage's output is no skip

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        height, width = x.shape[-2:]
        if min(height, width) < 2 ** len(self.pools):
            raise BadRequest(
                "encoder hardnet: height and width behind the stem must be at least "
                f"{2 ** len(self.pools)}, to be halved {len(self.pools)} times, "
                f"got {height}x{width}"
            )
        skips = []
        for block, projection, pool in zip(self.blocks, self.projections, self.pools, strict=False):
            x = block(x)
            skips.append(x)
            x = pool(projection(x))
        return skips, self.projections[-1](self.blocks[-1](x))
