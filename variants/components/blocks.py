"""Convolutions with their normalisation and activation, as every component here uses them.

Every convolution starts from He initialisation, so that an untrained network keeps activations of
order one from end to end: with torch's default a network of this depth fades towards subnormal
numbers, which a CPU computes far more slowly, and a timing would measure that.
"""

from collections.abc import Sequence

from torch import Tensor, nn

Size = int | tuple[int, int]

# A residual branch adds to its input: at a scale of one every block would double the variance, and
# a hundred layers would leave the range of half precision.
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
    groups: int = 1,
    bias: bool = False,
    padding: int | None = None,
    gain: float = 1.0,
) -> nn.Conv2d:
    """Return a convolution whose padding keeps the size at stride 1, unless `padding` is given.

    A dilation is applied only along the axes on which the kernel is longer than one, so that
    `dilation=8` on a 3x1 kernel means 8 rows. `gain` scales what its weights start from:
    `RESIDUAL_GAIN` where a residual branch ends without a BatchNorm that could.
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
    if gain != 1:
        layer.weight.data.mul_(gain)
    return layer


class ConvBNReLU(nn.Sequential):
    """Convolution (of the arguments of `conv`), BatchNorm, ReLU.

    Shape:
        input `(N, in_channels, H, W)`, output `(N, out_channels, ceil(H/stride), ceil(W/stride))`
        for odd kernels and the default padding.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel: Kernel size.
        eps: What BatchNorm adds to the variance.
        relu: False leaves the ReLU out.
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
        groups: int = 1,
        bias: bool = False,
        padding: int | None = None,
        eps: float = 1e-5,
        relu: bool = True,
        gain: float = 1.0,
    ) -> None:
        norm = nn.BatchNorm2d(out_channels, eps=eps)
        nn.init.constant_(norm.weight, gain)
        super().__init__(
            conv(
                in_channels,
                out_channels,
                kernel,
                stride=stride,
                dilation=dilation,
                groups=groups,
                bias=bias,
                padding=padding,
            ),
            norm,
        )
        if relu:
            self.append(nn.ReLU(inplace=True))
        rows, cols = (kernel, kernel) if isinstance(kernel, int) else kernel
        self.summary = f"Conv {rows}×{cols}" + (f" (s={stride})" if stride > 1 else "")


class BNPReLU(nn.Sequential):
    """BatchNorm, then PReLU with one slope per channel.

    Shape:
        input and output `(N, channels, H, W)`.

    Args:
        channels: Channels in and out.
        eps: What BatchNorm adds to the variance; 1e-3 in MDA and in DABNet.
    """

    def __init__(self, channels: int, *, eps: float = 1e-3) -> None:
        super().__init__(nn.BatchNorm2d(channels, eps=eps), nn.PReLU(channels))


def asymmetric_pair(channels: int, *, dilation: int, groups: int = 1) -> nn.Sequential:
    """Return a 3x1 and a 1x3 convolution of one dilation, BatchNorm and PReLU behind each."""
    return nn.Sequential(
        conv(channels, channels, (3, 1), dilation=(dilation, 1), groups=groups),
        BNPReLU(channels),
        conv(channels, channels, (1, 3), dilation=(1, dilation), groups=groups),
        BNPReLU(channels),
    )


class Identity(nn.Identity):
    """A slot left empty: passes `(N, channels, H, W)` through unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels


def resize(x: Tensor, size: Sequence[int], *, align_corners: bool = True) -> Tensor:
    """Resize `(N, C, H, W)` bilinearly to `size`; the paper's networks align corner pixels."""
    return nn.functional.interpolate(
        x, size=list(size), mode="bilinear", align_corners=align_corners
    )
