"""What a reader of a figure has to know, and what whoever draws it has to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.records import ProfileRecord, ReportedRecord
from harness.report.figure_definition import PUBLISHED, FigureDefinition
from harness.report.figure_rows import PointRecords
from harness.report.figure_values import Speed
from harness.report.norm_speed import norm_notes
from harness.report.rows import failure_warnings, record_warnings
from harness.report.speed import FpsChoice, Speeds
from harness.report.speed_notes import cpu_notes, speed_notes, speed_warnings

if TYPE_CHECKING:
    from harness.report.figure_data import Point


def notes_of(
    definition: FigureDefinition,
    found: Sequence[PointRecords],
    speed: Speed,
    points: Sequence[Point],
) -> tuple[str, ...]:
    """Return the sentences that belong into the caption: speeds first, then sources.

    A row without a speed is not drawn and warned of, so no note has to say what is missing.
    """
    rows = [each.records for each in found]
    notes: list[str] = []
    if speed.plain is not None:
        if PUBLISHED in (definition.x.figure, definition.y.figure):
            notes += cpu_notes(speed.plain.conditions)
        notes += speed_notes([rows[i] for i in speed.plain.records], speed.plain)
    if speed.norm is not None:
        notes += norm_notes([rows[i] for i in speed.norm.records], speed.norm)
    records = [record for point in points for record in point.records]
    works = dict.fromkeys(
        f"{r.table}: {r.source.work}" for r in records if isinstance(r, ReportedRecord)
    )
    return (*notes, *(f"Reported figures: {work}." for work in works))


def warnings_of(found: Sequence[PointRecords], speed: Speed, choice: FpsChoice) -> tuple[str, ...]:
    """Return a line for everything that was set aside or may not be trusted."""
    rows = [each.records for each in found]
    lines = [line for each in found for line in each.warnings]
    if choice.origin != "reported":
        # A row without any record is named already, by what it lacks.
        lines += record_warnings([row for row in rows if row.measured])
    plain = speed.plain or Speeds(origin=None, conditions=None, records={})
    norm = speed.norm.records if speed.norm else {}
    timed = {i: r for i, r in {**norm, **plain.records}.items() if isinstance(r, ProfileRecord)}
    lines += speed_warnings(Speeds(origin=None, conditions=None, records=dict(timed)))
    if (speed.plain or speed.norm) and choice.origin != "reported":
        lines += failure_warnings(rows)
    return tuple(dict.fromkeys(lines))
