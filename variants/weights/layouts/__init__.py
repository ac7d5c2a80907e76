"""Every layout, and the networks that have none that could be established."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from variants.errors import BadRequest, did_you_mean
from variants.weights.layout import Layout
from variants.weights.layouts import (
    dabnet,
    espnetv2,
    factorised,
    fasterseg,
    hardnet,
    resnet,
    separable,
)

_PUBLIC: tuple[Layout, ...] = (
    *hardnet.LAYOUTS, *resnet.LAYOUTS, *factorised.LAYOUTS, *separable.LAYOUTS, *dabnet.LAYOUTS,
    *espnetv2.LAYOUTS, *fasterseg.LAYOUTS,
)  # fmt: skip

OWN = Layout(
    name="harness",
    variants=("every variant",),
    source="this project's own names, as state_dict() and harness weights --out give them",
    modules=None,
    # a network saved with what only training needs, loaded where that is not built
    built_by_some={
        key: what for each in _PUBLIC if not each.part for key, what in each.built_by_some.items()
    },
)

# Why some variants, and some public files, have none; a guess would load silently or not at all.
WITHOUT: Mapping[str, str] = {
    "icnet": "the release is Caffe's; PyTorch ports are other graphs",
    "df1-seg-d8": "the release is Caffe's; PyTorch ports are of its backbone alone",
    "deeplabv3plus": "the release is TensorFlow's; PyTorch ports are other graphs",
    "espnetv2 of EdgeNets, LEDNet of Efficient-Segmentation-Networks": "other graphs than ours",
    "cas, gun": "no public network",
}


@cache
def layouts() -> Mapping[str, Layout]:
    """Return every layout by name, our own first."""
    return {layout.name: layout for layout in (OWN, *_PUBLIC)}


def find_layout(name: str) -> Layout:
    """Return the layout `name`.

    Raises:
        BadRequest: If there is none.
    """
    known = layouts()
    if name not in known:
        raise BadRequest(f"no layout {name!r}{did_you_mean(name, known)}")
    return known[name]
