"""Labels: each beside its point where there is room, with a thin line where it stands off."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation

from harness.report.draw_points import Place, arrow_box, box_of
from harness.report.figure_data import Point
from harness.report.figure_style import GREY, INK, LABEL_GAP, SHORTEST_LEADER
from harness.report.labels import Anchor, Box, place_labels

WIDEST = 0.34  # of the axes: a longer label is broken into lines
MOST_LINES = 3
ELLIPSIS = "…"


def draw_labels(
    axes: Axes,
    points: Sequence[Point],
    places: Sequence[Place],
    obstacles: Sequence[Box],
    lines: Sequence[Box] = (),
) -> list[Annotation]:
    """Place and draw the labels.

    Args:
        axes: Where the points are.
        points: What is labelled.
        places: Where their markers are.
        obstacles: What no label may cover besides the markers.
        lines: What a label had better not cover.
    """
    widest = WIDEST * (box_of(axes.patch).right - box_of(axes.patch).left)
    labels = [_label(axes, point, widest) for point in points]
    anchors = [_anchor(label, place) for label, place in zip(labels, places, strict=True)]
    arrows = [arrow_box(p, q) for p, q in zip(points, places, strict=True) if p.pinned]
    boxes = place_labels(anchors, [*obstacles, *arrows], box_of(axes.patch), soft=lines)
    for label, anchor, box in zip(labels, anchors, boxes, strict=True):
        size = box_of(label)
        label.set_position((box.left + LABEL_GAP - size.left, box.bottom + LABEL_GAP - size.bottom))
        _draw_leader(axes, anchor, box)
    return labels


def shortened(points: Sequence[Point], labels: Sequence[Annotation]) -> list[str]:
    """Return a line for every name that did not fit as a whole."""
    return [
        f"{point.name}: too long for the figure, cut off after {MOST_LINES} lines"
        for point, label in zip(points, labels, strict=True)
        if label.get_text().endswith(ELLIPSIS) and not point.label.endswith(ELLIPSIS)
    ]


def _label(axes: Axes, point: Point, widest: float) -> Annotation:
    label = axes.annotate(
        point.label,
        (0, 0),
        xycoords="figure points",
        color=INK,
        fontweight="bold" if point.ours else "normal",
        linespacing=1.05,
        zorder=5,
        path_effects=[withStroke(linewidth=1.2, foreground="white")],
    )
    width = box_of(label).right - box_of(label).left
    characters = len(point.label)
    while width > widest and characters > 1:
        characters = min(int(characters * widest / width), characters - 1) or 1
        lines = textwrap.wrap(point.label, characters, max_lines=MOST_LINES, placeholder=ELLIPSIS)
        label.set_text("\n".join(lines))
        width = box_of(label).right - box_of(label).left
    return label


def _anchor(label: Annotation, place: Place) -> Anchor:
    size = box_of(label).padded(LABEL_GAP)
    return Anchor(
        x=place.x,
        y=place.y,
        radius=place.radius,
        width=size.right - size.left,
        height=size.top - size.bottom,
    )


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
