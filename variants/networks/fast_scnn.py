"""Fast-SCNN: one shallow start for two ways, most of the depth at 1/32 of the image.

Source: Poudel et al., Fast-SCNN (2019), of which there is no code by its authors; built like the
reimplementation that is used most (the catalogue names it). What surprises there: the first
convolution has no padding (1024x2048 gives 511x1023), the separable convolutions have a ReLU
behind the depthwise part too, and two of the fusion's convolutions have a bias in front of a
BatchNorm. Its pyramid pools are no modules, so counters that hook modules miss them. That code also
runs its training head at inference if it has one; here it runs in training alone.
"""

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.components.feature_fusion import FeatureFusion, SeparableClassifier
from variants.components.head import Upsample
from variants.components.ppm import PyramidPooling, bin_pools
from variants.components.separable import SeparableConv, bottlenecks
from variants.networks.stage import Stage, summary
from variants.networks.whole import Heads, ScoreHead, check_classes, check_size

_EXPANSION = 6
_BLOCKS = 3  # of each group of bottlenecks


class FastSCNN(nn.Module):
    """Learning to downsample, bottlenecks and pyramid, fusion, classifier.

    Shape:
        input `(N, 3, H, W)`, both at least 3; output `(N, classes, H, W)`. With `heads="train"`, in
        training mode, `[logits, those of a head at 1/8]`.

    Args:
        classes: Number of classes.
        heads: `train` adds a head on the high-resolution features.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("fast-scnn", classes)
        self.downsample = nn.Sequential(
            ConvBNReLU(3, 32, 3, stride=2, padding=0),
            SeparableConv(32, 48, stride=2),
            SeparableConv(48, 64, stride=2),
        )
        self.bottlenecks = nn.Sequential(
            bottlenecks(64, 64, blocks=_BLOCKS, expansion=_EXPANSION, stride=2),
            bottlenecks(64, 96, blocks=_BLOCKS, expansion=_EXPANSION, stride=2),
            bottlenecks(96, 128, blocks=_BLOCKS, expansion=_EXPANSION, stride=1),
        )
        self.pyramid = PyramidPooling(128, 128, pools=bin_pools((1, 2, 3, 6)), width=32, kernel=1)
        self.fusion = FeatureFusion(128, 64, 128)
        self.classify = SeparableClassifier(128, classes)
        self.upsample = Upsample()
        self.auxiliary = (
            ScoreHead(64, 32, classes, dropout=nn.Dropout(0.1)) if heads == "train" else None
        )

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        check_size("fast-scnn", image, least=3)
        high = self.downsample(image)
        x = self.fusion(self.pyramid(self.bottlenecks(high)), high)
        logits = self.upsample(self.classify(x), image.shape[-2:])
        if self.auxiliary is not None and self.training:
            return [logits, self.auxiliary(high)]
        return logits

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        return [
            *(
                Stage("Encoder", "Downsampling", (summary(layer),), (f"downsample.{n}",))
                for n, layer in enumerate(self.downsample)
            ),
            *(
                Stage("Encoder", "Bottlenecks", (f"t={_EXPANSION}, ×{_BLOCKS}",), (group,))
                for group in (f"bottlenecks.{n}" for n in range(len(self.bottlenecks)))
            ),
            Stage("Encoder", summary(self.pyramid), ("-",), ("pyramid",)),
            Stage("Decoder", "Feature Fusion", ("-",), ("fusion",)),
            Stage("Decoder", "Classifier", ("DSConv ×2, Conv 1×1",), ("classify",)),
            Stage("Decoder", "Classifier", ("Upsampling",), ("upsample",)),
        ]
