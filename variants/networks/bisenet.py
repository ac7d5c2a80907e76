"""BiSeNet with ResNet-18: a shallow spatial path beside a deep context path.

Source: Yu et al., BiSeNet (2018), and the first author's code (TorchSeg, R18.speed). What surprises
there: the network that is timed ends with class scores at 1/8 (`upsampling="none"`), and its 74.8%
mIoU are scored at that size against labels made as small; its plain configuration upsamples by 8
within, as `upsampling="bilinear"` does and as the other networks here do. At inference the output
is a log-softmax. The 49M parameters that are printed are a file's size: 12,894,163 numbers of four
bytes are 49.19 MiB.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from variants.components.bisenet import AttentionRefinement, FeatureFusionModule
from variants.components.blocks import ConvBNReLU, resize
from variants.components.head import Upsample
from variants.components.resnet import ResNet, ResNetStem
from variants.networks.stage import Stage, summary
from variants.networks.whole import Heads, ScoreHead, check_classes

WIDTH = 128  # of every map on the way up


class BiSeNet(nn.Module):
    """Spatial path, context path, feature fusion, head.

    Shape:
        input `(N, 3, H, W)`, output the logarithm of class shares `(N, classes, H, W)`, or at 1/8
        with `upsampling="none"`. In training mode logits; with `heads="train"` a list of these and
        those of two heads on the context path, at 1/16 and at 1/8.

    Args:
        classes: Number of classes.
        heads: `train` adds two heads on the context path.
        upsampling: What brings the scores from 1/8 to the size of the image.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(
        self,
        *,
        classes: int = 19,
        heads: Heads = "inference",
        upsampling: Literal["bilinear", "none"] = "bilinear",
    ) -> None:
        super().__init__()
        check_classes("bisenet-rn18", classes)
        self.spatial = nn.Sequential(
            ConvBNReLU(3, 64, 7, stride=2),
            ConvBNReLU(64, 64, 3, stride=2),
            ConvBNReLU(64, 64, 3, stride=2),
            ConvBNReLU(64, WIDTH, 1),
        )
        self.stem = ResNetStem(3)
        self.encoder = ResNet(64, widths=(64, 128, 256, 512), blocks=(2, 2, 2, 2))
        self.whole = nn.Sequential(nn.AdaptiveAvgPool2d(1), ConvBNReLU(512, WIDTH, 1))
        self.attention = nn.ModuleList(AttentionRefinement(c, WIDTH) for c in (512, 256))
        self.refine = nn.ModuleList(ConvBNReLU(WIDTH, WIDTH, 3) for _ in range(2))
        self.fusion = FeatureFusionModule(2 * WIDTH, 2 * WIDTH)
        self.classify = nn.Sequential(ConvBNReLU(2 * WIDTH, 64, 3), nn.Conv2d(64, classes, 1))
        self.upsample = Upsample() if upsampling == "bilinear" else None
        self.auxiliary = (
            nn.ModuleList(ScoreHead(WIDTH, WIDTH, classes) for _ in range(2))
            if heads == "train"
            else None
        )

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        fine = self.spatial(image)
        refined = self._context(image, fine.shape[-2:])
        logits = self.classify(self.fusion(torch.cat([fine, refined[-1]], 1)))
        if self.upsample is not None:
            logits = self.upsample(logits, image.shape[-2:])
        if not self.training:
            return torch.log_softmax(logits, 1)
        if self.auxiliary is None:
            return logits
        return [logits, *(head(x) for head, x in zip(self.auxiliary, refined, strict=True))]

    def _context(self, image: Tensor, size: torch.Size) -> list[Tensor]:
        """Return the context path's maps at 1/16 and, brought to `size`, at 1/8."""
        (_, _, c4), c5 = self.encoder(self.stem(image))
        above = resize(self.whole(c5), c5.shape[-2:])
        refined = []
        ways = zip(self.attention, self.refine, (c5, c4), (c4.shape[-2:], size), strict=True)
        for attention, refine, x, target in ways:
            above = refine(resize(attention(x) + above, target))
            refined.append(above)
        return refined

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        blocks = enumerate(self.encoder.blocks)
        rows = [
            Stage("Spatial", "Spatial Path", ("Conv ×4",), ("spatial",)),
            Stage("Context", "Stem", ("Conv 7×7, Max Pool",), ("stem",)),
            *(
                Stage("Context", f"Encoder B{n + 1}", (summary(block),), (f"encoder.blocks.{n}",))
                for n, block in blocks
            ),
            Stage("Context", "Whole Image", ("Pool, Conv 1×1",), ("whole",)),
        ]
        for n, scale in enumerate((32, 16)):
            rows += [
                Stage("Context", f"ARM {scale}", ("Conv 3×3, gate",), (f"attention.{n}",)),
                Stage("Context", f"Refine {scale}", ("Conv 3×3",), (f"refine.{n}",)),
            ]
        return [
            *rows,
            Stage("Fusion", "FFM", ("Conv 1×1, gate",), ("fusion",)),
            Stage("Head", "Output Conv", ("Conv 3×3, 1×1",), ("classify",)),
            Stage("Head", "Output Conv", ("Upsampling ×8",), ("upsample",)),
        ]
