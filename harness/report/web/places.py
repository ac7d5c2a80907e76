"""Where a figure's points and their labels stand in a drawing of a given size, y downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.figure_data import FigureData, Point
from harness.report.figure_size import diameter
from harness.report.labels import Anchor, Box, place_labels
from harness.report.pinning import standing
from harness.report.web.scale import Scale
from harness.report.web.text_width import fitted, text_width

LABEL_FONT = 6.0  # what the distances of `place_labels` are made for
WIDEST = 0.5  # of the axes: a longer label is cut off
GAP = 0.1  # of the font size, around a label
ARROW = 1.2  # of the font size: from a pinned point to its edge
APART = 2.0  # CSS pixels between markers at one edge
NO_BOX = Box(0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A drawing's size in CSS pixels: outside, its font, and the margins around its axes."""

    name: str
    width: float
    height: float
    font: float
    left: float
    bottom: float
    top: float = 12.0
    right: float = 12.0
    ticks: int = 8

    @property
    def axes(self) -> Box:
        """The rectangle of the axes: `bottom` is above `top` here, since y goes downwards."""
        return Box(self.left, self.top, self.width - self.right, self.height - self.bottom)


WIDE = Layout(name="wide", width=620, height=520, font=12.5, left=56, bottom=46)
NARROW = Layout(name="narrow", width=366, height=440, font=10, left=42, bottom=38, ticks=7)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A point in a drawing.

    Attributes:
        point: The point.
        x: Centre of its marker.
        y: Likewise, downwards.
        radius: How far the marker reaches.
        tip: Where its arrow ends, at the edge that it is pinned to; null without an arrow.
        text: Its label, cut off where it is too long.
        box: What the label covers.
    """

    point: Point
    x: float
    y: float
    radius: float
    tip: tuple[float, float] | None
    text: str = ""
    box: Box = NO_BOX


def placed(
    data: FigureData,
    x: Scale,
    y: Scale,
    layout: Layout,
    *,
    obstacles: Sequence[Box],
    soft: Sequence[Box] = (),
) -> list[Placed]:
    """Return all points with their labels, which cover neither each other nor `obstacles`.

    Args:
        data: The figure.
        x: Its horizontal axis in the drawing.
        y: Its vertical axis.
        layout: The drawing's size.
        obstacles: What no label may cover besides the markers.
        soft: What a label had better not cover.
    """
    return _labelled(_markers(data, x, y, layout), layout, obstacles, soft)


def _radius(data: FigureData, point: Point, font: float) -> float:
    if point.size is None:
        return font * (0.55 if point.ours else 0.44)
    largest = max(p.size.value for p in data.points if p.size is not None)
    return diameter(point.size.value, largest) / 2 * font / LABEL_FONT


def _markers(data: FigureData, x: Scale, y: Scale, layout: Layout) -> list[Placed]:
    """Return the points without labels; of those that are pinned to one place, one has an arrow."""
    radii = [_radius(data, point, layout.font) for point in data.points]
    tips = [(x.at(point.at[0]), y.at(point.at[1])) for point in data.points]
    arrow = ARROW * layout.font
    stand = standing(data.points, tips, radii, arrow=arrow, gap=APART, up=-1)
    return [
        Placed(
            point=point, x=s.x, y=s.y, radius=radius,
            tip=tip if point.pinned and not s.shifted else None,
        )
        for point, s, radius, tip in zip(data.points, stand, radii, tips, strict=True)
    ]  # fmt: skip


def _labelled(
    found: Sequence[Placed], layout: Layout, obstacles: Sequence[Box], soft: Sequence[Box]
) -> list[Placed]:
    """Return the points with their labels, placed as for a font of `LABEL_FONT` and y upwards."""
    axes, unit = layout.axes, LABEL_FONT / layout.font
    texts = [
        fitted(p.point.label, layout.font, WIDEST * (axes.right - axes.left), bold=p.point.ours)
        for p in found
    ]
    anchors = [
        Anchor(
            x=p.x * unit,
            y=-p.y * unit,
            radius=p.radius * unit + 0.5,
            width=(text_width(text, layout.font, bold=p.point.ours) + 2 * GAP * layout.font) * unit,
            height=(1.1 + 2 * GAP) * LABEL_FONT,
        )
        for p, text in zip(found, texts, strict=True)
    ]
    taken = [*obstacles, *(_arrow(p) for p in found if p.tip)]
    boxes = place_labels(
        anchors,
        [_turned(box, unit) for box in taken],
        _turned(axes, unit),
        soft=[_turned(box, unit) for box in soft],
    )
    return [
        Placed(
            point=p.point, x=p.x, y=p.y, radius=p.radius, tip=p.tip, text=text,
            box=_turned(box, 1 / unit),
        )
        for p, text, box in zip(found, texts, boxes, strict=True)
    ]  # fmt: skip


def _turned(box: Box, unit: float) -> Box:
    """Return `box` scaled by `unit`, its y turned around."""
    return Box(box.left * unit, -box.top * unit, box.right * unit, -box.bottom * unit)


def _arrow(p: Placed) -> Box:
    assert p.tip is not None
    (x, y), (end_x, end_y) = (p.x, p.y), p.tip
    return Box(min(x, end_x), min(y, end_y), max(x, end_x), max(y, end_y)).padded(2)
