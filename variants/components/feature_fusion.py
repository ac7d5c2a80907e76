"""How Fast-SCNN and ContextNet join a deep, coarse map with a shallow, fine one.

Source: Poudel et al., ContextNet (2018) and Fast-SCNN (2019).
"""

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize
from variants.components.separable import SeparableConv


class FeatureFusion(nn.Module):
    """The deep map upsampled, depthwise 3x3 and 1x1, plus a 1x1 of the fine map; ReLU.

    The two 1x1 have a bias, in front of a BatchNorm that makes it superfluous.

    Shape:
        inputs `(N, deep_channels, h, w)` and `(N, fine_channels, H, W)`, output
        `(N, out_channels, H, W)`.
    """

    def __init__(self, deep_channels: int, fine_channels: int, out_channels: int) -> None:
        super().__init__()
        self.deep = nn.Sequential(
            ConvBNReLU(deep_channels, deep_channels, 3, groups=deep_channels),
            ConvBNReLU(deep_channels, out_channels, 1, bias=True, relu=False),
        )
        self.fine = ConvBNReLU(fine_channels, out_channels, 1, bias=True, relu=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, deep: Tensor, fine: Tensor) -> Tensor:
        deep = self.deep(resize(deep, fine.shape[-2:]))
        return self.relu(deep + self.fine(fine))


class SeparableClassifier(nn.Sequential):
    """Two separable convolutions, dropout, and a 1x1 with bias to the classes.

    Shape:
        input `(N, channels, H, W)`, output `(N, classes, H, W)`.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__(
            SeparableConv(channels, channels),
            SeparableConv(channels, channels),
            nn.Dropout(0.1),
            nn.Conv2d(channels, classes, 1),
        )
