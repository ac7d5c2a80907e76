"""ESPNetv2: the segmentation network, and the ImageNet network that it starts from.

The unit that halves a map builds a PReLU that never runs; files have its slopes.
"""

from __future__ import annotations

from variants.weights.layout import Layout, each, under
from variants.weights.layouts.blocks import CONV_BN

_CONV_BN_ACT = {**CONV_BN, "act": "2"}
_BN_ACT = {"bn": "0", "act": "1"}
_EESP = {
    **under("proj_1x1", "project", _CONV_BN_ACT),
    "spp_dw.*.conv": "branches.*",
    **under("conv_1x1_exp", "expand", CONV_BN),
    **under("br_after_cat", "join", _BN_ACT),
    "module_act": "activate",
}
_DOWN = {
    **under("eesp", "unit", {path: mine for path, mine in _EESP.items() if path != "module_act"}),
    **under("inp_reinf.0", "reinforce.0", _CONV_BN_ACT),
    **under("inp_reinf.1", "reinforce.1", CONV_BN),
    "act": "activate",
}
_DOWNS = [(f"level{n + 2}_0", f"down.{n}") for n in range(3)]
_ENCODER = {
    **under("level1", "level1", _CONV_BN_ACT),
    **each(_DOWNS, _DOWN),
    **{f"{public}.eesp.module_act": f"never_run.{n}" for n, (public, _) in enumerate(_DOWNS)},
    **under("level3.*", "level3.*", _EESP),
    **under("level4.*", "level4.*", _EESP),
}
_NEVER_RUN = {"never_run": "slopes that never run (network.heads=train)"}

LAYOUTS = (
    Layout(
        name="espnetv2",
        variants=("espnetv2",),
        source="github.com/sacmehta/ESPNetv2 b78e323, segmentation/",
        modules={
            **under("net", "", _ENCODER),
            **under("proj_L4_C", "project", _CONV_BN_ACT),
            **under("pspMod.0", "merge", _EESP),
            "pspMod.1.stages.*.conv": "pyramid.levels.*",
            **under("pspMod.1.project", "pyramid.project", _CONV_BN_ACT),
            "project_l3.1.conv": "classify8.1",
            **under("act_l3", "activate8", _BN_ACT),
            **under("project_l2", "classify4", _CONV_BN_ACT),
            "project_l1.1.conv": "classify2.1",
        },
        built_by_some=_NEVER_RUN,
    ),
    Layout(
        name="espnetv2-imagenet",
        variants=("espnetv2",),
        source="github.com/sacmehta/ESPNetv2 b78e323, imagenet/: what is behind `net.`",
        modules=_ENCODER,
        part="levels 1 to 4, from ImageNet",
        covers=("level1", "down", "level3", "level4"),
        without_place={
            "level5_0": "the fifth level, which segmentation has not",
            "level5": "the fifth level, which segmentation has not",
            "classifier": "the classifier of ImageNet",
        },
        built_by_some=_NEVER_RUN,
    ),
)
