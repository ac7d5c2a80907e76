"""The head: class scores at the decoder's size, brought to the size of the image."""

from collections.abc import Sequence

from torch import Tensor, nn

from variants.components.blocks import resize
from variants.errors import check_at_least_1


class Upsample(nn.Module):
    """Bilinear resize to a size given at the call, as a module so that it is a stage of its own."""

    def __init__(self, *, align_corners: bool = True) -> None:
        super().__init__()
        self.align_corners = align_corners

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        return resize(x, size, align_corners=self.align_corners)


class ConvHead(nn.Module):
    """A 1x1 convolution with bias to class scores, then bilinear upsampling.

    Shape:
        input `(N, channels, h, w)` and a size `(H, W)`, output `(N, classes, H, W)`.

    Args:
        channels: Channels of the input.
        classes: Number of classes.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, channels: int, *, classes: int = 19) -> None:
        super().__init__()
        check_at_least_1("head conv", classes=classes)
        self.classify = nn.Conv2d(channels, classes, 1)
        self.upsample = Upsample()

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.upsample(self.classify(x), size)
