"""DeepLabV3+ with Xception-65 at output stride 16, the released Cityscapes configuration.

Source: tensorflow/models research/deeplab (official; core/xception.py, deeplab/model.py). At
1025x2049 and 513x513 this graph is within 0.06% and 0.25% of the multiply-adds that its model zoo
publishes.

What to know when its figures are compared:
- The 79.6 mIoU that is quoted beside it is not this network's: the public Xception-65 checkpoint
  has 78.79 at 1025x2049, and 79.6 fits the paper's Xception-71 without image pooling. Neither was
  measured at 512x1024.
- BatchNorm's eps is 1e-3 in the backbone and 1e-5 behind it; no convolution has a bias but the
  last. The exit flow nominally has stride 2, and runs at stride 1 with dilation 1 in its first
  block and 2 in its second.
- Its BatchNorms keep 0.9997 of their running statistics a step (a momentum of 0.0003, for long
  trainings from a checkpoint); here they have torch's 0.1.
"""

import torch
from torch import Tensor, nn

from variants.components.aspp import ASPP
from variants.components.blocks import ConvBNReLU, resize
from variants.components.head import Upsample
from variants.components.separable import SeparableConv
from variants.components.xception import Xception65
from variants.networks.stage import Stage
from variants.networks.whole import check_classes

WIDTH = 256
LOW_WIDTH = 48
RATES = (6, 12, 18)


class DeepLabV3Plus(nn.Module):
    """DeepLabV3+.

    Shape:
        input `(N, 3, H, W)`, output `(N, classes, H, W)`.

    Args:
        classes: Number of classes.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, *, classes: int = 19) -> None:
        super().__init__()
        check_classes("deeplabv3plus", classes)
        self.backbone = Xception65()
        self.context = ASPP(
            self.backbone.out_channels, WIDTH, rates=RATES, width=WIDTH, separable=True
        )
        self.dropout = nn.Dropout(0.1)
        self.reduce = ConvBNReLU(self.backbone.low_channels, LOW_WIDTH, 1)
        self.decoder = nn.Sequential(
            SeparableConv(WIDTH + LOW_WIDTH, WIDTH), SeparableConv(WIDTH, WIDTH)
        )
        self.classify = nn.Conv2d(WIDTH, classes, 1)
        self.upsample = Upsample()

    def forward(self, image: Tensor) -> Tensor:
        low, x = self.backbone(image)
        x = self.dropout(self.context(x))
        low = self.reduce(low)
        x = self.decoder(torch.cat([resize(x, low.shape[-2:]), low], 1))
        return self.upsample(self.classify(x), image.shape[-2:])

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        entry = [
            Stage("Encoder", f"Entry B{n + 1}", ("Separable ×3",), (f"backbone.entry.{n}",))
            for n in range(len(self.backbone.entry))
        ]
        middle = (f"Separable ×3, ×{len(self.backbone.middle)}",)
        return [
            Stage("Encoder", "Stem", ("Conv 3×3 (s=2)", "Conv 3×3"), ("backbone.stem",)),
            *entry,
            Stage("Encoder", "Middle", middle, ("backbone.middle",)),
            Stage("Encoder", "Exit B1", ("Separable ×3",), ("backbone.exit",)),
            Stage("Encoder", "Exit B2", ("Separable ×3",), ("backbone.last",)),
            Stage("Context", "ASPP", ("rates 6, 12, 18",), ("context",)),
            Stage("Decoder", "Low level", ("Conv 1×1",), ("reduce",)),
            Stage("Decoder", "Refine", ("Separable ×2",), ("decoder",)),
            Stage("Head", "Output Conv", ("Conv 1×1",), ("classify",)),
            Stage("Head", "Output Conv", ("Upsampling ×4",), ("upsample",)),
        ]
