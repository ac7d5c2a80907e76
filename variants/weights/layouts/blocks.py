"""Modules that several public projects name alike, each by its paths there and here."""

from __future__ import annotations

from variants.weights.layout import under

# nn.Sequential(conv, norm, ...) on both sides
NUMBERED = {"0": "0", "1": "1"}
CONV_BN = {"conv": "0", "bn": "1"}
CONV_BN_NUMBERED = under("conv", "", NUMBERED)
# depthwise conv, norm, ReLU, pointwise conv, norm in one nn.Sequential
SEPARABLE = under("conv", "", {"0": "0.0", "1": "0.1", "3": "1.0", "4": "1.1"})
# the first 1x1, the depthwise 3x3 and the linear 1x1 of an inverted residual
INVERTED = {
    **under("block.0", "layers.0", CONV_BN_NUMBERED),
    **under("block.1", "layers.1", CONV_BN_NUMBERED),
    "block.2": "layers.2.0",
    "block.3": "layers.2.1",
}
# nn.Sequential(conv, norm, ReLU, dropout, conv): a head for training
TRAINING_HEAD = {"0": "0.0", "1": "0.1", "4": "2"}
AUXILIARY = "a head for training alone (network.heads=train)"


def residual(convolutions: int) -> dict[str, str]:
    """Return a residual block of ResNet, with its shortcut."""
    layers: dict[str, str] = {}
    for n in range(convolutions):
        layers |= {f"conv{n + 1}": f"layers.{n}.0", f"bn{n + 1}": f"layers.{n}.1"}
    return {**layers, **under("downsample", "shortcut", NUMBERED)}


def resnet_layers(ours: str, convolutions: int) -> dict[str, str]:
    """Return the four layers of a ResNet, our stages being numbered below `ours`."""
    found: dict[str, str] = {}
    for n in range(4):
        found |= under(f"layer{n + 1}.*", f"{ours}.{n}.*", residual(convolutions))
    return found


def resnet18() -> dict[str, str]:
    """Return ResNet-18 without its classifier, as `stem` and `encoder`."""
    return {"conv1": "stem.0.0", "bn1": "stem.0.1", **resnet_layers("encoder.blocks", 2)}
