"""A figure's points: which records stand where, and which ones lie beyond the axes.

All that a renderer needs and nothing of how it draws, so that every format shows the same figure.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.errors import BadRequest
from harness.records import Record
from harness.report.figure_definition import DEVICE, Axis, FigureDefinition
from harness.report.figure_front import LESS_IS_BETTER, front_line
from harness.report.figure_limits import Limits, limits_of
from harness.report.figure_notes import notes_of, warnings_of
from harness.report.figure_rows import PointRecords, point_records
from harness.report.figure_values import Speed, Value, choose, value_of
from harness.report.model import REPORTED_MARK
from harness.report.pareto import on_front
from harness.report.speed import FpsChoice

XEdge = Literal["left", "right"]
YEdge = Literal["bottom", "top"]

APPROXIMATE_MARK = "*"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One network in the figure.

    Attributes:
        variant: Its catalogue name.
        name: What it is called, its input size included where another one has the name too.
        marks: What stands behind the name: `*` for an estimate without TensorRT, `†` for a
            reported figure where others on the axis are our own.
        x: Its figure along x, the true one.
        y: Its figure along y, the true one.
        size: The figure that its marker's area shows; null without, or where nobody has it.
        at: Where it is drawn, in the units of the axes: at the edge where it is pinned.
        x_edge: The edge that it is pinned to; null for a point within the axis.
        y_edge: Likewise along y.
        group: Number of its group.
        ours: Whether it stands out.
        on_front: Whether it is on the Pareto front of all points with exact figures.
    """

    variant: str
    name: str
    marks: str
    x: Value
    y: Value
    size: Value | None
    at: tuple[float, float]
    x_edge: XEdge | None
    y_edge: YEdge | None
    group: int
    ours: bool
    on_front: bool

    @property
    def label(self) -> str:
        """What stands beside it."""
        return self.name + self.marks

    @property
    def pinned(self) -> bool:
        """Whether it lies beyond an axis."""
        return self.x_edge is not None or self.y_edge is not None

    @property
    def records(self) -> tuple[Record, ...]:
        """The records behind its figures, each once."""
        values = (self.x, self.y, *([self.size] if self.size else []))
        found = {id(record): record for value in values for record in value.records}
        return tuple(found.values())


@dataclass(frozen=True, kw_only=True)
class FigureData:
    """A definition and the points that records made of it.

    Attributes:
        definition: What was asked for.
        points: The points, in the order of the definition.
        x_limits: From where to where the x axis goes.
        y_limits: Likewise the y axis.
        axis_marks: What stands behind the labels of x and y: `†` where all of an axis is reported
            and something of the other one is our own.
        front: The line of the Pareto front, from edge to edge, by the true figures (it may leave
            the axes); empty where it is not to be drawn.
        equal: Both ends of the line of equal ratio within the axes; empty without.
        notes: What a reader has to know: machine, protocol, sources; for captions and metadata.
        warnings: What whoever draws it has to know; not part of the figure.
    """

    definition: FigureDefinition
    points: tuple[Point, ...]
    x_limits: Limits
    y_limits: Limits
    axis_marks: tuple[str, str]
    front: tuple[tuple[float, float], ...]
    equal: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def collect(
    definition: FigureDefinition, records: Sequence[Record], choice: FpsChoice | None = None
) -> FigureData:
    """Return the figure that `definition` makes of `records`.

    Args:
        definition: Rows, axes, groups and sources.
        records: All records at hand, in the order in which they were stored.
        choice: What was decided about speeds; null takes the definition's `fps`.

    Raises:
        BadRequest: If there is no such table, an axis would mix devices or protocols, a row has no
            place in the figure, or no row is left.
    """
    choice = choice or FpsChoice(origin=definition.fps)
    found = point_records(definition, records)
    speed = choose(definition, found, choice)
    definition = _with_device(definition, speed)
    names = Counter(each.records.label for each in found)
    points, missing = [], []
    for position, each in enumerate(found):
        point = _point(position, each, speed, definition, alone=names[each.records.label] == 1)
        if isinstance(point, Point):
            points.append(point)
        else:
            missing.append(point)
    if not points:
        raise BadRequest(f"figure {definition.name}: must have a point, got {missing[0]}")
    notes = notes_of(definition, found, speed, points)
    warnings = (*missing, *warnings_of(found, speed, choice))
    return _placed(definition, points, notes, warnings)


def _with_device(definition: FigureDefinition, speed: Speed) -> FigureDefinition:
    """Return `definition`, its axes saying which device FPS are of: a drawing has no caption."""
    conditions = speed.plain.conditions if speed.plain else None
    device = conditions.device_text if conditions else "several devices"
    x, y = (
        replace(axis, label=axis.label.replace(DEVICE, device))
        for axis in (definition.x, definition.y)
    )
    return replace(definition, x=x, y=y)


def _point(
    position: int,
    each: PointRecords,
    speed: Speed,
    definition: FigureDefinition,
    *,
    alone: bool,
) -> Point | str:
    """Return a point whose place is not decided yet, or why there is none."""
    numbers = [group.number for group in definition.groups]
    if each.group is None or each.group not in numbers:
        where = f"figure {definition.name}: {each.where}"
        raise BadRequest(f"{where}: its group must be one of {numbers}, got {each.group}")
    x = value_of(definition.x.figure, position, each, speed, definition)
    y = value_of(definition.y.figure, position, each, speed, definition)
    for axis, value in ((definition.x, x), (definition.y, y)):
        if isinstance(value, str):
            return f"{each.where} is not drawn: {axis.figure}: {value}"
    assert isinstance(x, Value)
    assert isinstance(y, Value)
    size = None
    if definition.size is not None:
        size = value_of(definition.size, position, each, speed, definition)
    variant = each.records.row.variant
    return Point(
        variant=variant,
        name=_name(each, alone=alone),
        marks=APPROXIMATE_MARK if x.approximate or y.approximate else "",
        x=x,
        y=y,
        size=size if isinstance(size, Value) else None,
        at=(x.value, y.value),
        x_edge=None,
        y_edge=None,
        group=each.group,
        ours=variant in definition.ours,
        on_front=False,
    )


def _name(each: PointRecords, *, alone: bool) -> str:
    # A line break is no part of a name, and half a character (JSON allows for it) cannot be shown.
    name = " ".join(each.records.label.encode(errors="replace").decode().split())
    return name if alone or not each.shape else f"{name} {each.shape[2]}×{each.shape[3]}"


def _placed(
    definition: FigureDefinition,
    points: list[Point],
    notes: tuple[str, ...],
    warnings: tuple[str, ...],
) -> FigureData:
    """Return the figure with each point where it is drawn, and the front through them."""
    exact = [p.x.exact and p.y.exact for p in points]
    # A point that one axis pins to its edge does not stretch the other one.
    fitted = [p for p, known in zip(points, exact, strict=True) if known] or points
    x_limits = limits_of(definition.x, [p.x for p in fitted], definition.name)
    y_limits = limits_of(definition.y, [p.y for p in fitted], definition.name)
    figures = (definition.x.figure, definition.y.figure)
    ranked = on_front(
        [(p.x.value, p.y.value) for p, known in zip(points, exact, strict=True) if known],
        [figure not in LESS_IS_BETTER for figure in figures],
    )
    ranks = iter(ranked)
    # Two rates have no front: more of both is what every faster device brings.
    best = [known and next(ranks) and definition.equal is None for known in exact]
    mixed = [{v.kind == "reported" for v in values} == {True, False} for values in _columns(points)]
    placed = tuple(
        _at(replace(p, on_front=front, marks=p.marks + _mark(p, mixed)), definition, x_limits,
            y_limits)
        for p, front in zip(points, best, strict=True)
    )  # fmt: skip
    places = [(p.x.value, p.y.value) for p in placed if p.on_front]
    return FigureData(
        definition=definition,
        points=placed,
        x_limits=x_limits,
        y_limits=y_limits,
        axis_marks=_axis_marks(points),
        front=front_line(places, figures, (x_limits, y_limits)) if definition.front else (),
        equal=_equal(points, (x_limits, y_limits)) if definition.equal is not None else (),
        notes=notes,
        warnings=warnings,
    )


def _equal(
    points: Sequence[Point], limits: tuple[Limits, Limits]
) -> tuple[tuple[float, float], ...]:
    """Return the ends of the line on which y is that many times x which it is on average.

    Estimates without TensorRT and bounds have no say in the average.
    """
    ratios = [
        p.y.value / p.x.value
        for p in points
        if p.x.exact and p.y.exact and not (p.x.approximate or p.y.approximate)
    ]
    if not ratios:
        return ()
    ratio = statistics.geometric_mean(ratios)
    (left, right), (bottom, top) = limits
    start, end = max(left, bottom / ratio), min(right, top / ratio)
    return ((start, start * ratio), (end, end * ratio)) if start < end else ()


def _columns(points: Sequence[Point]) -> tuple[list[Value], list[Value]]:
    return [p.x for p in points], [p.y for p in points]


def _axis_marks(points: Sequence[Point]) -> tuple[str, str]:
    x, y = ({value.kind for value in values} for values in _columns(points))
    ours = (x | y) != {"reported"}
    marks = [REPORTED_MARK if ours and kinds == {"reported"} else "" for kinds in (x, y)]
    return marks[0], marks[1]


def _mark(point: Point, mixed: Sequence[bool]) -> str:
    kinds = zip((point.x.kind, point.y.kind), mixed, strict=True)
    return REPORTED_MARK if any(kind == "reported" and both for kind, both in kinds) else ""


def _at(point: Point, definition: FigureDefinition, x_limits: Limits, y_limits: Limits) -> Point:
    """Return `point` where it is drawn."""
    (left, right), (bottom, top) = x_limits, y_limits
    x, y = point.x.value, point.y.value
    where = f"figure {definition.name}: {point.name}"
    _require_edge(point.x, definition.x, x_limits, where)
    _require_edge(point.y, definition.y, y_limits, where)
    return replace(
        point,
        at=(min(max(x, left), right), min(max(y, bottom), top)),
        x_edge="left" if x < left else "right" if x > right else None,
        y_edge="bottom" if y < bottom else "top" if y > top else None,
    )


def _require_edge(value: Value, axis: Axis, limits: Limits, where: str) -> None:
    """Refuse a figure such as `~1` within the axis: only an edge shows it as what it is."""
    if not value.exact and value.value > limits[0]:
        raise BadRequest(f"{where}: {axis.figure} {value.text} is no exact place on the axis")
