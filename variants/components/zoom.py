"""FasterSeg's cells: a pair of 3x3 convolutions, and "zoomed" ones that run at half the size.

Cheap because a zoomed convolution reads a quarter of the pixels. Source: VITA-Group/FasterSeg
478b026. The release calls them residual; nothing is added in any of them.
"""

from torch import Tensor, nn

from variants.components.blocks import ConvBNReLU, resize


def double_conv(in_channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    """Return two 3x3 conv-BN-ReLU, the first with the stride."""
    return nn.Sequential(
        ConvBNReLU(in_channels, out_channels, 3, stride=stride),
        ConvBNReLU(out_channels, out_channels, 3),
    )


class ZoomedConv(nn.Module):
    """Bilinear to half the size (floor), 3x3 convolutions, bilinear back, ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, H, W)`, or `H//2`, `W//2` at
        stride 2, where the way back is left out. `H` and `W` are at least 2.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        depth: Number of convolutions, with ReLU between them.
        stride: 1 or 2.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, depth: int = 2, stride: int = 1
    ) -> None:
        super().__init__()
        ins = [in_channels, *[out_channels] * (depth - 1)]
        self.convs = nn.Sequential(
            *(
                ConvBNReLU(channels, out_channels, 3, relu=n < depth - 1)
                for n, channels in enumerate(ins)
            )
        )
        self.back = stride == 1
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        x = self.convs(resize(x, [side // 2 for side in size]))
        return self.relu(resize(x, size) if self.back else x)
