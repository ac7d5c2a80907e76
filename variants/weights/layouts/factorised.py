"""ERFNet, ESNet and LEDNet: blocks in one list there, grouped by size here."""

from __future__ import annotations

from variants.weights.layout import Layout, each, under
from variants.weights.layouts.blocks import AUXILIARY, CONV_BN, CONV_BN_NUMBERED

_DOWN = {"conv": "0.conv", "bn": "1"}
_BLOCK = {
    "conv3x1_1": "layers.0", "conv1x3_1": "layers.2", "bn1": "layers.3",
    "conv3x1_2": "layers.5", "conv1x3_2": "layers.7", "bn2": "layers.8",
}  # fmt: skip
_PARALLEL = {
    "conv3x1_1": "enter.0", "conv1x3_1": "enter.2", "bn1": "enter.3",
    "conv3x1_22": "branches.0.0", "conv1x3_22": "branches.0.2",
    "conv3x1_25": "branches.1.0", "conv1x3_25": "branches.1.2",
    "conv3x1_29": "branches.2.0", "conv1x3_29": "branches.2.2",
    "bn2": "norm",
}  # fmt: skip
_SPLIT = {
    "conv3x1_1_l": "left.0", "conv1x3_1_l": "left.2", "bn1_l": "left.3",
    "conv3x1_2_l": "left.5", "conv1x3_2_l": "left.7", "bn2_l": "left.8",
    "conv1x3_1_r": "right.0", "conv3x1_1_r": "right.2", "bn1_r": "right.3",
    "conv1x3_2_r": "right.5", "conv3x1_2_r": "right.7", "bn2_r": "right.8",
}  # fmt: skip


def _blocks(part: str, first: int, count: int, group: int) -> list[tuple[str, str]]:
    """Return the paths of `count` blocks, the list's from `first` and ours of the n-th group."""
    return [(f"{part}.layers.{first + n}", f"{part}.{group}.{n}") for n in range(count)]


_ERFNET_ENCODER = {
    **under("encoder.initial_block", "encoder.0", _DOWN),
    **under("encoder.layers.0", "encoder.1", _DOWN),
    **each(_blocks("encoder", 1, 5, 2), _BLOCK),
    **under("encoder.layers.6", "encoder.3", _DOWN),
    **each(_blocks("encoder", 7, 8, 4), _BLOCK),
}
_ERFNET = {**_ERFNET_ENCODER, "encoder.output_conv": "encoder_head"}
_ESNET = {
    **under("encoder.initial_block", "encoder.0", _DOWN),
    **each(_blocks("encoder", 0, 3, 1), _BLOCK),
    **under("encoder.layers.3", "encoder.2", _DOWN),
    **each(_blocks("encoder", 4, 2, 3), _BLOCK),
    **under("encoder.layers.6", "encoder.4", _DOWN),
    **each(_blocks("encoder", 7, 3, 5), _PARALLEL),
    "encoder_output_conv": "encoder_head",
}
_DECODER = {  # of ERFNet and ESNet
    **under("decoder.layers.0", "decoder.0", CONV_BN),
    **each(_blocks("decoder", 1, 2, 1), _BLOCK),
    **under("decoder.layers.3", "decoder.2", CONV_BN),
    **each(_blocks("decoder", 4, 2, 3), _BLOCK),
    "decoder.output_conv": "classify",
}
_LEDNET = {
    **under("encoder.initial_block", "encoder.0", _DOWN),
    **each(_blocks("encoder", 0, 3, 1), _SPLIT),
    **under("encoder.layers.3", "encoder.2", _DOWN),
    **each(_blocks("encoder", 4, 2, 3), _SPLIT),
    **under("encoder.layers.6", "encoder.4", _DOWN),
    **each(_blocks("encoder", 7, 8, 5), _SPLIT),
    "encoder.output_conv": "encoder_head",
    **under("decoder.apn.branch1.1", "decoder.image.1", CONV_BN_NUMBERED),
    **under("decoder.apn.mid.0", "decoder.middle", CONV_BN_NUMBERED),
    **under("decoder.apn.down1", "decoder.down.0", CONV_BN_NUMBERED),
    **under("decoder.apn.down2", "decoder.down.1", CONV_BN_NUMBERED),
    **under("decoder.apn.down3.0", "decoder.down.2", CONV_BN_NUMBERED),
    **under("decoder.apn.down3.1", "decoder.side.0", CONV_BN_NUMBERED),
    **under("decoder.apn.conv2", "decoder.side.1", CONV_BN_NUMBERED),
    **under("decoder.apn.conv1", "decoder.side.2", CONV_BN_NUMBERED),
}
_ENCODER_HEAD = {"encoder_head": AUXILIARY}

LAYOUTS = (
    Layout(
        name="erfnet",
        variants=("erfnet",),
        source="github.com/Eromera/erfnet_pytorch d4a46fa, train/erfnet.py",
        modules={**_ERFNET, **_DECODER},
        built_by_some=_ENCODER_HEAD,
    ),
    Layout(
        name="erfnet-imagenet",
        variants=("erfnet",),
        source="github.com/Eromera/erfnet_pytorch d4a46fa, imagenet/erfnet_imagenet.py",
        modules=under("features", "", _ERFNET_ENCODER),
        part="the encoder, from ImageNet",
        covers=("encoder",),
        without_place={"classifier": "the classifier of ImageNet"},
    ),
    Layout(
        name="esnet",
        variants=("esnet",),
        source="github.com/xiaoyufenfei/ESNet b10449a, model/ESNet.py",
        modules={**_ESNET, **_DECODER},
        built_by_some=_ENCODER_HEAD,
    ),
    Layout(
        name="lednet",
        variants=("lednet",),
        source="github.com/xiaoyufenfei/LEDNet 5d900d9, train/lednet.py",
        modules=_LEDNET,
        built_by_some=_ENCODER_HEAD,
    ),
)
