"""A figure's points: which record stands where, and which ones lie beyond the axis."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import BadRequest, did_you_mean
from harness.records import Record, ReportedRecord
from harness.report.figure_definition import Axis, FigureDefinition

Edge = Literal["left", "right"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One network in the figure.

    Attributes:
        label: What stands beside it.
        x: Where it is drawn; the edge of the axis for a pinned point.
        y: Where it is drawn.
        pinned: The edge that it is pinned to, null for a point within the axis.
        group: Number of its group.
        ours: Whether it stands out.
        record: Where its figures come from.
    """

    label: str
    x: float
    y: float
    pinned: Edge | None
    group: int
    ours: bool
    record: ReportedRecord


@dataclass(frozen=True, kw_only=True)
class FigureData:
    """A definition and the points that records made of it."""

    definition: FigureDefinition
    points: tuple[Point, ...]


def collect(definition: FigureDefinition, records: Sequence[Record]) -> FigureData:
    """Return the figure that `definition` makes of the reported records.

    Raises:
        BadRequest: If there is no such table, or one of its rows has no place in the figure.
    """
    reported = [r for r in records if isinstance(r, ReportedRecord)]
    # By row, so that a table that was read twice is drawn once; the last reading wins.
    rows = {r.row: r for r in reported if r.table == definition.source}
    if not rows:
        hint = did_you_mean(definition.source, {r.table for r in reported})
        raise BadRequest(f"figure {definition.name}: no records of {definition.source}{hint}")
    ordered = [rows[position] for position in sorted(rows)]
    names = Counter(r.label for r in ordered)
    return FigureData(
        definition=definition,
        points=tuple(_point(r, definition, alone=names[r.label] == 1) for r in ordered),
    )


def _point(record: ReportedRecord, definition: FigureDefinition, *, alone: bool) -> Point:
    where = f"figure {definition.name}: {record.label} ({record.source.place})"
    numbers = [group.number for group in definition.groups]
    if record.group is None or record.group not in numbers:
        raise BadRequest(f"{where}: its group must be one of {numbers}, got {record.group}")
    x, y = _figure(record, definition.x, where), _figure(record, definition.y, where)
    if not definition.y.low <= y <= definition.y.high:
        raise BadRequest(f"{where}: {definition.y.figure} is beyond the axis, got {y}")
    low, high = definition.x.low, definition.x.high
    return Point(
        label=_label(record, alone=alone),
        x=min(max(x, low), high),
        y=y,
        pinned="left" if x < low else "right" if x > high else None,
        group=record.group,
        ours=record.variant in definition.ours,
        record=record,
    )


def _label(record: ReportedRecord, *, alone: bool) -> str:
    """Return the row's name, its input size where another row has the name too, and its `*`."""
    label = record.label
    if not alone and record.input_shape:
        label += f" {record.input_shape[2]}×{record.input_shape[3]}"
    return label + ("*" if record.tensorrt else "")


def _figure(record: ReportedRecord, axis: Axis, where: str) -> float:
    """Return a printed figure as a number; `~1` and `<1` as 1, which only a pinned point shows."""
    printed = record.figures.get(axis.figure)
    if printed is None:
        raise BadRequest(f"{where}: has no {axis.figure}")
    try:
        value = float(printed.lstrip("~<"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRequest(f"{where}: {axis.figure} must be a number, got {printed!r}")
    if printed[0] in "~<" and value > axis.low:
        raise BadRequest(f"{where}: {axis.figure} {printed} is no exact place on the axis")
    return value
