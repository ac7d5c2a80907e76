"""Where points stand that are pinned to an edge of the axes, in a drawing of whatever units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.figure_data import Point

_INWARDS = {"left": 1, "right": -1, "bottom": 1, "top": -1, None: 0}


@dataclass(frozen=True)
class Standing:
    """Where a point stands.

    Attributes:
        x: To the right.
        y: In the direction of the drawing's y.
        shifted: Whether it stands beside another one that is pinned to the same place.
    """

    x: float
    y: float
    shifted: bool


def inwards(point: Point, up: int = 1) -> tuple[int, int]:
    """Return the direction from the edges that a point is pinned to; (0, 0) where to none.

    Args:
        up: 1 where the drawing's y goes upwards, -1 where downwards.
    """
    return _INWARDS[point.x_edge], _INWARDS[point.y_edge] * up


def standing(
    points: Sequence[Point],
    tips: Sequence[tuple[float, float]],
    radii: Sequence[float],
    *,
    arrow: float,
    gap: float = 0.0,
    up: int = 1,
) -> list[Standing]:
    """Return where the markers of points stand.

    A pinned point stands off its edge by the length of its arrow. Where two would coincide, the
    later one stands further in: across the edge its place means nothing anyway.

    Args:
        points: In the order of their precedence.
        tips: Where their figures put them in the drawing.
        radii: How far their markers reach.
        arrow: Length of an arrow.
        gap: Between markers that would coincide.
        up: As for `inwards`.
    """
    found: list[Standing] = []
    for number, (point, (x, y), radius) in enumerate(zip(points, tips, radii, strict=True)):
        right, rise = inwards(point, up)
        x, y = x + right * (radius + arrow), y + rise * (radius + arrow)
        start = x, y
        taken = [
            (found[other], radii[other])
            for other in range(number)
            if point.pinned and _edges(points[other]) == _edges(point)
        ]
        while any(math.dist((x, y), (s.x, s.y)) < radius + r + gap for s, r in taken):
            x, y = x + right * radius, y + rise * radius
        found.append(Standing(x, y, (x, y) != start))
    return found


def _edges(point: Point) -> tuple[str | None, str | None]:
    return point.x_edge, point.y_edge
