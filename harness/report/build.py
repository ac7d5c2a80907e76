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
from harness.report.norm_speed import NormSpeeds, choose_norm_speeds, norm_notes
from harness.report.rows import RowRecords, failure_warnings, gather, record_warnings
from harness.report.scales import load_scales
from harness.report.speed import FpsChoice, Speeds, choose_speeds
from harness.report.speed_notes import speed_notes, speed_warnings

NO_SPEEDS = Speeds(origin=None, conditions=None, records={})
NO_NORM = NormSpeeds(records={}, scales=None)


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
    choice = choice or FpsChoice()
    # A table without FPS has nothing to refuse.
    speeds = choose_speeds(rows, choice) if "fps" in definition.columns else NO_SPEEDS
    norm = NO_NORM
    if "fps_norm" in definition.columns:
        norm = choose_norm_speeds(rows, choice, load_scales(definition.scales))
    context = Context(
        definition=definition, baseline=_baseline(definition, rows), speeds=speeds, norm=norm
    )
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
    table = _annotated(bare, rows, context)
    has_speed = {"fps", "fps_norm"} & set(definition.columns) and choice.origin != "reported"
    failures = failure_warnings(rows) if has_speed else []
    return replace(table, warnings=(*table.warnings, *failures))


def _annotated(bare: Table, rows: Sequence[RowRecords], context: Context) -> Table:
    """Return the table with the notes and warnings that its own cells make necessary."""
    definition, speeds, norm = context.definition, context.speeds, context.norm
    timed = speeds if "fps" in definition.columns else replace(speeds, records=norm.records)
    return replace(
        bare,
        footnotes=(
            *bare.footnotes,
            *origin_notes(bare),
            *static_notes(bare, definition, rows),
            *(speed_notes(rows, speeds) if "fps" in definition.columns else ()),
            *(norm_notes(rows, norm) if norm.scales else ()),
        ),
        warnings=(
            *record_warnings(rows),
            *gap_warnings(rows),
            *speed_warnings(timed),
        ),
    )


def _baseline(definition: Definition, rows: Sequence[RowRecords]) -> RowRecords | None:
    return next((row for row in rows if row.row.variant == definition.baseline), None)
