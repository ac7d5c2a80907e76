"""ContextNet: the whole network at a quarter of the image, a few layers at full size, and a sum.

Source: Poudel et al., ContextNet (2018), of which there is no code by its authors; built as the
reimplementation that follows it closest (the catalogue names it).

What to know when its figures are compared:
- The paper's 0.85M parameters (from memory, not checked) are met by neither public reading: this
  one has 0.877M; another closes the deep branch with a 3x3 and has a single 1x1 behind the fusion,
  0.988M and 5.90 GMACs.
- Both branches start with a convolution without padding: 1024x2048 gives 511x1023.
- Two of the fusion's convolutions have a bias in front of BatchNorm.
- In zh320's collection the shallow branch stays at 1/2, which costs 7.8 times as much.
"""

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize
from variants.components.feature_fusion import FeatureFusion, SeparableClassifier
from variants.components.head import Upsample
from variants.components.separable import SeparableConv, bottlenecks
from variants.networks.stage import Stage
from variants.networks.whole import Heads, ScoreHead, check_classes, check_size

SHRINK = 4
# expansion, channels, blocks, stride of the first
BOTTLENECKS = (
    (1, 32, 1, 1), (6, 32, 1, 1), (6, 48, 3, 2), (6, 64, 3, 2), (6, 96, 2, 1), (6, 128, 2, 1),
)  # fmt: skip
# at a quarter of the size the unpadded 3x3 of the deep branch still needs three pixels
LEAST = 3 * SHRINK


class ContextNet(nn.Module):
    """A shallow branch at full size and a deep one at a quarter, fused at 1/8.

    Shape:
        input `(N, 3, H, W)` of at least 12 pixels a side, output `(N, classes, H, W)`. With
        `heads="train"`, in training mode, `[logits, auxiliary logits at 1/8]`.

    Args:
        classes: Number of classes.
        heads: `train` adds a head on the shallow branch.

    Raises:
        BadRequest: If `classes` is below 1, or at the call if the image is too small.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("contextnet", classes)
        self.shallow = nn.Sequential(
            ConvBNReLU(3, 32, 3, stride=2, padding=0),
            SeparableConv(32, 64, stride=2),
            SeparableConv(64, 128, stride=2),
            SeparableConv(128, 128),
        )
        self.deep = nn.Sequential(ConvBNReLU(3, 32, 3, stride=2, padding=0))
        channels = 32
        for expansion, width, blocks, stride in BOTTLENECKS:
            self.deep.append(
                bottlenecks(channels, width, blocks=blocks, expansion=expansion, stride=stride)
            )
            channels = width
        self.fusion = FeatureFusion(channels, 128, 128)
        self.classify = SeparableClassifier(128, classes)
        self.upsample = Upsample()
        self.auxiliary = (
            ScoreHead(128, 32, classes, dropout=nn.Dropout(0.1)) if heads == "train" else None
        )

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        check_size("contextnet", image, least=LEAST)
        size = image.shape[-2:]
        shallow = self.shallow(image)
        deep = self.deep(resize(image, [side // SHRINK for side in size]))
        logits = self.upsample(self.classify(self.fusion(deep, shallow)), size)
        if self.auxiliary is not None and self.training:
            return [logits, self.auxiliary(shallow)]
        return logits

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        shallow = [
            Stage("Shallow", name, (kind,), (f"shallow.{n}",))
            for n, (name, kind) in enumerate(
                [("Conv", "Conv 3×3 (s=2)"), *[("Separable", "Separable Conv")] * 3]
            )
        ]
        deep = [
            Stage("Deep", "Bottleneck", (f"t={t}, ×{blocks}",), (f"deep.{n}",))
            for n, (t, _, blocks, _) in enumerate(BOTTLENECKS, start=1)
        ]
        return [
            *shallow,
            Stage("Deep", "Conv", ("Conv 3×3 (s=2)",), ("deep.0",)),
            *deep,
            Stage("Fusion", "Fusion", ("Sum",), ("fusion",)),
            Stage("Head", "Classifier", ("Separable ×2", "Conv 1×1"), ("classify",)),
            Stage("Head", "Output", ("Upsampling ×8",), ("upsample",)),
        ]
