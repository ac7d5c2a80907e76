"""DABNet."""

from __future__ import annotations

from variants.weights.layout import Layout, each, under

_NORM = {"bn": "0", "acti": "1"}
_FIRST = {"conv": "0", **under("bn_prelu", "1", _NORM)}
_SECOND = {"conv": "2", **under("bn_prelu", "3", _NORM)}
_MODULE = {
    **under("bn_relu_1", "reduce.0", _NORM),
    "conv3x3.conv": "reduce.1",
    **under("conv3x3.bn_prelu", "reduce.2", _NORM),
    **under("dconv3x1", "plain", _FIRST),
    **under("dconv1x3", "plain", _SECOND),
    **under("ddconv3x1", "dilated", _FIRST),
    **under("ddconv1x3", "dilated", _SECOND),
    **under("bn_relu_2", "expand.0", _NORM),
    "conv1x1.conv": "expand.1",
}
_MODULES = [
    (f"DAB_Block_{block}.DAB_Module_{block}_{n}", f"blocks.{block - 1}.{n}")
    for block, count in ((1, 3), (2, 6))
    for n in range(count)
]

LAYOUTS = (
    Layout(
        name="dabnet",
        variants=("dabnet",),
        source="github.com/Reagan1311/DABNet b8d62fe, model/DABNet.py",
        modules={
            **{f"init_conv.{n}.conv": f"start.{2 * n}" for n in range(3)},
            **each([(f"init_conv.{n}.bn_prelu", f"start.{2 * n + 1}") for n in range(3)], _NORM),
            **each([(f"bn_prelu_{n + 1}", f"injections.{n}") for n in range(3)], _NORM),
            "downsample_1.conv3x3.conv": "downs.0.0.conv",
            "downsample_2.conv3x3.conv": "downs.1.0",
            **each([(f"downsample_{n + 1}.bn_prelu", f"downs.{n}.1") for n in range(2)], _NORM),
            **each(_MODULES, _MODULE),
            "classifier.0.conv": "classify",
        },
    ),
)
