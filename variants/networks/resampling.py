"""The plan that ERFNet and ESNet share: blocks between resamplings, down to 1/8 and back to 1/2.

A transposed convolution gives the logits at full size; a 1x1 head on the encoder is for training.
"""

from torch import Tensor, nn

from variants.components.factorised import Blocks, transposed_conv
from variants.networks.stage import Stage, summary
from variants.networks.whole import Heads, check_classes, check_size


class ResamplingNetwork(nn.Module):
    """Encoder and decoder without connections between them.

    Shape:
        input `(N, 3, H, W)`, both divisible by 8; output `(N, classes, H, W)`. With
        `heads="train"`, in training mode, `[logits, those of the encoder's head at 1/8]`.

    Args:
        who: Name of the network, for messages.
        encoder: Layers from the image to 128 channels at 1/8.
        decoder: Layers from there to 16 channels at 1/2.
        classes: Number of classes.
        heads: `train` adds the encoder's head.

    Raises:
        BadRequest: If `classes` is below 1, or at the call if 8 does not divide a side.
    """

    def __init__(
        self, who: str, encoder: nn.Sequential, decoder: nn.Sequential, classes: int, heads: Heads
    ) -> None:
        super().__init__()
        check_classes(who, classes)
        self.who = who
        self.encoder = encoder
        self.decoder = decoder
        self.classify = transposed_conv(16, classes, 2)
        self.encoder_head = nn.Conv2d(128, classes, 1) if heads == "train" else None

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        check_size(self.who, image, divisor=8)
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
