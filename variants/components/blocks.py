"""Convolutions with their normalisation and activation, as every component here uses them.

Every convolution starts from He initialisation, so that an untrained network keeps activations of
order one from end to end: with torch's default a network of this depth fades towards subnormal
numbers, which a CPU computes far more slowly, and a timing would measure that.
"""

from collections.abc import Sequence

from torch import Tensor, nn

Size = int | tuple[int, int]


def same_padding(kernel: Size, dilation: Size) -> tuple[int, int]:
    """Return the padding (rows, columns) that keeps the size of a map at stride 1."""
    rows, cols = (kernel, kernel) if isinstance(kernel, int) else kernel
    down, across = (dilation, dilation) if isinstance(dilation, int) else dilation
    return down * (rows - 1) // 2, across * (cols - 1) // 2


def conv(
    in_channels: int, out_channels: int, kernel: Size, *, stride: int = 1, dilation: Size = 1
) -> nn.Conv2d:
    """Return a convolution without bias whose padding keeps the size at stride 1.

    A dilation is applied only along the axes on which the kernel is longer than one, so that
    `dilation=8` on a 3x1 kernel means 8 rows.
    """
    layer = nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        stride=stride,
        padding=same_padding(kernel, dilation),
        dilation=dilation,
        bias=False,
    )
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer


class ConvBNReLU(nn.Sequential):
    """Convolution without bias, BatchNorm, ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`
        for odd kernels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: Size,
        *,
        stride: int = 1,
        dilation: Size = 1,
    ) -> None:
        super().__init__(
            conv(in_channels, out_channels, kernel, stride=stride, dilation=dilation),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )
        rows, cols = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.summary = f"Conv {rows}×{cols}" + (f" (s={stride})" if stride > 1 else "")


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
