"""DABNet: depthwise asymmetric bottlenecks at 1/4 and 1/8, the image injected at every size.

Source: Li et al., DABNet (2019), and the authors' code. What surprises there: no convolution has a
bias, the last one included; the second downsampling has no pooling way; each of the three
injections pools the image anew (six poolings where three would do); the last resize does not align
corners.
"""

import torch
from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, BNPReLU, asymmetric_pair, conv
from variants.components.factorised import ConvBesidePool
from variants.components.head import Upsample
from variants.errors import BadRequest
from variants.networks.stage import Stage
from variants.networks.whole import check_classes

DILATIONS = ((2, 2, 2), (4, 4, 8, 8, 16, 16))  # of the modules at 1/4 and at 1/8


class DABModule(nn.Module):
    """A 3x3 to half the width, a plain and a dilated depthwise pair of 3x1 and 1x3, a 1x1 back.

    Shape:
        input and output `(N, channels, H, W)`.
    """

    def __init__(self, channels: int, *, dilation: int) -> None:
        super().__init__()
        width = channels // 2
        self.reduce = nn.Sequential(BNPReLU(channels), conv(channels, width, 3), BNPReLU(width))
        self.plain = asymmetric_pair(width, dilation=1, groups=width)
        self.dilated = asymmetric_pair(width, dilation=dilation, groups=width)
        self.expand = nn.Sequential(BNPReLU(width), conv(width, channels, 1, gain=RESIDUAL_GAIN))

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.reduce(x)
        return self.expand(self.plain(reduced) + self.dilated(reduced)) + x


class DABNet(nn.Module):
    """Three convolutions, two blocks of DAB modules, a 1x1 to the classes.

    Shape:
        input `(N, 3, H, W)`, both of which give an even number when halved and rounded up; output
        `(N, classes, H, W)`.

    Args:
        classes: Number of classes.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, *, classes: int = 19) -> None:
        super().__init__()
        check_classes("dabnet", classes)
        self.start = nn.Sequential(
            *(conv(3, 32, 3, stride=2), BNPReLU(32)),
            *(conv(32, 32, 3), BNPReLU(32)),
            *(conv(32, 32, 3), BNPReLU(32)),
        )
        self.images = nn.ModuleList(
            nn.Sequential(*(nn.AvgPool2d(3, stride=2, padding=1) for _ in range(times)))
            for times in (1, 2, 3)
        )
        self.injections = nn.ModuleList(BNPReLU(c + 3) for c in (32, 2 * 64, 2 * 128))
        self.downs = nn.ModuleList(
            [
                nn.Sequential(ConvBesidePool(35, 64, bias=False), BNPReLU(64)),
                nn.Sequential(conv(131, 128, 3, stride=2), BNPReLU(128)),
            ]
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(*(DABModule(channels, dilation=d) for d in dilations))
            for channels, dilations in zip((64, 128), DILATIONS, strict=True)
        )
        self.classify = conv(259, classes, 1)
        self.upsample = Upsample(align_corners=False)

    def forward(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        if -(-height // 2) % 2 or -(-width // 2) % 2:
            raise BadRequest(
                "network dabnet: height and width must be even when halved and rounded up, "
                f"got {height}x{width}"
            )
        maps = [self.start(image)]
        for number, (down, block) in enumerate(zip(self.downs, self.blocks, strict=True)):
            x = down(self._inject(number, image, maps))
            maps = [block(x), x]
        x = self._inject(2, image, maps)
        return self.upsample(self.classify(x), (height, width))

    def _inject(self, number: int, image: Tensor, maps: list[Tensor]) -> Tensor:
        """Put the pooled image behind `maps` and normalise them all."""
        return self.injections[number](torch.cat([*maps, self.images[number](image)], 1))

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""

        def injection(number: int) -> Stage:
            modules = (f"images.{number}", f"injections.{number}")
            return Stage("Encoder", "Injection", ("Image, BN, PReLU",), modules)

        rows = [Stage("Encoder", "Start", ("Conv 3×3 (s=2), ×3",), ("start",))]
        for n, (kind, modules) in enumerate(zip(("Conv, Pool", "Conv"), DILATIONS, strict=True)):
            rows += [
                injection(n),
                Stage("Encoder", f"Down {n + 1}", (f"{kind} (s=2)",), (f"downs.{n}",)),
                Stage("Encoder", f"DAB Block {n + 1}", (f"DAB ×{len(modules)}",), (f"blocks.{n}",)),
            ]
        return [
            *rows,
            injection(2),
            Stage("Decoder", "Output Conv", ("Conv 1×1",), ("classify",)),
            Stage("Decoder", "Output Conv", ("Upsampling ×8",), ("upsample",)),
        ]
