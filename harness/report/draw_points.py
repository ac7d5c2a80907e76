"""Markers with their error bars and arrows: each point where its figures say."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes

from harness.report.figure_data import FigureData, Point
from harness.report.figure_size import diameter
from harness.report.figure_style import (
    ARROW,
    BAR,
    CAP,
    INK,
    MARKER,
    OUR_MARKER,
    POINT,
    marker_look,
)
from harness.report.labels import Box
from harness.report.pinning import inwards, standing


@dataclass(frozen=True)
class Place:
    """Where a point is drawn, in points from the figure's lower left corner.

    Attributes:
        x: To the right.
        y: Upwards.
        radius: How far its marker reaches.
        shifted: Whether it stands beside another one that is pinned to the same place.
    """

    x: float
    y: float
    radius: float
    shifted: bool = False

    @property
    def box(self) -> Box:
        """The square around the marker."""
        return Box(self.x, self.y, self.x, self.y).padded(self.radius)


def marker_size(data: FigureData, point: Point) -> float:
    """Return the diameter of a point's marker, in points."""
    if point.size is None:
        return OUR_MARKER if point.ours else MARKER
    return diameter(point.size.value, largest_size(data))


def largest_size(data: FigureData) -> float:
    """Return the largest of the figures that markers show by their area."""
    return max(p.size.value for p in data.points if p.size is not None)


def marker_places(axes: Axes, data: FigureData) -> list[Place]:
    """Return where each point is drawn."""
    radii = [marker_size(data, point) / 2 + 0.5 for point in data.points]
    tips = [tuple((axes.transData.transform(p.at) * POINT).tolist()) for p in data.points]
    stand = standing(data.points, tips, radii, arrow=ARROW)
    return [Place(s.x, s.y, radius, s.shifted) for s, radius in zip(stand, radii, strict=True)]


def draw_marker(axes: Axes, data: FigureData, point: Point, place: Place) -> None:
    """Draw the marker of `point` at `place`, with the arrow to its edge where it is pinned."""
    group = next(g for g in data.definition.groups if g.number == point.group)
    x, y = axes.transData.inverted().transform((place.x / POINT, place.y / POINT))
    look = marker_look(
        group,
        ours=point.ours,
        size=marker_size(data, point),
        hollow=data.definition.size is not None and point.size is None,
    )
    # A small marker stands before a large one, ours before both.
    order = 4 if point.ours else 3 + 0.5 / (1 + place.radius)
    axes.plot([x], [y], linestyle="", zorder=order, **look)
    if point.pinned and not place.shifted:  # one arrow for all that are pinned to one place
        axes.annotate(
            "",
            xy=point.at,
            xytext=(x, y),
            arrowprops={
                "arrowstyle": "-|>,head_length=0.25,head_width=0.14",
                "color": group.colour,
                "linewidth": 0.7,
                "shrinkA": place.radius,
                "shrinkB": 0,
            },
            zorder=2,
        )


def arrow_box(point: Point, place: Place) -> Box:
    """Return what the arrow of a pinned point covers."""
    reach = place.radius + ARROW
    right, up = (-way * reach for way in inwards(point))
    return Box(
        place.x + min(right, 0.0),
        place.y + min(up, 0.0),
        place.x + max(right, 0.0),
        place.y + max(up, 0.0),
    ).padded(1.0)


def draw_bars(axes: Axes, point: Point) -> list[Box]:
    """Draw the intervals of a point within the axes; return what they cover, in points."""
    if point.pinned:
        return []
    x, y = point.at
    boxes = []
    for ci95, ends in (
        (point.x.ci95, lambda ci: ((ci[0], y), (ci[1], y))),
        (point.y.ci95, lambda ci: ((x, ci[0]), (x, ci[1]))),
    ):
        if ci95 is None:
            continue
        (x0, y0), (x1, y1) = ends(_within(ci95, axes, along_x=ci95 is point.x.ci95))
        axes.plot(
            [x0, x1],
            [y0, y1],
            color=INK,
            linewidth=BAR,
            marker="|" if ci95 is point.x.ci95 else "_",
            markersize=2 * CAP,
            markeredgewidth=BAR,
            zorder=2.5,
        )
        corners = axes.transData.transform([(x0, y0), (x1, y1)]) * POINT
        (left, bottom), (right, top) = corners.tolist()
        boxes.append(Box(left, bottom, right, top).padded(CAP))
    return boxes


def _within(ci95: tuple[float, float], axes: Axes, *, along_x: bool) -> tuple[float, float]:
    low, high = axes.get_xlim() if along_x else axes.get_ylim()
    return max(ci95[0], low), min(ci95[1], high)


def box_of(artist: Artist) -> Box:
    """Return what `artist` covers, in points from the figure's lower left corner."""
    extent = artist.get_window_extent()
    return Box(extent.x0 * POINT, extent.y0 * POINT, extent.x1 * POINT, extent.y1 * POINT)
