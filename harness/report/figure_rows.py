"""Which records belong to which point of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord
from harness.records import Record, ReportedRecord
from harness.report.definition import Definition, Row
from harness.report.figure_definition import FigureDefinition, Shape
from harness.report.rows import RowRecords, created_at, gather


@dataclass(frozen=True, kw_only=True)
class PointRecords:
    """What is known about one network of a figure.

    Attributes:
        group: Number of its group; null where a reported row tells none.
        shape: Input size of its figures; null where it is not known.
        records: Its measurements and its reported row.
        logged: The accuracy out of its newest log; null where there is none.
        warnings: What was set aside, one line each.
    """

    group: int | None
    shape: Shape | None
    records: RowRecords
    logged: LoggedRecord | None
    warnings: tuple[str, ...]

    @property
    def where(self) -> str:
        """How messages call it."""
        reported = self.records.reported
        return self.records.label + (f" ({reported.source.place})" if reported else "")


def point_records(
    definition: FigureDefinition, records: Sequence[Record]
) -> tuple[PointRecords, ...]:
    """Return the networks of a figure with their records, in the order of the definition.

    Raises:
        BadRequest: If the reported table is not there and the definition lists no rows.
    """
    logged = [r for r in records if isinstance(r, LoggedRecord)]
    if definition.rows:
        found = [
            _point(
                _gathered(
                    Row(variant=row.variant, label=row.label, same_as=row.same_as),
                    row.input_shape,
                    definition,
                    records,
                ),
                row.group,
                row.input_shape,
                logged,
            )
            for row in definition.rows
        ]
        return tuple(found)
    return tuple(
        _of_reported(record, definition, records, logged)
        for record in _table(definition, [r for r in records if isinstance(r, ReportedRecord)])
    )


def _table(
    definition: FigureDefinition, reported: Sequence[ReportedRecord]
) -> list[ReportedRecord]:
    """Return the rows of the reported table; a table that was read twice counts once, the last."""
    rows = {r.row: r for r in reported if r.table == definition.source}
    if not rows:
        hint = did_you_mean(definition.source or "", {r.table for r in reported})
        raise BadRequest(f"figure {definition.name}: no records of {definition.source}{hint}")
    return [rows[position] for position in sorted(rows)]


def _of_reported(
    record: ReportedRecord,
    definition: FigureDefinition,
    records: Sequence[Record],
    logged: Sequence[LoggedRecord],
) -> PointRecords:
    shape = record.input_shape or definition.input_shape
    row = Row(variant=record.variant, label=record.label)
    if shape is None:  # no measurement can be known to be of the same size
        gathered = RowRecords(row=row, measured=None, timed=(), reported=record)
    else:
        gathered = replace(_gathered(row, shape, definition, records), reported=record)
    return _point(gathered, record.group, shape, logged)


def _gathered(
    row: Row, shape: Shape, definition: FigureDefinition, records: Sequence[Record]
) -> RowRecords:
    """Return the records of one row, as a table of that row alone would find them."""
    table = Definition(
        name=definition.name,
        title=definition.title,
        source=definition.source or "",
        input_shape=shape,
        convention=definition.convention,
        baseline=None,
        columns=(),
        rows=(row,),
    )
    [gathered] = gather(table, records)
    return gathered


def _point(
    records: RowRecords, group: int | None, shape: Shape | None, logged: Sequence[LoggedRecord]
) -> PointRecords:
    found, warnings = _accuracy(records, logged)
    return PointRecords(
        group=group, shape=shape, records=records, logged=found, warnings=tuple(warnings)
    )


def _accuracy(
    row: RowRecords, logged: Sequence[LoggedRecord]
) -> tuple[LoggedRecord | None, list[str]]:
    """Return the newest log of the row's network, and a line for each that is set aside.

    The name decides before the network's hash: two rows may be one network that was trained in
    two ways.
    """
    name = row.row.variant
    fitting = [r for r in logged if r.variant in row.row.names]
    if row.measured is not None:
        spec = row.measured.spec_sha256
        same = [r for r in fitting or logged if r.spec_sha256 == spec]
        if fitting and not same:
            return None, [f"{name}: its log is of another spec than its newest record; not used"]
        fitting = same
    if not fitting:
        return None, []
    # `created_at` asks for what every record of a network has.
    newest = sorted(fitting, key=lambda r: created_at(r))[-1]
    warnings = []
    if len(fitting) > 1:
        warnings.append(f"{name}: {len(fitting)} logs, mIoU is that of the newest ({newest.file})")
    if newest.reading.split == "test":
        warnings.append(f"{name}: mIoU of {newest.file} is of the test split")
    return newest, warnings
