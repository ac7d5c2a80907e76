"""DF1-Seg-d8: a residual backbone found by partial order pruning, and a decoder that ends at 1/8.

Source: lixincn2015/Partial-Order-Pruning e136726 (official; Caffe, the network as it was trained,
with BatchNorm). Every layer's shape is also that of its `caffe time` log.

What to know when its figures are compared:
- "d8" means that the output stays at 1/8: the 136.9 FPS that are printed are the time to a 128x256
  score map, under TensorRT 3. `upsampling="none"` builds that. By default the scores are brought to
  the size of the image, as every other network here does.
- The 72.4 mIoU belongs to the d8 form; DF1-Seg, with a fixed transposed convolution by 8 behind it
  (`upsampling="deconvolution"`), has 74.1.
- What was timed had BatchNorm folded into biased convolutions (`--fold-bn`).
- Both transposed convolutions of the decoder are fixed bilinear kernels: 816 parameters that never
  train.
- The pyramid's windows have a size (32, 16, 8, 4), not a number. Where the map is smaller than a
  window, the window is cut at the border, as Caffe does.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.components.fixed_upsample import fixed_upsample
from variants.components.head import Upsample
from variants.components.ppm import PyramidPooling
from variants.components.residual import BasicBlock
from variants.networks.stage import Stage
from variants.networks.whole import check_classes, check_size

EPS = 1e-4
WINDOWS = (32, 16, 8, 4)
MULTIPLE = 32


class DF1Seg(nn.Module):
    """DF1-Seg-d8.

    Shape:
        input `(N, 3, H, W)`, both multiples of 32; output `(N, classes, H, W)`, or `H/8` and `W/8`
        with `upsampling="none"`.

    Args:
        classes: Number of classes.
        upsampling: What brings the scores from 1/8 to the size of the image.

    Raises:
        BadRequest: If `classes` is below 1, or at the call if 32 does not divide a side.
    """

    def __init__(
        self,
        *,
        classes: int = 19,
        upsampling: Literal["bilinear", "deconvolution", "none"] = "bilinear",
    ) -> None:
        super().__init__()
        check_classes("df1-seg-d8", classes)
        self.stem = nn.Sequential(_conv(3, 32, 3, stride=2), _conv(32, 64, 3, stride=2))
        self.layers = nn.ModuleList(
            [_layer(64, 64, 64, 64), _layer(64, 128, 128, 128), _layer(128, 256, 256, 256, 512)]
        )
        # ceil_mode: as Caffe rounds, so that a map smaller than the window has one cut window
        pools = [nn.AvgPool2d(window, ceil_mode=True) for window in WINDOWS]
        self.pyramid = PyramidPooling(512, 512, pools=pools, width=128, kernel=3, eps=EPS)
        self.lateral = nn.ModuleList([_conv(64, classes, 1), _conv(128, 32, 1), _conv(512, 128, 1)])
        self.up16 = _Up(128, 32)
        self.up8 = _Up(32, classes)
        self.score = ConvBNReLU(classes, classes, 3, eps=EPS, relu=False)
        self.upsample = Upsample(align_corners=False) if upsampling == "bilinear" else None
        self.deconvolution = fixed_upsample(classes, 8) if upsampling == "deconvolution" else None

    def forward(self, image: Tensor) -> Tensor:
        check_size("df1-seg-d8", image, divisor=MULTIPLE)
        maps = []
        x = self.stem(image)
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        maps[-1] = self.pyramid(x)
        eighth, sixteenth, x = (side(m) for side, m in zip(self.lateral, maps, strict=True))
        logits: Tensor = self.score(self.up8(self.up16(x, sixteenth), eighth))
        if self.upsample is not None:
            logits = self.upsample(logits, image.shape[-2:])
        return logits if self.deconvolution is None else self.deconvolution(logits)

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table; the lateral 1x1 run before the decoder."""
        layers = [
            Stage("Encoder", f"Res{n + 2}", (f"BasicBlock ×{blocks}",), (f"layers.{n}",))
            for n, blocks in enumerate((3, 3, 4))
        ]
        rows = [
            Stage("Encoder", "Stem", ("Conv 3×3 (s=2) ×2",), ("stem",)),
            *layers,
            Stage("Context", "Pyramid Pooling", ("32, 16, 8, 4 px", "Conv 3×3"), ("pyramid",)),
            Stage("Decoder", "Laterals", ("Conv 1×1 ×3",), ("lateral",)),
            Stage("Decoder", "Up 1/16", ("Upsampling ×2", "Conv 3×3"), ("up16",)),
            Stage("Decoder", "Up 1/8", ("Upsampling ×2", "Conv 3×3"), ("up8",)),
            Stage("Head", "Output Conv", ("Conv 3×3",), ("score",)),
        ]
        last = [name for name in ("upsample", "deconvolution") if getattr(self, name) is not None]
        return rows + [Stage("Head", "Output Conv", ("Upsampling ×8",), (n,)) for n in last]


class _Up(nn.Module):
    """1x1 to `out_channels`, fixed bilinear by 2, [lateral, up] concatenated, 3x3 back to it."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.project = _conv(channels, out_channels, 1)
        self.upsample = fixed_upsample(out_channels, 2)
        self.refine = _conv(2 * out_channels, out_channels, 3)

    def forward(self, x: Tensor, lateral: Tensor) -> Tensor:
        up = self.upsample(self.project(x))
        return self.refine(torch.cat([lateral, up], 1))


def _conv(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1) -> ConvBNReLU:
    return ConvBNReLU(in_channels, out_channels, kernel, stride=stride, eps=EPS)


def _layer(channels: int, *widths: int) -> nn.Sequential:
    """Return a residual block for each width, the first with stride 2."""
    layer = nn.Sequential()
    for n, width in enumerate(widths):
        layer.append(BasicBlock(channels, width, stride=1 if n else 2, eps=EPS))
        channels = width
    return layer
