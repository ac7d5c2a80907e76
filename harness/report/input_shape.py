"""An input size in a definition, `1024x2048`, as the shape that records bear."""

from __future__ import annotations

import re

from variants.yaml_node import Node

Shape = tuple[int, int, int, int]


def read_input(node: Node) -> Shape:
    """Return `(N, C, H, W)` of one colour image of the given size.

    Raises:
        BadRequest: If the value is not `HxW`.
    """
    size = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", str(node.value))
    if size is None:
        node.refuse("must be HxW")
    return (1, 3, int(size[1]), int(size[2]))
