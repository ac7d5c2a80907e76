"""The U-shaped network that FASSD-Net, its ablations and FC-HarDNet-70 have in common.

Stem, encoder, context on the deepest map, then for every skip from the deepest to the finest:
join, fusion, refine; and the head. Source: Fig. 2 and Table II of the FASSD-Net paper.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from variants.errors import check_at_least_1
from variants.networks.stage import Stage, summary

Make = Callable[..., Any]


class EncoderDecoder(nn.Module):
    """A network of six slots, each filled by a component.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, classes, H, W)`.

    Args:
        make: For each slot, its component with the options filled in. It is called with what only
            the network knows: the stem with the image's channels, the encoder and the context with
            their input's channels, the decoder with its input's channels and the encoder's levels,
            the fusion with the channels of each decoder level, the head with its input's channels.
        in_channels: Channels of the image.

    Raises:
        BadRequest: If `in_channels` is below 1.
    """

    SLOTS: ClassVar[tuple[str, ...]] = ("stem", "encoder", "context", "fusion", "decoder", "head")
    SHARES_PARTS: ClassVar[bool] = True  # see `variants.build.skeleton`

    def __init__(self, make: Mapping[str, Make], *, in_channels: int = 3) -> None:
        super().__init__()
        check_at_least_1("network encoder-decoder", in_channels=in_channels)
        self.stem = make["stem"](in_channels)
        self.encoder = make["encoder"](self.stem.out_channels)
        self.context = make["context"](self.encoder.out_channels)
        self.decoder = make["decoder"](self.context.out_channels, self.encoder.levels)
        self.fusion = make["fusion"](self.decoder.joined_channels)
        self.head = make["head"](self.decoder.out_channels)

    def forward(self, image: Tensor) -> Tensor:
        skips, x = self.encoder(self.stem(image))
        x = self.context(x)
        for number, fuse in enumerate(self.fusion):
            # pop: a skip's memory is free as soon as it has been joined
            x = self.decoder.join(number, x, skips.pop())
            x = self.decoder.refine(number, fuse(x))
        return self.head(x, image.shape[-2:])

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        return [*self._encoder_stages(), *self._decoder_stages(), *self._head_stages()]

    def _encoder_stages(self) -> list[Stage]:
        rows = [
            Stage("Encoder", "Stem Conv", (summary(layer),), (f"stem.{n}",))
            for n, layer in enumerate(self.stem)
        ]
        pooled = hasattr(self.encoder, "pools")
        for n, block in enumerate(self.encoder.blocks):
            pool = ("2D Average Pooling",) if n and pooled else ()
            before = (f"encoder.pools.{n - 1}",) if n else ()
            modules = (*before, f"encoder.blocks.{n}", f"encoder.projections.{n}")
            rows.append(Stage("Encoder", f"Encoder B{n + 1}", (*pool, summary(block)), modules))
        return rows

    def _decoder_stages(self) -> list[Stage]:
        rows = []
        if list(self.context.parameters()):
            rows.append(Stage("Decoder", summary(self.context), ("-",), ("context",)))
        for n, (fuse, block) in enumerate(zip(self.fusion, self.decoder.blocks, strict=True)):
            modules = (f"decoder.joins.{n}", f"fusion.{n}")
            if list(fuse.parameters()):
                rows.append(Stage("Decoder", summary(fuse), ("-",), modules))
            else:
                joined, how = getattr(self.decoder, "join_summary", ("Concatenation", "Conv 1×1"))
                rows.append(Stage("Decoder", joined, (how,), modules[:1]))
            name = f"Decoder B{n + 1}"
            rows.append(Stage("Decoder", name, (summary(block),), (f"decoder.blocks.{n}",)))
        return rows

    def _head_stages(self) -> list[Stage]:
        factor = math.prod(getattr(self.stem, "strides", ()))
        upsampling = f"Upsampling ×{factor}" if factor > 1 else "Upsampling"
        scores = self.head.classify
        how = "Conv 1×1" if isinstance(scores, nn.Conv2d) else summary(scores)
        return [
            Stage("Decoder", "Output Conv", (how,), ("head.classify",)),
            Stage("Decoder", "Output Conv", (upsampling,), ("head.upsample",)),
        ]
