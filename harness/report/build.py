"""A definition and records, put together into a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harness.records import Record
from harness.report.cells import Context, Place, make_cell
from harness.report.columns import Column, named_columns, with_reported
from harness.report.definition import AnyDefinition, Definition, StageDefinition
from harness.report.digits import Digits
from harness.report.emphasis import emphasised
from harness.report.footnotes import gap_warnings, mark_notes, origin_notes, static_notes
from harness.report.miou import Accuracies, accuracy_notes, choose_accuracies
from harness.report.miou import Choice as AccuracyChoice
from harness.report.model import Table, TableRow, kinds_of
from harness.report.norm_speed import NormSpeeds, choose_norm_speeds, norm_notes
from harness.report.rows import RowRecords, failure_warnings, gather, record_warnings
from harness.report.scales import load_scales
from harness.report.speed import FpsChoice, Speeds, choose_speeds
from harness.report.speed_notes import speed_notes, speed_warnings
from harness.report.stage_table import build_stage_table

NO_SPEEDS = Speeds(origin=None, conditions=None, records={})
NO_NORM = NormSpeeds(records={}, scales=None)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What whoever prints a table decides about it.

    Attributes:
        fps: Which FPS.
        miou: Which mIoU.
        digits: How many digits a measured figure has.
        with_reported: Whether the published figures stand beside our own.
    """

    fps: FpsChoice = field(default_factory=FpsChoice)
    miou: AccuracyChoice = "newest"
    digits: Digits = "paper"
    with_reported: bool = False


def build_table(
    definition: AnyDefinition, records: Sequence[Record], choices: Choices | None = None
) -> Table:
    """Return the table that `definition` makes of `records`.

    Args:
        definition: Rows, columns and sources.
        records: All records at hand, in the order in which they were stored.
        choices: What was decided; null decides nothing.

    Raises:
        BadRequest: If the FPS column would mix devices or protocols, or a record lacks what the
            definition asks of it.
    """
    if isinstance(definition, StageDefinition):
        return build_stage_table(definition, records)
    choices = choices or Choices()
    rows = gather(definition, records)
    context = _context(definition, rows, choices)
    columns = tuple(
        column
        for name in definition.columns
        for column in named_columns(name, where=f"table {definition.name}")
    )
    table = _filled(definition, columns, rows, context)
    if choices.with_reported:
        ours = [c.name for c, cells in table.column_cells() if kinds_of(cells) - {"reported"}]
        table = _filled(definition, with_reported(columns, ours), rows, context)
    if definition.emphasis:
        # Rates of unlike devices have no best.
        shown = [c for c in table.columns if c.name != "fps" or context.speeds.comparable]
        names = tuple(n for n in definition.emphasis.columns if n in {c.name for c in shown})
        emphasis = replace(definition.emphasis, columns=names)
        table = replace(table, rows=emphasised(table.rows, table.columns, emphasis))
    table = _annotated(table, rows, context)
    has_speed = {"fps", "fps_norm"} & set(definition.columns) and choices.fps.origin != "reported"
    failures = failure_warnings(rows) if has_speed else []
    return replace(table, warnings=(*table.warnings, *failures))


def _context(definition: Definition, rows: Sequence[RowRecords], choices: Choices) -> Context:
    """Return what the cells may look at; a table without a column has nothing to refuse there."""
    shown = {name.partition(".")[0] for name in definition.columns}
    speeds, norm, accuracies = NO_SPEEDS, NO_NORM, Accuracies()
    if "fps" in shown:
        speeds = choose_speeds(rows, choices.fps, devices_stated="gpu" in shown)
    if "fps_norm" in shown:
        norm = choose_norm_speeds(rows, choices.fps, load_scales(definition.scales))
    if {"miou", "iou"} & shown:
        accuracies = choose_accuracies(rows, choices.miou, split=definition.split)
    return Context(
        definition=definition,
        baseline=_baseline(definition, rows),
        speeds=speeds,
        norm=norm,
        accuracies=accuracies,
        digits=choices.digits,
    )


def _filled(
    definition: Definition,
    columns: Sequence[Column],
    rows: Sequence[RowRecords],
    context: Context,
) -> Table:
    """Return the table without notes."""
    return Table(
        name=definition.name,
        title=definition.title,
        columns=tuple(columns),
        rows=tuple(
            TableRow(
                variant=row.row.variant,
                cells=tuple(
                    make_cell(Place(column=column, position=i, row=row), context)
                    for column in columns
                ),
                group=row.row.group,
                compared=row.row.compared,
            )
            for i, row in enumerate(rows)
        ),
        footnotes=definition.footnotes,
        groups=definition.groups,
        wide=definition.wide,
    )


def _annotated(bare: Table, rows: Sequence[RowRecords], context: Context) -> Table:
    """Return the table with the notes and warnings that its own cells make necessary."""
    definition, speeds, norm = context.definition, context.speeds, context.norm
    timed = speeds if "fps" in definition.columns else replace(speeds, records=norm.records)
    return replace(
        bare,
        footnotes=(
            *bare.footnotes,
            *origin_notes(bare),
            *mark_notes(bare),
            *static_notes(bare, definition, rows),
            *(speed_notes(rows, speeds) if "fps" in definition.columns else ()),
            *(norm_notes(rows, norm) if norm.scales else ()),
            *accuracy_notes(rows, context.accuracies),
        ),
        warnings=(
            *record_warnings(rows),
            *gap_warnings(rows),
            *speed_warnings(timed),
            *context.accuracies.warnings,
        ),
    )


def _baseline(definition: Definition, rows: Sequence[RowRecords]) -> RowRecords | None:
    return next((row for row in rows if row.row.variant == definition.baseline), None)
