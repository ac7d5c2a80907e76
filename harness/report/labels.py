"""Where the labels of a scatter plot go: beside their points, on nothing else.

A small search without randomness: every label has a fixed list of places around its point, nearest
and most readable first; each in turn moves to where it costs least given all others, until none
moves any more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

DIRECTIONS = 16
STEPS = (0.0, 3.0, 6.0, 10.0, 15.0, 21.0, 28.0)  # how far from its marker a label may be
MAX_ROUNDS = 100  # only a bound: a figure settles in a handful of rounds

# Costs per unit of area or length: an overlap outweighs everything, distance outweighs direction.
OVERLAP = 1000.0
CROSSING = 100.0
SOFT = 0.5
DISTANCE = 1.0
DIRECTION = 1.5
EXACT = 3  # digits of a cost that count: the order of places, not rounding, must decide a tie


@dataclass(frozen=True)
class Box:
    """An upright rectangle."""

    left: float
    bottom: float
    right: float
    top: float

    def padded(self, gap: float) -> Box:
        """Return the box, larger by `gap` on each side."""
        return Box(self.left - gap, self.bottom - gap, self.right + gap, self.top + gap)

    def overlap(self, other: Box) -> float:
        """Return the area that both cover."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return width * height if width > 0 and height > 0 else 0.0

    def contains(self, other: Box) -> bool:
        """Whether `other` lies within this box."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.bottom <= other.bottom and other.top <= self.top

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Return the point of the box that is nearest to `(x, y)`."""
        return min(max(x, self.left), self.right), min(max(y, self.bottom), self.top)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A point to be labelled: where it is, how far its marker reaches, how large its label is."""

    x: float
    y: float
    radius: float
    width: float
    height: float

    @property
    def marker(self) -> Box:
        """The square around the marker."""
        r = self.radius
        return Box(self.x - r, self.y - r, self.x + r, self.y + r)

    def leader(self, box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return both ends of the line from the point to its label."""
        return (self.x, self.y), box.nearest(self.x, self.y)


@dataclass(frozen=True)
class _Place:
    """Where a label may go, and what that costs whatever the other labels do."""

    box: Box
    cost: float


def place_labels(
    anchors: Sequence[Anchor],
    obstacles: Sequence[Box],
    bounds: Box,
    soft: Sequence[Box] = (),
) -> list[Box]:
    """Return a box for each label, in the unit of the anchors.

    Args:
        anchors: The points to be labelled.
        obstacles: What no label may cover besides the markers (error bars, legends).
        bounds: What no label may leave.
        soft: What a label had better not cover: it moves on, but not far.

    Raises:
        ValueError: If a label has no place within `bounds`.
    """
    choices = [_places(i, anchors, obstacles, bounds, soft) for i in range(len(anchors))]
    chosen = [min(places, key=lambda p: round(p.cost, EXACT)) for places in choices]
    for _ in range(MAX_ROUNDS):
        before = list(chosen)
        for i, places in enumerate(choices):
            others = [(a, chosen[j].box) for j, a in enumerate(anchors) if j != i]
            costs = [round(p.cost + _conflict(anchors[i], p.box, others), EXACT) for p in places]
            chosen[i] = places[costs.index(min(costs))]
        if chosen == before:
            break
    return [place.box for place in chosen]


def _places(
    index: int,
    anchors: Sequence[Anchor],
    obstacles: Sequence[Box],
    bounds: Box,
    soft: Sequence[Box],
) -> list[_Place]:
    """Return the places within `bounds` of one label, each with its own cost."""
    anchor = anchors[index]
    markers = [a.marker for a in anchors]
    others = [m for i, m in enumerate(markers) if i != index]
    places = []
    for step in STEPS:
        for k in range(DIRECTIONS):
            box = _box(anchor, 2 * math.pi * k / DIRECTIONS, step)
            if not bounds.contains(box):
                continue
            covered = sum(box.overlap(b) for b in (*markers, *obstacles))
            crossed = sum(_inside(anchor.leader(box), marker) for marker in others)
            # A quarter turn from the horizontal reads worst: k counts from the right, at 0.
            turn = abs(math.sin(2 * math.pi * k / DIRECTIONS))
            cost = OVERLAP * covered + CROSSING * crossed + DISTANCE * step + DIRECTION * turn
            cost += SOFT * sum(box.overlap(b) for b in soft)
            places.append(_Place(box, cost))
    if not places:
        raise ValueError(f"label {index}: must fit into the axes, got width {anchor.width:.0f}")
    return places


def _box(anchor: Anchor, angle: float, step: float) -> Box:
    """Return the label's box in a direction, `step` away from touching the marker's circle."""
    dx, dy = math.cos(angle), math.sin(angle)
    reach = anchor.radius + step
    # The label's centre runs along a rounded rectangle, so that labels to the left and right of
    # their point are level with it and those above and below are centred.
    x = anchor.x + dx * reach + _clip(dx * 1.5) * anchor.width / 2
    y = anchor.y + dy * reach + _clip(dy * 1.5) * anchor.height / 2
    half_width, half_height = anchor.width / 2, anchor.height / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def _clip(value: float) -> float:
    return min(max(value, -1.0), 1.0)


def _conflict(anchor: Anchor, box: Box, others: Sequence[tuple[Anchor, Box]]) -> float:
    """Return what a place costs given where the other labels are now."""
    cost = 0.0
    line = anchor.leader(box)
    for other, other_box in others:
        cost += OVERLAP * box.overlap(other_box)
        cost += CROSSING * (_inside(line, other_box) + _inside(other.leader(other_box), box))
    return cost


def _inside(line: tuple[tuple[float, float], tuple[float, float]], box: Box) -> float:
    """Return the length of `line` within `box`, clipping the line at each side in turn."""
    (x, y), (end_x, end_y) = line
    dx, dy = end_x - x, end_y - y
    start, end = 0.0, 1.0
    for delta, low, high in ((dx, box.left - x, box.right - x), (dy, box.bottom - y, box.top - y)):
        if delta == 0:
            if not low < 0 < high:
                return 0.0
            continue
        near, far = sorted((low / delta, high / delta))
        start, end = max(start, near), min(end, far)
    return math.hypot(dx, dy) * max(end - start, 0.0)
