"""Networks on a ResNet: torchvision's own checkpoint, SwiftNet, BiSeNet and PSPNet."""

from __future__ import annotations

from variants.weights.layout import Layout, under
from variants.weights.layouts.blocks import (
    AUXILIARY,
    CONV_BN,
    NUMBERED,
    TRAINING_HEAD,
    resnet18,
    resnet_layers,
)

_NORM_CONV = {"norm": "0", "conv": "2"}  # with a ReLU between
_NORMALISATION = "the image's normalisation, which is done outside of our network"
_SWIFTNET = {
    **under("backbone", "", resnet18()),
    **under("backbone.spp.spp.spp_bn", "context.reduce", _NORM_CONV),
    **under("backbone.spp.spp.spp0", "context.branches.0", _NORM_CONV),
    **under("backbone.spp.spp.spp1", "context.branches.1", _NORM_CONV),
    **under("backbone.spp.spp.spp2", "context.branches.2", _NORM_CONV),
    **under("backbone.spp.spp.spp_fuse", "context.project", _NORM_CONV),
    **under("backbone.upsample.*.bottleneck", "decoder.joins.*", _NORM_CONV),
    **under("backbone.upsample.*.blend_conv", "decoder.blocks.*", _NORM_CONV),
    **under("logits", "head.classify", _NORM_CONV),
}

_BISENET = {
    **under("context_path", "", resnet18()),
    **under("spatial_path.conv_7x7", "spatial.0", CONV_BN),
    **under("spatial_path.conv_3x3_1", "spatial.1", CONV_BN),
    **under("spatial_path.conv_3x3_2", "spatial.2", CONV_BN),
    **under("spatial_path.conv_1x1", "spatial.3", CONV_BN),
    **under("global_context.1", "whole.1", CONV_BN),
    **under("arms.*.conv_3x3", "attention.*.conv", CONV_BN),
    **under("arms.*.channel_attention.1", "attention.*.gate.1", CONV_BN),
    **under("refines.*", "refine.*", CONV_BN),
    **under("ffm.conv_1x1", "fusion.conv", CONV_BN),
    "ffm.channel_attention.1.conv": "fusion.gate.1",
    "ffm.channel_attention.2.conv": "fusion.gate.3",
    **under("heads.2.conv_3x3", "classify.0", CONV_BN),
    "heads.2.conv_1x1": "classify.1",
    **under("heads.*.conv_3x3", "auxiliary.*.0", CONV_BN),
    "heads.*.conv_1x1": "auxiliary.*.1",
}

_RESNET101 = {  # its first convolution is three of 3x3
    **{f"conv{n + 1}": f"stem.{n}.0" for n in range(3)},
    **{f"bn{n + 1}": f"stem.{n}.1" for n in range(3)},
    **resnet_layers("layers", 3),
}
_PSPNET = {
    "layer0.0": "stem.0.0", "layer0.1": "stem.0.1",
    "layer0.3": "stem.1.0", "layer0.4": "stem.1.1",
    "layer0.6": "stem.2.0", "layer0.7": "stem.2.1",
    **resnet_layers("layers", 3),
    "ppm.features.*.1": "pyramid.branches.*.1.0",
    "ppm.features.*.2": "pyramid.branches.*.1.1",
    **under("cls", "pyramid.project", NUMBERED),
    "cls.4": "classify.1",
    **under("aux", "auxiliary", TRAINING_HEAD),
}  # fmt: skip

LAYOUTS = (
    Layout(
        name="torchvision-resnet18",
        variants=("swiftnet-rn18", "bisenet-rn18"),
        source="torchvision.models.resnet18, whose names are documented and have not changed",
        modules=resnet18(),
        part="stem and encoder, from ImageNet",
        covers=("stem", "encoder"),
        without_place={"fc": "the classifier of ImageNet"},
    ),
    Layout(
        name="swiftnet",
        variants=("swiftnet-rn18",),
        source="github.com/orsic/swiftnet, rn18_single_scale; names of 92bed69 and 480b5e2",
        modules=_SWIFTNET,
        without_place={
            "backbone.img_mean": _NORMALISATION,
            "backbone.img_std": _NORMALISATION,
            "backbone.img_scale": _NORMALISATION,
        },
    ),
    Layout(
        name="bisenet-torchseg",
        variants=("bisenet-rn18",),
        source="github.com/yu-changqian/TorchSeg 62eeb15, cityscapes.bisenet.R18.speed",
        modules=_BISENET,
        built_by_some={"auxiliary": AUXILIARY},
    ),
    Layout(
        name="pspnet-semseg",
        variants=("pspnet",),
        source="github.com/hszhao/semseg 4f274c3, PSPNet with ResNet-101",
        modules=_PSPNET,
        built_by_some={"auxiliary": AUXILIARY},
    ),
    Layout(
        name="pspnet-imagenet",
        variants=("pspnet",),
        source="github.com/hszhao/semseg 4f274c3, model/resnet.py (resnet101_v2.pth)",
        modules=_RESNET101,
        part="stem and layers, from ImageNet",
        covers=("stem", "layers"),
        without_place={"fc": "the classifier of ImageNet"},
    ),
)
