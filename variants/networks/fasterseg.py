"""FasterSeg's released student: two searched branches to 1/32 and 1/16, most of it "zoomed".

Source: VITA-Group/FasterSeg 478b026, architecture `arch_1.pt` (16 layers, Fch 12, branches that
end at 1/32 and 1/16).

What to know when its figures are compared:
- The 4.4M parameters that are printed count what is built for training: 3,421,875 run at
  inference; two auxiliary heads have 931,046, and a pair of 1x1 convolutions whose call is
  commented out in the release has 32,768. `heads="train"` builds all of them.
- The 28.2 GFLOPs that are printed are not reached by the released code, which prints 27.902
  (convolutions, bias and twice the elements of BatchNorm).
- Its timing includes the final upsampling by 8, unlike that of DF1-Seg-d8 beside it.
- The branches run in turn, layer by layer, as in the release.
"""

import torch
from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, conv, resize
from variants.components.head import Upsample
from variants.components.zoom import ZoomedConv, double_conv
from variants.networks.stage import Stage
from variants.networks.whole import Heads, ScoreHead, check_classes, check_size

# two zooms by stride and one within: the map at 1/32 needs two rows, that at 1/8 eight
LEAST = 57
# the last cell of a branch before it goes down once more
DEEP_TAP, SHALLOW_TAP = 3, 1


class FasterSeg(nn.Module):
    """FasterSeg, student.

    Shape:
        input `(N, 3, H, W)` of at least 57 pixels a side (a multiple of 64 halves evenly all the
        way), output `(N, classes, H, W)`. With `heads="train"` in training mode
        `[logits, logits at 1/32, logits at 1/16]`.

    Args:
        classes: Number of classes.
        heads: `train` adds the two auxiliary heads, and what the release builds and never calls.

    Raises:
        BadRequest: If `classes` is below 1, or at the call if the image is too small.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("fasterseg", classes)
        self.stem = nn.Sequential(
            ConvBNReLU(3, 32, 3, stride=2),
            double_conv(32, 64, stride=2),
            double_conv(64, 64, stride=2),
        )
        self.shared = nn.Sequential(double_conv(64, 32), double_conv(32, 32), ZoomedConv(32, 32))
        self.deep = nn.ModuleList(
            [
                ZoomedConv(32, 128, depth=1, stride=2),
                ZoomedConv(128, 64),
                ZoomedConv(64, 64),
                ZoomedConv(64, 64),
                ZoomedConv(64, 128, stride=2),
                ZoomedConv(128, 128),
                ZoomedConv(128, 256),
            ]
        )
        self.shallow = nn.ModuleList(
            [
                ZoomedConv(32, 32),
                double_conv(32, 32),
                double_conv(32, 64, stride=2),
                ZoomedConv(64, 64),
                ZoomedConv(64, 192),
                ZoomedConv(192, 128),
            ]
        )
        self.merge_deep = nn.ModuleList([_Merge(256, 128, 64, 128), _Merge(128, 64, 32, 64)])
        self.merge_shallow = _Merge(128, 64, 32, 64)
        self.fuse = ConvBNReLU(128, 128, 1)
        self.classify = ScoreHead(128, 128, classes)
        self.upsample = Upsample()
        self.auxiliary, self.attention = None, None
        if heads == "train":
            self.auxiliary = nn.ModuleList(ScoreHead(c, c, classes) for c in (256, 192))
            # built in the release, its call commented out: part of the 4.4M
            self.attention = nn.ModuleList(conv(128, 128, 1) for _ in range(2))

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        check_size("fasterseg", image, least=LEAST)
        eighth = self.shared(self.stem(image))
        deep, shallow, deep_tap, shallow_tap = self._branches(eighth)
        x = self.merge_deep[1](self.merge_deep[0](deep, deep_tap), eighth)
        y = self.merge_shallow(shallow, shallow_tap)
        logits = self.classify(self.fuse(torch.cat([x, y], 1)))
        logits = self.upsample(logits, image.shape[-2:])
        if self.auxiliary is not None and self.training:
            # the branches round halves differently; one size at multiples of 16
            deep_tap = resize(deep_tap, shallow.shape[-2:])
            sixteenth = self.auxiliary[1](torch.cat([deep_tap, shallow], 1))
            return [logits, self.auxiliary[0](deep), sixteenth]
        return logits

    def _branches(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the ends of both branches, and what each is merged with on the way back."""
        deep, shallow = x, x
        deep_tap, shallow_tap = x, x
        for n, cell in enumerate(self.deep):
            deep = cell(deep)
            if n < len(self.shallow):
                shallow = self.shallow[n](shallow)
            if n == SHALLOW_TAP:
                shallow_tap = shallow
            if n == DEEP_TAP:
                deep_tap = deep
        return deep, shallow, deep_tap, shallow_tap

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, branch by branch."""
        cells = [
            Stage(f"Branch {branch}", f"Cell {n + 1}", (_cell(cell),), (f"{name}.{n}",))
            for branch, name in (("1/32", "deep"), ("1/16", "shallow"))
            for n, cell in enumerate(getattr(self, name))
        ]
        shared = [
            Stage("Shared", f"Cell {n + 1}", (_cell(cell),), (f"shared.{n}",))
            for n, cell in enumerate(self.shared)
        ]
        deep = ("merge_deep.0", "merge_deep.1")
        return [
            Stage("Shared", "Stem", ("Conv 3×3 ×5",), ("stem",)),
            *shared,
            *cells,
            Stage("Decoder", "Merge 1/32", ("Conv 1×1", "Conv 3×3"), deep),
            Stage("Decoder", "Merge 1/16", ("Conv 1×1", "Conv 3×3"), ("merge_shallow",)),
            Stage("Decoder", "Fusion", ("Conv 1×1",), ("fuse",)),
            Stage("Head", "Output Conv", ("Conv 3×3", "Conv 1×1"), ("classify",)),
            Stage("Head", "Output Conv", ("Upsampling ×8",), ("upsample",)),
        ]


class _Merge(nn.Module):
    """1x1 to `width`, bilinear to the skip's size, concatenation, 3x3 to `out_channels`."""

    def __init__(self, channels: int, width: int, skip: int, out_channels: int) -> None:
        super().__init__()
        self.reduce = ConvBNReLU(channels, width, 1)
        self.refine = ConvBNReLU(width + skip, out_channels, 3)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        up = resize(self.reduce(x), skip.shape[-2:])
        return self.refine(torch.cat([up, skip], 1))


def _cell(cell: nn.Module) -> str:
    return "Zoomed Conv 3×3" if isinstance(cell, ZoomedConv) else "Conv 3×3 ×2"
