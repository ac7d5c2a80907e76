"""Markers and labels: each point where its figures say, its label where there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

from harness.report.figure_data import FigureData, Point
from harness.report.figure_style import (
    ARROW,
    GREY,
    INK,
    LABEL_GAP,
    MARKER,
    OUR_MARKER,
    POINT,
    SHORTEST_LEADER,
    marker_look,
)
from harness.report.labels import Anchor, Box, place_labels


def _radius(point: Point) -> float:
    return (OUR_MARKER if point.ours else MARKER) / 2 + 0.5


@dataclass(frozen=True)
class Place:
    """Where a point is drawn, in points from the figure's lower left corner.

    Attributes:
        x: To the right.
        y: Upwards.
        shifted: Whether it stands beside another one that is pinned to the same place.
    """

    x: float
    y: float
    shifted: bool = False


def marker_places(axes: Axes, points: Sequence[Point]) -> list[Place]:
    """Return where each point is drawn.

    A pinned point stands off its edge by the length of its arrow. Where two would coincide, the
    later one stands beside the earlier: across the edge its place means nothing anyway.
    """
    places: list[Place] = []
    for point in points:
        x, y = axes.transData.transform((point.x, point.y)) * POINT
        inwards = {"left": 1, "right": -1, None: 0}[point.pinned]
        x += inwards * (_radius(point) + ARROW)
        taken = [p for p, q in zip(places, points, strict=False) if q.pinned == point.pinned]
        start = x
        while inwards and any(math.dist((x, y), (p.x, p.y)) < 2 * _radius(point) for p in taken):
            x += inwards * _radius(point)
        places.append(Place(float(x), float(y), shifted=x != start))
    return places


def marker_boxes(axes: Axes, points: Sequence[Point]) -> list[Box]:
    """Return what the markers of `points` cover, in the unit of `box_of`."""
    pairs = zip(marker_places(axes, points), points, strict=True)
    return [Box(p.x, p.y, p.x, p.y).padded(_radius(point)) for p, point in pairs]


def draw_marker(axes: Axes, data: FigureData, point: Point, place: Place) -> None:
    """Draw the marker of `point` at `place`, with the arrow to its edge where it is pinned."""
    group = next(g for g in data.definition.groups if g.number == point.group)
    x, y = axes.transData.inverted().transform((place.x / POINT, place.y / POINT))
    axes.plot(
        [x], [y], linestyle="", zorder=4 if point.ours else 3, **marker_look(group, ours=point.ours)
    )
    if point.pinned and not place.shifted:  # one arrow for all that are pinned to one place
        axes.annotate(
            "",
            xy=(point.x, point.y),
            xytext=(x, y),
            arrowprops={
                "arrowstyle": "-|>,head_length=0.25,head_width=0.14",
                "color": group.colour,
                "linewidth": 0.7,
                "shrinkA": _radius(point),
                "shrinkB": 0,
            },
            zorder=2,
        )


def draw_labels(
    axes: Axes,
    points: Sequence[Point],
    places: Sequence[Place],
    obstacles: Sequence[Box],
) -> list[Annotation]:
    """Place and draw the labels, each with a thin line to its point where it stands off."""
    labels = [
        axes.annotate(
            point.label,
            (0, 0),
            xycoords="figure points",
            color=INK,
            fontweight="bold" if point.ours else "normal",
            zorder=5,
            path_effects=[withStroke(linewidth=1.2, foreground="white")],
        )
        for point in points
    ]
    anchors = [_anchor(*each) for each in zip(points, labels, places, strict=True)]
    arrows = [_arrow_box(p, a) for p, a in zip(points, anchors, strict=True) if p.pinned]
    boxes = place_labels(anchors, [*obstacles, *arrows], box_of(axes.patch))
    for label, anchor, box in zip(labels, anchors, boxes, strict=True):
        size = box_of(label)
        label.set_position((box.left + LABEL_GAP - size.left, box.bottom + LABEL_GAP - size.bottom))
        _draw_leader(axes, anchor, box)
    return labels


def _anchor(point: Point, label: Annotation, place: Place) -> Anchor:
    size = box_of(label).padded(LABEL_GAP)
    return Anchor(
        x=place.x,
        y=place.y,
        radius=_radius(point),
        width=size.right - size.left,
        height=size.top - size.bottom,
    )


def _arrow_box(point: Point, anchor: Anchor) -> Box:
    """Return what the arrow of a pinned point covers."""
    reach = anchor.radius + ARROW
    left, right = (reach, 0.0) if point.pinned == "left" else (0.0, reach)
    return Box(anchor.x - left, anchor.y - 1, anchor.x + right, anchor.y + 1)


def _draw_leader(axes: Axes, anchor: Anchor, box: Box) -> None:
    """Draw a line from the marker's rim to the label, where they do not touch."""
    (x, y), (end_x, end_y) = anchor.leader(box)
    length = math.hypot(end_x - x, end_y - y)
    if length < anchor.radius + SHORTEST_LEADER:
        return
    rim = anchor.radius / length
    axes.annotate(
        "",
        xy=(end_x, end_y),
        xytext=(x + rim * (end_x - x), y + rim * (end_y - y)),
        xycoords="figure points",
        textcoords="figure points",
        arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.4, "shrinkA": 0, "shrinkB": 0},
        zorder=2,
    )


def box_of(artist: Artist) -> Box:
    """Return what `artist` covers, in points from the figure's lower left corner."""
    extent = artist.get_window_extent()
    return Box(extent.x0 * POINT, extent.y0 * POINT, extent.x1 * POINT, extent.y1 * POINT)
