"""MDA: the decoder's fusion module, a plain and a dilated asymmetric branch behind a 3x3.

Source: FASSD-Net paper, section III-C and Fig. 4. Two differences to the text, both settled by the
printed parameters and GFLOPs and by the released weights: the branches are added, not concatenated
(`merge="concat"` builds what the text says), and the 1x1 that halves the channels belongs to the
decoder, which has it without MDA too.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from variants.components.blocks import BNPReLU, Identity, asymmetric_pair, conv
from variants.errors import BadRequest


class MDA(nn.Module):
    """One multi-resolution dilated asymmetric module, with a residual connection.

    Shape:
        input and output `(N, channels, H, W)`.

    Args:
        channels: Channels in and out.
        dilation: Dilation of the asymmetric branch, in pixels of the input map.
        merge: How the two branches are joined.
    """

    def __init__(self, channels: int, *, dilation: int, merge: Literal["add", "concat"]) -> None:
        super().__init__()
        width = channels // 2
        merged = width if merge == "add" else 2 * width
        self.merge = merge
        self.enter = BNPReLU(channels)
        self.reduce = nn.Sequential(conv(channels, width, 3), BNPReLU(width))
        self.detail = nn.Sequential(conv(width, width, 3), BNPReLU(width))
        self.context = asymmetric_pair(width, dilation=dilation)
        self.leave = BNPReLU(merged)
        self.expand = conv(merged, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(self.enter(x))
        detail, context = self.detail(reduced), self.context(reduced)
        merged = detail + context if self.merge == "add" else torch.cat([detail, context], 1)
        return x + self.expand(self.leave(merged))


class MDAFusion(nn.ModuleList):
    """An MDA module for each decoder level.

    Args:
        channels: Channels of each level, deepest first.
        dilations: Dilation of each level's asymmetric branch, deepest first.
        merge: How the two branches of a module are joined.

    Raises:
        BadRequest: If the schedule has another length than the decoder, a dilation is below 1, or
            a level has a single channel, which cannot be halved.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        dilations: Sequence[int] = (8, 4, 2),
        merge: Literal["add", "concat"] = "add",
    ) -> None:
        if len(dilations) != len(channels):
            raise BadRequest(
                f"fusion mda: dilations must have one entry for each of the {len(channels)} "
                f"decoder levels, deepest first, got dilations={list(dilations)}"
            )
        if min(dilations) < 1:
            raise BadRequest(
                f"fusion mda: dilations must be at least 1, got dilations={list(dilations)}"
            )
        if min(channels) < 2:
            raise BadRequest(
                "fusion mda: every decoder level must have at least 2 channels, "
                f"got channels={list(channels)}"
            )
        super().__init__(
            MDA(c, dilation=d, merge=merge) for c, d in zip(channels, dilations, strict=True)
        )


class NoFusion(nn.ModuleList):
    """The fusion slot left empty: an identity for each decoder level."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__(Identity(c) for c in channels)
