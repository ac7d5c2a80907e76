"""ERFNet: residual blocks of factorised convolutions down to 1/8, learned upsampling back.

Source: Romera et al., ERFNet (2018), and the authors' PyTorch code. What surprises there: a bias in
every convolution, also in front of BatchNorm, and no resize at the end, where a transposed
convolution gives the logits at full size. The authors train 20 classes, void included, and train
the encoder first, with a head of its own that the whole network builds and does not run. Dropout is
that of the training code (0.03 and 0.3; the evaluation code says 0.1, where it does nothing).
"""

from torch import Tensor, nn

from variants.components.factorised import (
    Blocks,
    Downsampler,
    FactorisedResidual,
    Upsampler,
    transposed_conv,
)
from variants.networks.stage import Stage, summary
from variants.networks.whole import Heads, check_classes, check_size

BLOCK = "NB-1D"
DILATIONS = (2, 4, 8, 16, 2, 4, 8, 16)  # of the blocks at 1/8


class ERFNet(nn.Module):
    """Encoder and decoder without connections between them.

    Shape:
        input `(N, 3, H, W)`, both divisible by 8; output `(N, classes, H, W)`. With
        `heads="train"`, in training mode, `[logits, those of the encoder's head at 1/8]`.

    Args:
        classes: Number of classes.
        heads: `train` adds the encoder's head.

    Raises:
        BadRequest: If `classes` is below 1.
    """

    def __init__(self, *, classes: int = 19, heads: Heads = "inference") -> None:
        super().__init__()
        check_classes("erfnet", classes)
        self.encoder = nn.Sequential(
            Downsampler(3, 16),
            Downsampler(16, 64),
            Blocks(BLOCK, (FactorisedResidual(64, dropout=0.03) for _ in range(5))),
            Downsampler(64, 128),
            Blocks(BLOCK, (FactorisedResidual(128, dilation=d, dropout=0.3) for d in DILATIONS)),
        )
        self.decoder = nn.Sequential(
            Upsampler(128, 64),
            Blocks(BLOCK, (FactorisedResidual(64) for _ in range(2))),
            Upsampler(64, 16),
            Blocks(BLOCK, (FactorisedResidual(16) for _ in range(2))),
        )
        self.classify = transposed_conv(16, classes, 2)
        self.encoder_head = nn.Conv2d(128, classes, 1) if heads == "train" else None

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        check_size("erfnet", image, divisor=8)
        x = self.encoder(image)
        logits = self.classify(self.decoder(x))
        if self.encoder_head is not None and self.training:
            return [logits, self.encoder_head(x)]
        return logits

    def stages(self) -> list[Stage]:
        """Return the rows of the architecture table, in the order of execution."""
        return [
            *(
                Stage(part.capitalize(), _name(layer), (summary(layer),), (f"{part}.{n}",))
                for part in ("encoder", "decoder")
                for n, layer in enumerate(getattr(self, part))
            ),
            Stage("Decoder", "Output Conv", ("Deconv 2×2 (s=2)",), ("classify",)),
        ]


def _name(layer: nn.Module) -> str:
    return "Blocks" if isinstance(layer, Blocks) else "Resampling"
