"""What networks without slots share: their sizes, their heads, and how they refuse."""

from typing import Literal

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU
from variants.errors import BadRequest, check_at_least_1

# `inference`: what runs when an image is segmented. `train`: with the heads that only a loss reads,
# and with what the authors build and never run. A network that has these returns, in training
# mode alone, a list: the logits first, then those of every further head, each at its own size.
Heads = Literal["inference", "train"]


def check_classes(who: str, classes: int) -> None:
    """Refuse a number of classes below 1.

    Raises:
        BadRequest: If it is.
    """
    check_at_least_1(f"network {who}", classes=classes)


def check_size(who: str, image: Tensor, *, divisor: int = 1, least: int = 1) -> None:
    """Refuse an image whose height or width `divisor` does not divide, or that is below `least`.

    Raises:
        BadRequest: If so.
    """
    height, width = image.shape[-2:]
    rule = f"divisible by {divisor}" if height % divisor or width % divisor else ""
    if min(height, width) < least:
        rule = f"at least {least}"
    if rule:
        raise BadRequest(f"network {who}: height and width must be {rule}, got {height}x{width}")


class ScoreHead(nn.Sequential):
    """3x3 conv-BN-ReLU to `width`, dropout where there is one, 1x1 with bias to the classes.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, classes, H, W)`.

    Args:
        in_channels: Channels of the input.
        width: Channels of the 3x3.
        classes: Number of classes.
        dropout: Of single values (`nn.Dropout`) or of whole channels (`nn.Dropout2d`).
    """

    def __init__(
        self, in_channels: int, width: int, classes: int, *, dropout: nn.Module | None = None
    ) -> None:
        super().__init__(ConvBNReLU(in_channels, width, 3))
        if dropout is not None:
            self.append(dropout)
        self.append(nn.Conv2d(width, classes, 1))
