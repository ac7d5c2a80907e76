"""FasterSeg's student: cells are named `layer-branch`, branch 0 ending at 1/32 and 1 at 1/16.

The first three cells belong to both branches, and files have their tensors under both names.
"""

from __future__ import annotations

from variants.weights.layout import Layout, each, under
from variants.weights.layouts.blocks import AUXILIARY, CONV_BN, CONV_BN_NUMBERED, NUMBERED

_PAIR = {"conv1": "0.0", "bn1": "0.1", "conv2": "1.0", "bn2": "1.1"}
_ZOOMED = under("", "convs", _PAIR)
_SHARED = (_PAIR, _PAIR, _ZOOMED)
_SHALLOW = (_ZOOMED, _PAIR, _PAIR, _ZOOMED, _ZOOMED, _ZOOMED)
_DEEP = 7


def _cell(layer: int, branch: int) -> str:
    return f"cells.{layer}-{branch}._op._op"


_CELLS: dict[str, str] = {}
for _n, _kind in enumerate(_SHARED):
    _CELLS |= each([(_cell(_n, branch), f"shared.{_n}") for branch in (0, 1)], _kind)
for _n in range(_DEEP):
    _CELLS |= under(_cell(len(_SHARED) + _n, 0), f"deep.{_n}", _ZOOMED)
for _n, _kind in enumerate(_SHALLOW):
    _CELLS |= under(_cell(len(_SHARED) + _n, 1), f"shallow.{_n}", _kind)

LAYOUTS = (
    Layout(
        name="fasterseg",
        variants=("fasterseg",),
        source="github.com/VITA-Group/FasterSeg 478b026, train/, the student (arch_1.pt)",
        modules={
            **under("stem.0.conv", "stem.0", NUMBERED),
            **each([(f"stem.{n}", f"stem.{n}") for n in (1, 2)], _PAIR),
            **_CELLS,
            **under("arms32.*", "merge_deep.*.reduce", CONV_BN_NUMBERED),
            **under("refines32.*", "merge_deep.*.refine", CONV_BN_NUMBERED),
            **under("arms16", "merge_shallow.reduce", CONV_BN_NUMBERED),
            **under("refines16", "merge_shallow.refine", CONV_BN_NUMBERED),
            **under("ffm.conv_1x1", "fuse", CONV_BN),
            "ffm.channel_attention.1.conv": "attention.0",
            "ffm.channel_attention.2.conv": "attention.1",
            **under("heads8.conv_3x3", "classify.0", CONV_BN),
            "heads8.conv_1x1": "classify.1",
            **under("heads32.conv_3x3", "auxiliary.0.0", CONV_BN),
            "heads32.conv_1x1": "auxiliary.0.1",
            **under("heads16.conv_3x3", "auxiliary.1.0", CONV_BN),
            "heads16.conv_1x1": "auxiliary.1.1",
        },
        built_by_some={
            "auxiliary": AUXILIARY,
            "attention": "convolutions that never run (network.heads=train)",
        },
    ),
)
