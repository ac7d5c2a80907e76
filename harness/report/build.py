"""A definition and records, put together into a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.records import Record
from harness.report.cells import Context, make_cell
from harness.report.columns import COLUMNS
from harness.report.definition import Definition
from harness.report.footnotes import gap_warnings, origin_notes, static_notes
from harness.report.model import Table, TableRow
from harness.report.rows import RowRecords, gather, record_warnings
from harness.report.speed import FpsChoice, Speeds, choose_speeds
from harness.report.speed_notes import speed_notes, speed_warnings

NO_SPEEDS = Speeds(origin=None, conditions=None, records={})


def build_table(
    definition: Definition, records: Sequence[Record], choice: FpsChoice | None = None
) -> Table:
    """Return the table that `definition` makes of `records`.

    Args:
        definition: Rows, columns and sources.
        records: All records at hand, in the order in which they were stored.
        choice: What was decided about the FPS column; null decides nothing.

    Raises:
        BadRequest: If the FPS column would mix devices or protocols, or a record lacks what the
            definition asks of it.
    """
    rows = gather(definition, records)
    has_fps = "fps" in definition.columns  # a table without FPS has nothing to refuse
    speeds = choose_speeds(rows, choice or FpsChoice()) if has_fps else NO_SPEEDS
    context = Context(definition=definition, baseline=_baseline(definition, rows), speeds=speeds)
    bare = Table(
        name=definition.name,
        title=definition.title,
        columns=tuple(COLUMNS[name] for name in definition.columns),
        rows=tuple(
            TableRow(
                variant=row.row.variant,
                cells=tuple(make_cell(c, i, row, context) for c in definition.columns),
            )
            for i, row in enumerate(rows)
        ),
        footnotes=definition.footnotes,
    )
    return _annotated(bare, definition, rows, speeds)


def _annotated(
    bare: Table, definition: Definition, rows: Sequence[RowRecords], speeds: Speeds
) -> Table:
    """Return the table with the notes and warnings that its own cells make necessary."""
    return replace(
        bare,
        footnotes=(
            *bare.footnotes,
            *origin_notes(bare),
            *static_notes(bare, definition, rows),
            *(speed_notes(rows, speeds) if "fps" in definition.columns else ()),
        ),
        warnings=(
            *record_warnings(rows),
            *gap_warnings(rows),
            *speed_warnings(speeds),
        ),
    )


def _baseline(definition: Definition, rows: Sequence[RowRecords]) -> RowRecords | None:
    return next((row for row in rows if row.row.variant == definition.baseline), None)
