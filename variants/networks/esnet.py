"""ESNet: ERFNet's plan with a wider kernel at 1/4 and three dilations side by side at 1/8.

Source: Wang et al., ESNet (2019), and the authors' PyTorch code.

What surprises there:
- The three parallel branches of a block share one BatchNorm: the same weights, and in training the
  same running statistics, updated three times a pass.
- Convolutions have a bias in front of BatchNorm, and a transposed convolution gives the logits at
  full size, as in ERFNet. A 1x1 head on the encoder is for training that alone.
- In such a block all ReLUs but the last are function calls there: counters of modules miss them.
"""

from torch import Tensor, nn

from variants.components.blocks import RESIDUAL_GAIN, conv
from variants.components.factorised import (
    EPS,
    Blocks,
    Downsampler,
    FactorisedResidual,
    Upsampler,
    factorised,
)
from variants.networks.resampling import ResamplingNetwork
from variants.networks.whole import Heads

DILATIONS = (2, 5, 9)


class ESNet(ResamplingNetwork):
    """Factorised blocks of three and five cells, parallel ones at 1/8; see `ResamplingNetwork`.

    Args:
        classes: Number of classes.
        heads: `train` adds the encoder's head.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        encoder = nn.Sequential(
            Downsampler(3, 16),
            _blocks(16, 3, 3, dropout=0.03),
            Downsampler(16, 64),
            _blocks(64, 5, 2, dropout=0.03),
            Downsampler(64, 128),
            Blocks("PFCU", (ParallelFactorised(128) for _ in range(3))),
        )
        decoder = nn.Sequential(
            Upsampler(128, 64), _blocks(64, 5, 2), Upsampler(64, 16), _blocks(16, 3, 2)
        )
        super().__init__("esnet", encoder, decoder, classes, heads)


class ParallelFactorised(nn.Module):
    """A factorised 3x3, then three of it at dilations 2, 5 and 9, summed with the input; ReLU.

    Shape:
        input and output `(N, channels, H, W)`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = nn.Sequential(*factorised(channels, 3, 1), nn.ReLU(inplace=True))
        self.branches = nn.ModuleList(
            nn.Sequential(
                conv(channels, channels, (3, 1), dilation=(rate, 1), bias=True),
                nn.ReLU(inplace=True),
                conv(channels, channels, (1, 3), dilation=(1, rate), bias=True),
            )
            for rate in DILATIONS
        )
        self.norm = nn.BatchNorm2d(channels, eps=EPS)  # one, of all branches
        nn.init.constant_(self.norm.weight, RESIDUAL_GAIN)
        self.dropout = nn.Dropout2d(0.3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.enter(x)
        for branch in self.branches:
            x = x + self.dropout(self.norm(branch(inner)))
        return self.relu(x)


def _blocks(channels: int, kernel: int, count: int, *, dropout: float = 0.0) -> Blocks:
    made = (FactorisedResidual(channels, kernel=kernel, dropout=dropout) for _ in range(count))
    return Blocks(f"FCU {kernel}×{kernel}", made)
