"""ResNet-18: its stem and its four stages of basic blocks, apart, so that each fits its slot.

Source: He et al., Deep Residual Learning (2016); without the classifier, as SwiftNet and BiSeNet
use it.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.components.hardnet import Level
from variants.components.residual import BasicBlock
from variants.errors import BadRequest, check_at_least_1


class ResNetStem(nn.Sequential):
    """A 7x7 conv-BN-ReLU of stride 2, then a 3x3 max pool of stride 2.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, channels, H/4, W/4)`, rounded up twice.

    Args:
        in_channels: Channels of the image.
        channels: Channels of the output.

    Raises:
        BadRequest: If `channels` is below 1.
    """

    def __init__(self, in_channels: int, *, channels: int = 64) -> None:
        check_at_least_1("stem resnet", channels=channels)
        super().__init__(
            ConvBNReLU(in_channels, channels, 7, stride=2), nn.MaxPool2d(3, stride=2, padding=1)
        )
        self.strides = (2, 2)
        self.out_channels = channels


class ResNet(nn.Module):
    """Stages of basic blocks, the first block of every stage but the first with stride 2.

    Shape:
        input `(N, in_channels, H, W)`; output `(skips, x)`: the outputs of all stages but the last,
        finest first, and the last stage's, its size halved (rounded up) between stages.

    Args:
        in_channels: Channels of the input.
        widths: Channels of each stage.
        blocks: Blocks of each stage.
        shortcut_first: As in `variants.components.residual`.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        widths: Sequence[int],
        blocks: Sequence[int],
        shortcut_first: bool = False,
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        channels = in_channels
        for number, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            stage = _Stage()
            for n in range(count):
                stride = 2 if number and n == 0 else 1
                stage.append(
                    BasicBlock(channels, width, stride=stride, shortcut_first=shortcut_first)
                )
                channels = width
            self.blocks.append(stage)
        self.out_channels = channels
        self.levels = [Level(width) for width in widths[:-1]]

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        skips = []
        for stage in self.blocks:
            x = stage(x)
            skips.append(x)
        return skips[:-1], x


class _Stage(nn.Sequential):
    """Residual blocks at one size."""

    @property
    def summary(self) -> str:
        return f"Basic Block ×{len(self)}"


class ResNet18(ResNet):
    """The four stages of ResNet-18, as an encoder.

    Shape:
        input `(N, in_channels, H, W)`; output `(skips, x)`: the outputs of all stages but the last,
        finest first, and the last stage's `(N, widths[-1], h, w)`.

    Args:
        in_channels: Channels of the input.
        widths: Channels of each stage.
        blocks: Basic blocks of each stage.

    Raises:
        BadRequest: If the lists differ in length, name fewer than two stages, or hold a number
            below 1.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        widths: Sequence[int] = (64, 128, 256, 512),
        blocks: Sequence[int] = (2, 2, 2, 2),
    ) -> None:
        if not len(widths) == len(blocks) >= 2 or min(*widths, *blocks) < 1:
            raise BadRequest(
                "encoder resnet18: widths and blocks must be equally many, at least 2, and at "
                f"least 1 each, got widths={list(widths)}, blocks={list(blocks)}"
            )
        super().__init__(in_channels, widths=widths, blocks=blocks, shortcut_first=True)
