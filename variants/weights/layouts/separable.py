"""Fast-SCNN and ContextNet, by two public collections that name their parts alike."""

from __future__ import annotations

from variants.weights.layout import Layout, each, under
from variants.weights.layouts.blocks import (
    AUXILIARY,
    CONV_BN_NUMBERED,
    INVERTED,
    NUMBERED,
    SEPARABLE,
    TRAINING_HEAD,
)

_TAIL = {
    **under("feature_fusion.dwconv", "fusion.deep.0", CONV_BN_NUMBERED),
    **under("feature_fusion.conv_lower_res", "fusion.deep.1", NUMBERED),
    **under("feature_fusion.conv_higher_res", "fusion.fine", NUMBERED),
    **under("classifier.dsconv1", "classify.0", SEPARABLE),
    **under("classifier.dsconv2", "classify.1", SEPARABLE),
    "classifier.conv.1": "classify.3",
    **under("auxlayer", "auxiliary", TRAINING_HEAD),
}

_DEEP = "global_feature_extractor"
_FAST_SCNN = {
    **under("learning_to_downsample.conv", "downsample.0", CONV_BN_NUMBERED),
    **under("learning_to_downsample.dsconv1", "downsample.1", SEPARABLE),
    **under("learning_to_downsample.dsconv2", "downsample.2", SEPARABLE),
    **each([(f"{_DEEP}.bottleneck{n + 1}.*", f"bottlenecks.{n}.*") for n in range(3)], INVERTED),
    **each(
        [(f"{_DEEP}.ppm.conv{n + 1}", f"pyramid.branches.{n}.1") for n in range(4)],
        CONV_BN_NUMBERED,
    ),
    **under(f"{_DEEP}.ppm.out", "pyramid.project", CONV_BN_NUMBERED),
    **_TAIL,
}

_CONTEXT = "context_feature_extractor"
_CONTEXTNET = {
    **under("spatial_detail.conv", "shallow.0", CONV_BN_NUMBERED),
    **each([(f"spatial_detail.dsconv{n}", f"shallow.{n}") for n in (1, 2, 3)], SEPARABLE),
    **under(f"{_CONTEXT}.conv_", "deep.0", CONV_BN_NUMBERED),
    **each([(f"{_CONTEXT}.bottleneck{n}.*", f"deep.{n}.*") for n in range(1, 7)], INVERTED),
    **_TAIL,
}

LAYOUTS = (
    Layout(
        name="fast-scnn-tramac",
        variants=("fast-scnn",),
        source="github.com/Tramac/Fast-SCNN-pytorch 0638517, models/fast_scnn.py",
        modules=_FAST_SCNN,
        built_by_some={"auxiliary": AUXILIARY},
    ),
    Layout(
        name="contextnet",
        variants=("contextnet",),
        source="github.com/xiaoyufenfei/Efficient-Segmentation-Networks 0f0c32e, ContextNet",
        modules=_CONTEXTNET,
        built_by_some={"auxiliary": AUXILIARY},
    ),
)
