"""Convolutions with their normalisation and activation, as every component here uses them.

Every convolution starts from He initialisation, so that an untrained network keeps activations of
order one from end to end: with torch's default a network of this depth fades towards subnormal
numbers, which a CPU computes far more slowly, and a timing would measure that.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

Size = int | tuple[int, int]

# A residual branch adds to its input: with a scale of one, every block would double the variance,
# and a hundred layers would leave the range of half precision.
RESIDUAL_GAIN = 0.2


def same_padding(kernel: Size, dilation: Size) -> tuple[int, int]:
    """Return the padding (rows, columns) that keeps the size of a map at stride 1."""
    rows, cols = (kernel, kernel) if isinstance(kernel, int) else kernel
    down, across = (dilation, dilation) if isinstance(dilation, int) else dilation
    return down * (rows - 1) // 2, across * (cols - 1) // 2


def conv(
    in_channels: int,
    out_channels: int,
    kernel: Size,
    *,
    stride: int = 1,
    dilation: Size = 1,
    padding: Size | None = None,
    groups: int = 1,
    bias: bool = False,
) -> nn.Conv2d:
    """Return a convolution, unless told otherwise without bias and padded to keep the size.

    A dilation is applied only along the axes on which the kernel is longer than one, so that
    `dilation=8` on a 3x1 kernel means 8 rows.
    """
    layer = nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        stride=stride,
        padding=same_padding(kernel, dilation) if padding is None else padding,
        dilation=dilation,
        groups=groups,
        bias=bias,
    )
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class ConvBN(nn.Sequential):
    """Convolution and BatchNorm.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`
        for odd kernels, unless `padding` says otherwise.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Size of the kernel.
        stride: Stride of the convolution.
        dilation: Dilation, acting only along axes on which the kernel is longer than one.
        padding: Padding in place of the one that keeps the size.
        groups: Groups of the convolution.
        bias: Whether the convolution has a bias.
        eps: What BatchNorm adds to the variance.
        gain: What BatchNorm's scale starts from; `RESIDUAL_GAIN` at the end of a residual branch.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: Size,
        *,
        stride: int = 1,
        dilation: Size = 1,
        padding: Size | None = None,
        groups: int = 1,
        bias: bool = False,
        eps: float = 1e-5,
        gain: float = 1.0,
    ) -> None:
        super().__init__(
            conv(
                in_channels, out_channels, kernel, stride=stride, dilation=dilation,
                padding=padding, groups=groups, bias=bias,
            ),
            nn.BatchNorm2d(out_channels, eps=eps),
        )  # fmt: skip
        nn.init.constant_(self[1].weight, gain)
        rows, cols = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.summary = f"Conv {rows}×{cols}" + (f" (s={stride})" if stride > 1 else "")


class ConvBNReLU(ConvBN):
    """Convolution, BatchNorm, ReLU; shapes and arguments are those of `ConvBN`."""

    def __init__(self, in_channels: int, out_channels: int, kernel: Size, **arguments: Any) -> None:
        super().__init__(in_channels, out_channels, kernel, **arguments)
        self.append(nn.ReLU(inplace=True))


class BNPReLU(nn.Sequential):
    """BatchNorm with eps 1e-3, then PReLU with one slope per channel ("BP" in the paper's facts).

    Shape:
        input and output `(N, channels, H, W)`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(nn.BatchNorm2d(channels, eps=1e-3), nn.PReLU(channels))


class Identity(nn.Identity):
    """A slot left empty: passes `(N, channels, H, W)` through unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    """Resize `(N, C, H, W)` bilinearly to `size`, corner pixels aligned, as the paper's nets do."""
    return nn.functional.interpolate(x, size=list(size), mode="bilinear", align_corners=True)
