"""ERFNet: residual blocks of factorised convolutions down to 1/8, learned upsampling back.

Source: Romera et al., ERFNet (2018), and the authors' PyTorch code. What surprises there: a bias in
every convolution, also in front of BatchNorm, and no resize at the end, where a transposed
convolution gives the logits at full size. The authors train 20 classes, void included, and train
the encoder first, with a head of its own that the whole network builds and does not run. Dropout is
that of the training code (0.03 and 0.3; the evaluation code says 0.1, where it does nothing).
"""

from torch import nn

from variants.components.factorised import Blocks, Downsampler, FactorisedResidual, Upsampler
from variants.networks.resampling import ResamplingNetwork
from variants.networks.whole import Heads

BLOCK = "NB-1D"
DILATIONS = (2, 4, 8, 16, 2, 4, 8, 16)  # of the blocks at 1/8


class ERFNet(ResamplingNetwork):
    """Non-bottleneck-1D blocks, eight of them dilated at 1/8; see `ResamplingNetwork`.

    Args:
        classes: Number of classes.
        heads: `train` adds the encoder's head.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        encoder = nn.Sequential(
            Downsampler(3, 16),
            Downsampler(16, 64),
            Blocks(BLOCK, (FactorisedResidual(64, dropout=0.03) for _ in range(5))),
            Downsampler(64, 128),
            Blocks(BLOCK, (FactorisedResidual(128, dilation=d, dropout=0.3) for d in DILATIONS)),
        )
        decoder = nn.Sequential(
            Upsampler(128, 64),
            Blocks(BLOCK, (FactorisedResidual(64) for _ in range(2))),
            Upsampler(64, 16),
            Blocks(BLOCK, (FactorisedResidual(16) for _ in range(2))),
        )
        super().__init__("erfnet", encoder, decoder, classes, heads)
