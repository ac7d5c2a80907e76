"""FC-HarDNet, FASSD-Net, and HarDNet "petite", the ImageNet encoder that both start from.

The names of FC-HarDNet-70 and FASSD-Net are held against the released networks: with the same
weights ours compute what those compute (`tests/variants/test_released.py`). The ImageNet file is
loaded into the module `base` of these networks, so its names are those behind `base.`.
"""

from __future__ import annotations

from variants.weights.layout import Layout, under

_CONV = {"conv": "0", "norm": "1"}
_LAYERS = under("layers.*", "layers.*", _CONV)  # of a HarDBlock
_STEM = 4
_LEVELS = 8  # more than any of them has
_NORM = {"bn": "0", "acti": "1"}

# stem convolutions, then block, 1x1 and pooling for every stage of the encoder
_BASE: dict[str, str] = {}
for _n in range(_STEM):
    _BASE |= under(f"{_n}", f"stem.{_n}", _CONV)
for _n in range(_LEVELS):
    _BASE |= under(f"{_STEM + 3 * _n}", f"encoder.blocks.{_n}", _LAYERS)
    _BASE |= under(f"{_STEM + 3 * _n + 1}", f"encoder.projections.{_n}", _CONV)

_FC_HARDNET = {
    **under("base", "", _BASE),
    **under("denseBlocksUp.*", "decoder.blocks.*", {**_LAYERS, **_CONV}),
    **under("conv1x1_up.*", "decoder.joins.*", _CONV),
    "finalConv": "head.classify",
}

_CONV_NORM = {"conv": "0", **under("bn_prelu", "1", _NORM)}
_MDA = {
    **under("bn_relu_1", "enter", _NORM),
    **under("conv3x3", "reduce", _CONV_NORM),
    **under("parallel_conv3x3", "detail", _CONV_NORM),
    **under("parallel_ddconv3x1", "context", _CONV_NORM),
    **under("parallel_ddconv1x3", "context", {"conv": "2", **under("bn_prelu", "3", _NORM)}),
    **under("bn_relu_2", "leave", _NORM),
    "conv1x1.conv": "expand",
}
_DAPF = {
    "conv1x1": "pointwise.0", "bn1x1": "pointwise.1",
    "conv1": "project.0", "bn1": "project.1",
}  # fmt: skip
for _n in range(3):
    for _side, _kernel in enumerate(("3x1", "1x3")):
        _branch, _ours = f"pyBranch{_n + 2}", f"dilated.{_n}.{_side}"
        _DAPF |= {f"{_branch}.atrous_conv{_kernel}": f"{_ours}.0"}
        _DAPF |= {f"{_branch}.bn{_kernel}": f"{_ours}.1"}

_FASSD_NET = {
    **_FC_HARDNET,
    **under("DAPF", "context", _DAPF),
    **under("mda.*", "fusion.*", _MDA),
}

LAYOUTS = (
    Layout(
        name="fc-hardnet",
        variants=("fc-hardnet-70", "fc-hardnet-70-l1", "fc-hardnet-70-l2", "baseline"),
        source="github.com/PingoLH/FCHarDNet; names of the released checkpoint",
        modules=_FC_HARDNET,
    ),
    Layout(
        name="fassd-net",
        variants=("fassd-net", "fassd-net-l1", "fassd-net-l2"),
        source="github.com/GibranBenitez/FASSD-Net; names of the released checkpoint",
        modules=_FASSD_NET,
    ),
    Layout(
        name="hardnet-petite",
        variants=("fc-hardnet-70", "fassd-net", "baseline"),
        source="github.com/PingoLH/FCHarDNet 1e8d0a8, train.py: all behind `base.`",
        modules=_BASE,
        part="stem and encoder, from ImageNet",
        covers=("stem", "encoder"),
        built_by_some={
            f"encoder.{kind}.{n}": "a deeper stage than this encoder has"
            for kind in ("blocks", "projections")
            for n in range(_LEVELS)
        },
    ),
)
