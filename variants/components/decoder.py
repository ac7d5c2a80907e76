"""U-shaped decoders: at each level upsample, concatenate the skip, halve the channels, refine.

Source: FC-HarDNet-70 (Chao et al., 2019) for the HarDBlock decoder; FASSD-Net paper, section IV-C,
for the light one of plain 3x3 convolutions.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize
from variants.components.hardnet import HarDBlock, Level
from variants.errors import BadRequest, check_at_least_1


class UDecoder(nn.Module):
    """The wiring that both decoders share; a subclass says what the block of a level is.

    A level is two calls, `join` and `refine`, so that a network can put a fusion between them.

    Attributes:
        joined_channels: Channels after `join` at each level, deepest first.
        out_channels: Channels after the last level.
    """

    def __init__(self, channels: int, levels: Sequence[Level]) -> None:
        super().__init__()
        # The blocks are registered before the joins, as in the released networks: their
        # checkpoints then map onto this one in order.
        self.blocks = nn.ModuleList()
        self.joins = nn.ModuleList()
        self.joined_channels: list[int] = []
        for level in reversed(levels):
            joined = (channels + level.channels) // 2
            block, width = self.make_block(joined, level)
            self.blocks.append(block)
            self.joins.append(ConvBNReLU(channels + level.channels, joined, 1))
            self.joined_channels.append(joined)
            channels = width
        self.out_channels = channels

    def make_block(self, channels: int, level: Level) -> tuple[nn.Module, int]:
        """Return the block that refines `channels` at `level`, and its output channels."""
        raise NotImplementedError

    def join(self, number: int, x: Tensor, skip: Tensor) -> Tensor:
        """Bring `x` to the skip's size and fuse the two; level `number` counts from the deepest."""
        x = resize(x, skip.shape[-2:])
        return self.joins[number](torch.cat([x, skip], 1))

    def refine(self, number: int, x: Tensor) -> Tensor:
        """Apply the block of level `number`."""
        return self.blocks[number](x)


# Growth and layers of FASSD-Net's blocks, finest level first.
_FASSD_NET = ((10, 4), (16, 4), (18, 8))


class HarDBlockDecoder(UDecoder):
    """A HarDBlock at each level, of the growth and layers of the encoder's block there.

    Behind an encoder without HarDBlocks it is FASSD-Net's decoder: growth 18, 16 and 10 and layers
    8, 4 and 4, deepest level first.

    Args:
        channels: Channels of the deepest map.
        levels: Encoder levels that give a skip, finest first.
        multiplier: HarDBlock multiplier.

    Raises:
        BadRequest: If the encoder has no HarDBlocks, and not the three levels of FASSD-Net's.
    """

    def __init__(self, channels: int, levels: Sequence[Level], *, multiplier: float = 1.7) -> None:
        self.multiplier = multiplier
        if any(level.growth is None or level.layers is None for level in levels):
            levels = _like_fassd_net(levels)
        super().__init__(channels, levels)

    def make_block(self, channels: int, level: Level) -> tuple[nn.Module, int]:
        assert level.growth is not None
        assert level.layers is not None
        block = HarDBlock(
            channels, growth=level.growth, layers=level.layers, multiplier=self.multiplier
        )
        return block, block.out_channels


def _like_fassd_net(levels: Sequence[Level]) -> list[Level]:
    """Return `levels` with the growth and layers of FASSD-Net's blocks."""
    if len(levels) != len(_FASSD_NET):
        raise BadRequest(
            f"decoder hardblock: an encoder without HarDBlocks must have the {len(_FASSD_NET)} "
            f"levels of FASSD-Net's, whose growth and layers it takes then, got {len(levels)}"
        )
    return [Level(level.channels, *block) for level, block in zip(levels, _FASSD_NET, strict=True)]


class ConvDecoder(UDecoder):
    """One 3x3 conv-BN-ReLU at each level.

    Args:
        in_channels: Channels of the deepest map.
        levels: Encoder levels that give a skip, finest first.
        channels: Output channels of every level.

    Raises:
        BadRequest: If `channels` is below 1.
    """

    def __init__(self, in_channels: int, levels: Sequence[Level], *, channels: int = 64) -> None:
        check_at_least_1("decoder conv", channels=channels)
        self.width = channels
        super().__init__(in_channels, levels)

    def make_block(self, channels: int, level: Level) -> tuple[nn.Module, int]:  # noqa: ARG002 - the same at every level
        return ConvBNReLU(channels, self.width, 3), self.width
