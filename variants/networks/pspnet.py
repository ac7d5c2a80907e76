"""PSPNet with a dilated ResNet-101: accuracy first, every map but the stem's at 1/8 or more.

Dear because layers 3 and 4 keep stride 1: the pyramid reads 2048 channels at 90x90, and the 3x3
behind it 4096. Source: hszhao/PSPNet 798bdc9 (Caffe, official) and hszhao/semseg 4f274c3 (the same
author's PyTorch), which agree to the MAC.

What to know when its figures are compared:
- The 79.7 mIoU that is quoted beside it comes from 16 passes an image: crops of 713 in steps of
  476 over 1024x2048, 2 x 4 of them, each flipped too. One pass here is one crop.
- Every 3x3 of layer 3 has dilation 2 and of layer 4 dilation 4, the first one of a layer included.
- Dropout in front of the scores is that of semseg, of whole channels; Caffe's is of single values.
- The release asserts that height - 1 and width - 1 are multiples of 8; this network takes any size,
  because it resizes to the size of the image instead of by a factor.
"""

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.components.head import Upsample
from variants.components.ppm import PyramidPooling, bin_pools
from variants.components.residual import Bottleneck
from variants.networks.stage import Stage
from variants.networks.whole import Heads, ScoreHead, check_classes

BLOCKS = (3, 4, 23, 3)
WIDTHS = (64, 128, 256, 512)
STRIDES = (1, 2, 1, 1)
DILATIONS = (1, 1, 2, 4)
BINS = (1, 2, 3, 6)


class PSPNet(nn.Module):
    """PSPNet-101.

    Shape:
        input `(N, 3, H, W)`, output `(N, classes, H, W)`. With `heads="train"` in training mode
        `[logits, auxiliary logits]`, the latter at 1/8.

    Args:
        classes: Number of classes.
        heads: `train` adds a head on layer 3 (of weight 0.4 in the release's loss).

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("pspnet", classes)
        self.stem = nn.Sequential(
            ConvBNReLU(3, 64, 3, stride=2),
            ConvBNReLU(64, 64, 3),
            ConvBNReLU(64, 128, 3),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.layers = nn.ModuleList()
        channels = 128
        for blocks, width, stride, dilation in zip(BLOCKS, WIDTHS, STRIDES, DILATIONS, strict=True):
            self.layers.append(_layer(channels, width, blocks, stride, dilation))
            channels = 4 * width
        self.pyramid = PyramidPooling(channels, 512, pools=bin_pools(BINS), width=512, kernel=3)
        self.classify = nn.Sequential(nn.Dropout2d(0.1), nn.Conv2d(512, classes, 1))
        self.upsample = Upsample()
        self.auxiliary = (
            ScoreHead(1024, 256, classes, dropout=nn.Dropout2d(0.1)) if heads == "train" else None
        )

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        x = self.stem(image)
        for layer in self.layers[:3]:
            x = layer(x)
        deepest = self.layers[3](x)
        logits = self.upsample(self.classify(self.pyramid(deepest)), image.shape[-2:])
        if self.auxiliary is not None and self.training:
            return [logits, self.auxiliary(x)]
        return logits

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        layers = [
            Stage("Encoder", f"Layer {n + 1}", (f"Bottleneck ×{blocks}",), (f"layers.{n}",))
            for n, blocks in enumerate(BLOCKS)
        ]
        return [
            Stage("Encoder", "Stem", ("Conv 3×3 ×3", "2D Max Pooling"), ("stem",)),
            *layers,
            Stage("Context", "Pyramid Pooling", ("1, 2, 3, 6 bins", "Conv 3×3"), ("pyramid",)),
            Stage("Head", "Output Conv", ("Conv 1×1",), ("classify",)),
            Stage("Head", "Output Conv", ("Upsampling ×8",), ("upsample",)),
        ]


def _layer(channels: int, width: int, blocks: int, stride: int, dilation: int) -> nn.Sequential:
    out = 4 * width
    rest = (Bottleneck(out, width, out, dilation=dilation) for _ in range(blocks - 1))
    return nn.Sequential(Bottleneck(channels, width, out, stride=stride, dilation=dilation), *rest)
