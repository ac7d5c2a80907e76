"""LEDNet: channels split in halves, shuffled between blocks, and an attention pyramid as decoder.

Cheap because each half sees half the channels. Source: Wang et al., LEDNet (ICIP 2019), and the
authors' PyTorch code (`train/lednet.py`).

What surprises there:
- The decoder's classes are fixed at 20 and its size at 512x1024; here both follow what is asked.
- The pyramid works on a single channel, which multiplies the class scores.
- `train/lednet_1.py` there holds another decoder (128 wide), and the author's later collection one
  whose k x k kernels are factorised: this is neither.
- Convolutions have a bias in front of BatchNorm, as in ERFNet. A 1x1 head on the encoder is for
  training that alone.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, ConvBNReLU, resize
from variants.components.factorised import EPS, Blocks, Downsampler, factorised
from variants.components.head import Upsample
from variants.networks.stage import Stage, summary
from variants.networks.whole import Heads, check_classes, check_size

DILATIONS = (1, 2, 5, 9, 2, 5, 9, 17)  # of the blocks at 1/8


class LEDNet(nn.Module):
    """Encoder, attention pyramid, upsampling by 8.

    Shape:
        input `(N, 3, H, W)`, both divisible by 8; output `(N, classes, H, W)`. With
        `heads="train"`, in training mode, `[logits, those of the encoder's head at 1/8]`.

    Args:
        classes: Number of classes.
        heads: `train` adds the encoder's head.

    Raises:
        BadRequest: If `classes` is below 1, or at the call if 8 does not divide a side.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("lednet", classes)
        self.encoder = nn.Sequential(
            Downsampler(3, 32),
            _blocks(32, (1, 1, 1), dropout=0.03),
            Downsampler(32, 64),
            _blocks(64, (1, 1), dropout=0.03),
            Downsampler(64, 128),
            _blocks(128, DILATIONS, dropout=0.3),
        )
        self.decoder = AttentionPyramid(128, classes)
        self.upsample = Upsample()
        self.encoder_head = nn.Conv2d(128, classes, 1) if heads == "train" else None

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        check_size("lednet", image, divisor=8)
        x = self.encoder(image)
        logits = self.upsample(self.decoder(x), image.shape[-2:])
        if self.encoder_head is not None and self.training:
            return [logits, self.encoder_head(x)]
        return logits

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        return [
            *(
                Stage("Encoder", _name(layer), (summary(layer),), (f"encoder.{n}",))
                for n, layer in enumerate(self.encoder)
            ),
            Stage("Decoder", "Attention Pyramid", ("7×7, 5×5, 3×3",), ("decoder",)),
            Stage("Decoder", "Output", ("Upsampling ×8",), ("upsample",)),
        ]


class SplitShuffle(nn.Module):
    """Two factorised pairs on each half of the channels, in opposite order; residual, shuffled.

    Shape:
        input and output `(N, channels, H, W)`, `channels` even.

    Args:
        channels: Channels in and out.
        dilation: Dilation of the second pair.
        dropout: Share of the channels that training drops before the addition.
    """

    def __init__(self, channels: int, *, dilation: int, dropout: float) -> None:
        super().__init__()
        self.left = _half(channels // 2, dilation, across_first=False)
        self.right = _half(channels // 2, dilation, across_first=True)
        self.dropout = nn.Dropout2d(dropout)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        left, right = x.chunk(2, 1)
        made = self.dropout(torch.cat([self.left(left), self.right(right)], 1))
        return _shuffle(self.relu(made + x))


class AttentionPyramid(nn.Module):
    """Class scores times a one-channel pyramid of strided convolutions, plus their image average.

    Shape:
        input `(N, channels, H, W)`, output `(N, classes, H, W)`.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.AdaptiveAvgPool2d(1), _conv(channels, classes, 1))
        self.middle = _conv(channels, classes, 1)
        self.down = nn.ModuleList(
            [_conv(channels, 1, 7, stride=2), _conv(1, 1, 5, stride=2), _conv(1, 1, 3, stride=2)]
        )
        # deepest first
        self.side = nn.ModuleList([_conv(1, 1, 3), _conv(1, 1, 5), _conv(1, 1, 7)])

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        image = resize(self.image(x), size)
        middle = self.middle(x)
        levels = []
        for down in self.down:
            x = down(x)
            levels.append(x)
        attention = self.side[0](levels[2])
        for n in (1, 0):
            level = self.side[2 - n](levels[n])
            attention = level + resize(attention, level.shape[-2:])
        return middle * resize(attention, size) + image


def _shuffle(x: Tensor) -> Tensor:
    """Interleave the two halves of the channels."""
    images, channels, height, width = x.shape
    halves = x.view(images, 2, channels // 2, height, width)
    return halves.transpose(1, 2).reshape(images, channels, height, width)


def _half(channels: int, dilation: int, *, across_first: bool) -> nn.Sequential:
    return nn.Sequential(
        *factorised(channels, 3, 1, across_first=across_first),
        nn.ReLU(inplace=True),
        *factorised(channels, 3, dilation, across_first=across_first, gain=RESIDUAL_GAIN),
    )


def _blocks(channels: int, dilations: Sequence[int], *, dropout: float) -> Blocks:
    made = (SplitShuffle(channels, dilation=d, dropout=dropout) for d in dilations)
    return Blocks("SS-nbt", made)


def _conv(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1) -> ConvBNReLU:
    return ConvBNReLU(in_channels, out_channels, kernel, stride=stride, bias=True, eps=EPS)


def _name(layer: nn.Module) -> str:
    return "Blocks" if isinstance(layer, Blocks) else "Resampling"
