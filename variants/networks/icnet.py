"""ICNet: a thin ResNet-50 that runs mostly at 1/32, joined with two shallower, finer maps.

Source: Zhao et al., ICNet (2018), and the authors' Caffe network for Cityscapes. What surprises
there: the quarter-size image is never made, what is halved instead is the half-size image's map at
1/16; a bottleneck's stride sits in its first 1x1; the pyramid pools are summed, without a
convolution of their own. The network is written for 1025x2049, where every halving and doubling
aligns corners; here each resize goes to the size of the map it meets, which is the same there and
takes any other size too. At that size the pyramid's windows are Caffe's, which overlap; elsewhere
they are adaptive. Neither the 26.5M parameters nor the 28.3 G that are printed are reached by any
public form of it. The three learnable scales that its Caffe form puts on the image are left at
their default, one.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d

from variants.components.blocks import ConvBNReLU, resize
from variants.components.head import Upsample
from variants.components.residual import Bottleneck
from variants.networks.stage import Stage, summary
from variants.networks.whole import Heads, check_classes

BINS = (1, 2, 3, 6)
# For the map that 1025x2049 gives, kernel and stride of each grid as in Caffe.
_CAFFE_MAP = (33, 65)
_CAFFE_WINDOWS = (
    ((33, 65), (33, 65)),
    ((17, 33), (16, 32)),
    ((13, 25), (10, 20)),
    ((8, 15), (5, 10)),
)
_MOMENTUM = 0.05  # of the running statistics


class ICNet(nn.Module):
    """Three branches and two cascade feature fusions.

    Shape:
        input `(N, 3, H, W)`, output `(N, classes, H, W)`. With `heads="train"`, in training mode,
        `[logits, those of the coarse side of each fusion]`, at 1/16 and at 1/8.

    Args:
        classes: Number of classes.
        heads: `train` adds a head on the coarse side of each fusion.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("icnet", classes)
        self.sub2 = nn.Sequential(
            ConvBNReLU(3, 32, 3, stride=2),
            ConvBNReLU(32, 32, 3),
            ConvBNReLU(32, 64, 3),
            nn.MaxPool2d(3, stride=2, padding=1),
            _Bottlenecks(64, 32, 128, count=3),
            _Bottlenecks(128, 64, 256, count=1, stride=2),
        )
        self.sub4 = nn.Sequential(
            _Bottlenecks(256, 64, 256, count=3),
            _Bottlenecks(256, 128, 512, count=6, dilation=2),
            _Bottlenecks(512, 256, 1024, count=3, dilation=4),
            PyramidSum(),
            ConvBNReLU(1024, 256, 1),
        )
        self.cff42 = CascadeFeatureFusion(256, 256, 128)
        self.sub1 = nn.Sequential(
            ConvBNReLU(3, 32, 3, stride=2),
            ConvBNReLU(32, 32, 3, stride=2),
            ConvBNReLU(32, 64, 3, stride=2),
        )
        self.cff21 = CascadeFeatureFusion(128, 64, 128)
        self.zoom = Upsample()
        self.classify = nn.Conv2d(128, classes, 1)
        self.upsample = Upsample()
        self.auxiliary = (
            nn.ModuleList(nn.Conv2d(channels, classes, 1) for channels in (256, 128))
            if heads == "train"
            else None
        )
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = _MOMENTUM

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        size = image.shape[-2:]
        half = self.sub2(resize(image, _over(size, 2)))
        quarter = resize(self.sub4(resize(half, _over(half.shape[-2:], 2))), half.shape[-2:])
        coarse = self.cff42(quarter, half)
        full = self.sub1(image)
        coarse = resize(coarse, full.shape[-2:])
        x = self.zoom(self.cff21(coarse, full), _over(size, 4))
        logits = self.upsample(self.classify(x), size)
        if self.auxiliary is None or not self.training:
            return logits
        sides = zip(self.auxiliary, (quarter, coarse), strict=True)
        return [logits, *(head(side) for head, side in sides)]

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        rows = [
            Stage(name, _NAMES[type(layer)], (summary(layer),), (f"{branch}.{n}",))
            for name, branch in (("Half Size", "sub2"), ("Quarter", "sub4"))
            for n, layer in enumerate(getattr(self, branch))
        ]
        return [
            *rows,
            Stage("Fusion", "CFF 1/4, 1/2", ("Conv 3×3, Conv 1×1",), ("cff42",)),
            *(
                Stage("Full Size", "Conv", (summary(layer),), (f"sub1.{n}",))
                for n, layer in enumerate(self.sub1)
            ),
            Stage("Fusion", "CFF 1/2, 1", ("Conv 3×3, Conv 1×1",), ("cff21",)),
            Stage("Head", "Output Conv", ("Upsampling ×2",), ("zoom",)),
            Stage("Head", "Output Conv", ("Conv 1×1",), ("classify",)),
            Stage("Head", "Output Conv", ("Upsampling ×4",), ("upsample",)),
        ]


class _Bottlenecks(nn.Sequential):
    """Bottlenecks at one size, the first of them with the stride."""

    def __init__(
        self,
        in_channels: int,
        width: int,
        out_channels: int,
        *,
        count: int,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__(
            *(
                Bottleneck(
                    out_channels if n else in_channels,
                    width,
                    out_channels,
                    stride=1 if n else stride,
                    dilation=dilation,
                    stride_at="1x1",
                    shortcut_first=True,
                )
                for n in range(count)
            )
        )
        self.summary = f"Bottleneck ×{count}"


class PyramidSum(nn.Module):
    """A map plus its averages on four grids, each brought back to the map's size.

    Shape:
        input and output `(N, C, H, W)`.
    """

    summary = "Pyramid Sum"

    def forward(self, x: Tensor) -> Tensor:
        size = (x.shape[-2], x.shape[-1])
        out = x
        for bins, (kernel, stride) in zip(BINS, _CAFFE_WINDOWS, strict=True):
            as_written = size == _CAFFE_MAP
            pooled = avg_pool2d(x, kernel, stride) if as_written else adaptive_avg_pool2d(x, bins)
            out = out + resize(pooled, size)
        return out


class CascadeFeatureFusion(nn.Module):
    """A coarse map, already of the fine one's size, and a fine map, brought to one width and added.

    Shape:
        inputs `(N, coarse_channels, H, W)` and `(N, fine_channels, H, W)`, output
        `(N, out_channels, H, W)`.
    """

    def __init__(self, coarse_channels: int, fine_channels: int, out_channels: int) -> None:
        super().__init__()
        self.coarse = ConvBNReLU(coarse_channels, out_channels, 3, dilation=2, relu=False)
        self.fine = ConvBNReLU(fine_channels, out_channels, 1, relu=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        return self.relu(self.coarse(coarse) + self.fine(fine))


_NAMES = {
    ConvBNReLU: "Conv",
    nn.MaxPool2d: "Pool",
    _Bottlenecks: "Blocks",
    PyramidSum: "Pyramid",
}


def _over(size: Sequence[int], divisor: int) -> tuple[int, int]:
    """Return a size divided and rounded up: (n - 1) // divisor + 1, as corners stay in place."""
    height, width = size
    return -(-height // divisor), -(-width // divisor)
