"""ESPNetv2 for segmentation, scale 2.0: EESP units, and the image again at every level.

Source: sacmehta/ESPNetv2 b78e323, `segmentation/` (the authors', who mark it as superseded by
EdgeNets, whose decoder is another). At 224x224 with 20 classes scales 0.5 and 1.5 have the 99K and
725K parameters and the 54M and 322M multiply-adds of its README, which are those of 224x224 and not
of a Cityscapes image.

What surprises there:
- Every downsampling unit ends in a PReLU that never runs: 480 parameters, which `heads="train"`
  builds too.
- Poolings of the image and of the pyramid are function calls: counters of modules miss them. Each
  level halves the image from its full size anew.
- Behind the pyramid, everything up to the output has as many channels as classes.
- Training also returns the scores at 1/8, as they are before BatchNorm and PReLU.
"""

import torch
from torch import Tensor, nn

from variants.components.blocks import BNPReLU, conv, resize
from variants.components.eesp import EESP, EESPDown, conv_bn_prelu, halve
from variants.components.head import Upsample
from variants.errors import BadRequest
from variants.networks.stage import Stage
from variants.networks.whole import Heads, check_classes

BASE = 32  # channels at 1/2 at scale 1, and at most
WIDE = (1, 2, 3, 4)
NARROW = (1, 1, 2, 3)  # where the receptive field is limited to 7 pixels
LEVEL3_UNITS = 3
LEVEL4_UNITS = 7
PYRAMID_LEVELS = 4


class ESPNetV2(nn.Module):
    """ESPNetv2.

    Shape:
        input `(N, 3, H, W)`, output `(N, classes, H, W)`. With `heads="train"`, in training mode,
        `[logits, logits at 1/8]`.

    Args:
        classes: Number of classes.
        heads: `train` adds the scores at 1/8, and what the release builds and never runs.
        scale: Width: the levels at 1/4, 1/8 and 1/16 have 64, 128 and 256 times it channels.

    Raises:
        BadRequest: If `classes` is below 1, or the groups cannot share the channels of a level.
    """

    def __init__(
        self, *, classes: int = 19, heads: Heads = "inference", scale: float = 2.0
    ) -> None:
        super().__init__()
        check_classes("espnetv2", classes)
        if scale != 0.5 and (scale < 1 or scale % 0.25):
            raise BadRequest(
                "network espnetv2: scale must be 0.5, or a multiple of 0.25 from 1 on, so that "
                f"groups of 16 share the channels of every level, got scale={scale}"
            )
        first, second = (int(min(BASE, BASE * scale)), int(2 * BASE * scale))
        third, fourth = 2 * second, 4 * second
        dropout = 0.1 if scale <= 0.5 else 0.2
        self.level1 = conv_bn_prelu(3, first, 3, stride=2)
        self.down = nn.ModuleList(
            [
                EESPDown(first, second, dilations=WIDE, halvings=2),
                EESPDown(second, third, dilations=WIDE, halvings=3),
                EESPDown(third, fourth, dilations=WIDE, halvings=4),
            ]
        )
        self.level3 = _units(third, LEVEL3_UNITS, WIDE)
        self.level4 = _units(fourth, LEVEL4_UNITS, NARROW)
        self.project = conv_bn_prelu(fourth, third, 1)
        self.merge = EESP(2 * third, third, dilations=NARROW)
        self.pyramid = Pyramid(third)
        self.classify8 = nn.Sequential(nn.Dropout2d(dropout), conv(third, classes, 1))
        self.activate8 = BNPReLU(classes, eps=1e-5)
        self.classify4 = conv_bn_prelu(second + classes, classes, 1)
        self.classify2 = nn.Sequential(nn.Dropout2d(dropout), conv(first + classes, classes, 1))
        self.upsample = Upsample()
        self.train_heads = heads == "train"
        if self.train_heads:
            ends = (second - first, third - second, fourth - third)
            self.never_run = nn.ModuleList(nn.PReLU(channels) for channels in ends)

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        half = self.level1(image)
        quarter = self.down[0](half, image)
        eighth = self.level3(self.down[1](quarter, image))
        x = self.project(self.level4(self.down[2](eighth, image)))
        x = torch.cat([eighth, resize(x, eighth.shape[-2:])], 1)
        scores = self.classify8(self.pyramid(self.merge(x)))
        x = resize(self.activate8(scores), quarter.shape[-2:])
        x = resize(self.classify4(torch.cat([quarter, x], 1)), half.shape[-2:])
        logits = self.upsample(self.classify2(torch.cat([half, x], 1)), image.shape[-2:])
        if self.train_heads and self.training:
            return [logits, scores]
        return logits

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        head = [
            ("1/8", "Conv 1×1", ("classify8", "activate8")),
            ("1/4", "Conv 1×1", ("classify4",)),
            ("1/2", "Conv 1×1", ("classify2",)),
            ("Output", "Upsampling ×2", ("upsample",)),
        ]
        return [
            Stage("Encoder", "Level 1", ("Conv 3×3 (s=2)",), ("level1",)),
            Stage("Encoder", "Level 2", ("EESP (s=2)",), ("down.0",)),
            Stage("Encoder", "Level 3", ("EESP (s=2)",), ("down.1",)),
            Stage("Encoder", "Level 3", (f"EESP ×{LEVEL3_UNITS}",), ("level3",)),
            Stage("Encoder", "Level 4", ("EESP (s=2)",), ("down.2",)),
            Stage("Encoder", "Level 4", (f"EESP ×{LEVEL4_UNITS}",), ("level4",)),
            Stage("Decoder", "Project", ("Conv 1×1",), ("project",)),
            Stage("Decoder", "Merge", ("EESP",), ("merge",)),
            Stage("Decoder", "Pyramid", (f"{PYRAMID_LEVELS} levels",), ("pyramid",)),
            *(Stage("Head", name, (kind,), modules) for name, kind, modules in head),
        ]


class Pyramid(nn.Module):
    """The map beside depthwise 3x3 of its successive halvings, closed by a 1x1.

    Shape:
        input and output `(N, channels, H, W)`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            conv(channels, channels, 3, groups=channels) for _ in range(PYRAMID_LEVELS)
        )
        self.project = conv_bn_prelu((PYRAMID_LEVELS + 1) * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        maps = [x]
        for level in self.levels:
            x = halve(x)
            maps.append(resize(level(x), size))
        return self.project(torch.cat(maps, 1))


def _units(channels: int, count: int, dilations: tuple[int, ...]) -> nn.Sequential:
    return nn.Sequential(*(EESP(channels, channels, dilations=dilations) for _ in range(count)))
