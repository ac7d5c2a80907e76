"""Where the labels of a scatter plot go: beside their points, on nothing else.

Every label has a fixed list of places around its point, nearest and most readable first; what each
of them costs, alone and beside the others, is stated here, and `label_search` finds the cheapest
choice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.report.label_search import Floats, assign

DIRECTIONS = 16
STEPS = (0.0, 3.0, 6.0, 10.0, 15.0, 21.0, 28.0)  # how far from its marker a label may be
MOST_PLACES, FEWEST_PLACES = 72, 24  # of a label that are looked at
MOST_PAIRS = 2400  # of labels and places at once: their costs are held in pairs

# Costs per unit of area or length: an overlap outweighs everything, distance outweighs direction.
OVERLAP = 1000.0
CROSSING = 100.0
SOFT = 1.0
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

    def moved_into(self, bounds: Box) -> Box:
        """Return the box, moved as little as brings it into `bounds`, if it fits."""
        right = max(bounds.left - self.left, 0.0) + min(bounds.right - self.right, 0.0)
        up = max(bounds.bottom - self.bottom, 0.0) + min(bounds.top - self.top, 0.0)
        return Box(self.left + right, self.bottom + up, self.right + right, self.top + up)

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
    if not choices:
        return []
    # The more labels, the fewer places of each: only its cheapest.
    most = max(FEWEST_PLACES, min(MOST_PLACES, MOST_PAIRS // len(choices)))
    kept = [sorted(places, key=lambda place: place.cost)[:most] for places in choices]
    chosen = assign(*_costs(anchors, kept, most))
    return [places[k].box for places, k in zip(kept, chosen, strict=True)]


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
    others = (
        np.array([(m.left, m.bottom, m.right, m.top) for i, m in enumerate(markers) if i != index])
        .reshape(-1, 4)
        .T
    )
    places = []
    for step in STEPS:
        for k in range(DIRECTIONS):
            box = _box(anchor, 2 * math.pi * k / DIRECTIONS, step).moved_into(bounds)
            if not bounds.contains(box):
                continue
            covered = sum(box.overlap(b) for b in (*markers, *obstacles))
            ends = np.array([*anchor.leader(box)]).reshape(4, 1)
            crossed = float(_crossed(ends, others).sum())
            # A quarter turn from the horizontal reads worst: k counts from the right, at 0.
            turn = abs(math.sin(2 * math.pi * k / DIRECTIONS))
            cost = OVERLAP * covered + CROSSING * crossed + DISTANCE * step + DIRECTION * turn
            cost += SOFT * sum(box.overlap(b) for b in soft)
            places.append(_Place(box, round(cost, EXACT)))
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


def _costs(
    anchors: Sequence[Anchor], choices: Sequence[Sequence[_Place]], most: int
) -> tuple[Floats, Floats]:
    """Return what up to `most` places of each label cost alone, and in pairs (`assign`)."""
    n, m = len(choices), most
    own = np.full((n, m), np.inf)
    boxes = np.zeros((4, n, m))
    leaders = np.zeros((4, n, m))
    for i, places in enumerate(choices):
        for k, place in enumerate(places):
            box = place.box
            own[i, k] = place.cost
            boxes[:, i, k] = box.left, box.bottom, box.right, box.top
            (x, y), (end_x, end_y) = anchors[i].leader(box)
            leaders[:, i, k] = x, y, end_x, end_y
    one, other = boxes[:, :, :, None, None], boxes[:, None, None]
    width = np.minimum(one[2], other[2]) - np.maximum(one[0], other[0])
    height = np.minimum(one[3], other[3]) - np.maximum(one[1], other[1])
    covered = np.maximum(width, 0) * np.maximum(height, 0)
    crossed = _crossed(leaders[:, :, :, None, None], other)
    pairs = OVERLAP * covered + CROSSING * (crossed + crossed.transpose(2, 3, 0, 1))
    for i in range(n):
        pairs[i, :, i] = 0
    return own, pairs.round(EXACT)


def _crossed(lines: Floats, boxes: Floats) -> Floats:
    """Return the length of each line within each box, clipping it at each side in turn."""
    x, y, end_x, end_y = lines
    start, end = np.zeros(()), np.ones(())
    for at, delta, low, high in (
        (x, end_x - x, boxes[0], boxes[2]),
        (y, end_y - y, boxes[1], boxes[3]),
    ):
        steep = np.where(delta == 0, 1.0, delta)
        near, far = (low - at) / steep, (high - at) / steep
        within = (low < at) & (at < high)
        never, always = np.where(within, -np.inf, np.inf), np.where(within, np.inf, -np.inf)
        start = np.maximum(start, np.where(delta == 0, never, np.minimum(near, far)))
        end = np.minimum(end, np.where(delta == 0, always, np.maximum(near, far)))
    length: Floats = np.hypot(end_x - x, end_y - y)
    share: Floats = np.clip(end - start, 0, None)
    return np.where(share > 0, length * np.where(share > 0, share, 0), 0)
