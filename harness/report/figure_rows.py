"""Which records belong to which point of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord
from harness.records import Record, ReportedRecord
from harness.report.definition import Definition
from harness.report.figure_definition import FigureDefinition
from harness.report.input_shape import Shape
from harness.report.miou import choose_accuracies
from harness.report.row_definition import Row
from harness.report.rows import RowRecords, gather
from harness.report.scales import plain_name

NO_SIZE: Shape = (0, 0, 0, 0)
"""Of rows whose size nobody tells: no measurement can be known to be of the same."""


@dataclass(frozen=True, kw_only=True)
class PointRecords:
    """What is known about one network of a figure.

    Attributes:
        group: Number of its group; null where a reported row tells none.
        shape: Input size of its figures; null where it is not known.
        records: Its measurements and its reported row.
        logged: The accuracy out of its newest log; null where there is none.
        warnings: What was set aside, one line each; those of the whole figure at its first row.
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


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """A network before its records are looked for; `reported` is the row that lists it, if any."""

    row: Row
    group: int | None
    shape: Shape | None
    reported: ReportedRecord | None = None


def point_records(
    definition: FigureDefinition, records: Sequence[Record]
) -> tuple[PointRecords, ...]:
    """Return the networks of a figure with their records, in the order of the definition.

    They are gathered as a table of them would gather them, logs by the same rules.

    Raises:
        BadRequest: If the reported table is not there and the definition lists no rows.
    """
    listed = _listed(definition, records)
    table = Definition(
        name=definition.name,
        title=definition.title,
        source=definition.source or "",
        input_shape=definition.input_shape or NO_SIZE,
        convention=definition.convention,
        baseline=None,
        columns=(),
        rows=tuple(each.row for each in listed),
    )
    gathered = gather(table, records)
    accuracies = choose_accuracies(gathered, "newest", table)
    found = []
    for position, (each, row) in enumerate(zip(listed, gathered, strict=True)):
        logs = accuracies.logs.get(position)
        found.append(
            PointRecords(
                group=each.group,
                shape=each.shape,
                records=replace(row, reported=each.reported) if each.reported else row,
                logged=logs[-1] if logs else None,
                warnings=accuracies.warnings if position == 0 else (),
            )
        )
    return tuple(found)


def _listed(definition: FigureDefinition, records: Sequence[Record]) -> list[_Listed]:
    """Return the rows of the definition, else those of its reported table."""
    if definition.rows:
        return [
            _Listed(
                row=Row(
                    variant=row.variant,
                    label=row.label,
                    same_as=row.same_as,
                    input_shape=row.input_shape,
                ),
                group=row.group,
                shape=row.input_shape,
            )
            for row in definition.rows
        ]
    reported = _table(definition, [r for r in records if isinstance(r, ReportedRecord)])
    by_device = {plain_name(g.device): g.number for g in definition.groups if g.device is not None}
    listed = []
    for record in reported:
        shape = record.input_shape or definition.input_shape
        row = Row(variant=record.variant, label=record.label, input_shape=shape)
        group = by_device.get(plain_name(record.device)) if by_device else record.group
        listed.append(_Listed(row=row, group=group, shape=shape, reported=record))
    return listed


def _table(
    definition: FigureDefinition, reported: Sequence[ReportedRecord]
) -> list[ReportedRecord]:
    """Return the rows of the reported table; a table that was read twice counts once, the last."""
    rows = {r.row: r for r in reported if r.table == definition.source}
    if not rows:
        hint = did_you_mean(definition.source or "", {r.table for r in reported})
        raise BadRequest(f"figure {definition.name}: no records of {definition.source}{hint}")
    return [rows[position] for position in sorted(rows)]
