"""A definition and records, put together into a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace

from harness.records import ProfileRecord, Record
from harness.report.cells import Context, Place, make_cell
from harness.report.columns import GPU, REPORTED, Column, named_columns, reported, with_reported
from harness.report.definition import AnyDefinition, Definition, StageDefinition
from harness.report.digits import Digits
from harness.report.emphasis import emphasised
from harness.report.footnotes import (
    gap_warnings,
    mark_notes,
    origin_notes,
    own_notes,
    static_notes,
)
from harness.report.miou import Accuracies, accuracy_notes, choose_accuracies
from harness.report.miou import Choice as AccuracyChoice
from harness.report.model import Table, TableRow, kinds_of
from harness.report.norm_speed import NormSpeeds, choose_norm_speeds, norm_notes
from harness.report.rows import RowRecords, failure_warnings, gather, record_warnings
from harness.report.scales import load_scales
from harness.report.speed import FpsChoice, Speeds, choose_speeds, published_speeds
from harness.report.speed_notes import published_notes, speed_notes, speed_warnings
from harness.report.stage_table import build_stage_table
from harness.report.survival.build import build_ratio_table
from harness.report.survival.definition import RatioDefinition

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
    if isinstance(definition, RatioDefinition):
        return build_ratio_table(definition, records, choices.fps)
    rows = gather(definition, records)
    columns = tuple(
        column
        for name in definition.columns
        for column in named_columns(name, where=f"table {definition.name}")
    )
    context = _context(definition, columns, rows, choices)
    table = _filled(definition, columns, rows, context)
    if choices.with_reported:
        columns = _with_reported(table, context.norm)
        context = _context(definition, columns, rows, choices)
        table = _filled(definition, columns, rows, context)
    if definition.emphasis:
        table = emphasised(table, definition.emphasis, unlike=_unlike(columns, context))
    table = _annotated(table, rows, context)
    has_speed = {"fps", "fps_norm"} & set(definition.columns) and choices.fps.origin != "reported"
    failures = failure_warnings(rows) if has_speed else []
    return replace(table, warnings=(*table.warnings, *failures))


def _with_reported(table: Table, norm: NormSpeeds) -> tuple[Column, ...]:
    """Return the columns with the published ones beside those that hold figures of our own."""
    ours = {column.name for column, cells in table.column_cells() if kinds_of(cells) - {"reported"}}
    columns = with_reported(table.columns, ours | ({GPU} if "fps" in ours else set()))
    if "fps_norm" in ours or not any(isinstance(r, ProfileRecord) for r in norm.records.values()):
        return columns
    # Rates of our own on devices without a scale are no figures, and hide the published ones.
    kept = (reported(c) if c.name == "fps_norm" else c for c in columns)
    return tuple({column.name: column for column in kept}.values())


def _context(
    definition: Definition,
    columns: Sequence[Column],
    rows: Sequence[RowRecords],
    choices: Choices,
) -> Context:
    """Return what the cells may look at; a table without a column has nothing to refuse there."""
    shown = {column.name for column in columns}
    # Where rows have inputs of their own, the table says which: no protocol differs by that.
    besides = ("input",) if len(definition.shapes) > 1 else ()
    speeds = _speeds(shown, rows, choices.fps, besides)
    norm, accuracies, published = NO_NORM, Accuracies(), NO_SPEEDS
    if f"fps{REPORTED}" in shown:
        published = published_speeds(rows, devices_stated=f"{GPU}{REPORTED}" in shown)
    if "fps_norm" in shown:
        scales = load_scales(definition.scales)
        norm = choose_norm_speeds(rows, choices.fps, scales, besides=besides)
    if any(column.class_name or column.name == "miou" for column in columns):
        accuracies = choose_accuracies(rows, choices.miou, definition)
    return Context(
        definition=definition,
        baseline=_baseline(definition, rows),
        speeds=speeds,
        norm=norm,
        published=published,
        accuracies=accuracies,
        digits=choices.digits,
        beside=frozenset(c.name.removesuffix(REPORTED) for c in columns if c.published) & shown,
    )


def _speeds(
    shown: Set[str], rows: Sequence[RowRecords], choice: FpsChoice, besides: Collection[str]
) -> Speeds:
    """Return the records of FPS: our own where the published ones have a column of their own."""
    if "fps" not in shown:
        return NO_SPEEDS
    if choice.origin == "auto" and f"fps{REPORTED}" in shown:
        choice = replace(choice, origin="measured")
    return choose_speeds(rows, choice, devices_stated=GPU in shown, besides=besides)


def _unlike(columns: Sequence[Column], context: Context) -> dict[str, str]:
    """Return the columns whose figures do not compare, and what they differ in."""
    found = {}
    if len(context.definition.shapes) > 1:
        sized = ("gflops", "fps", "fps_norm")
        found = {column.name: "input sizes" for column in columns if column.figure in sized}
    for name, speeds in (("fps", context.speeds), (f"fps{REPORTED}", context.published)):
        if not speeds.comparable:
            found[name] = "devices or protocols"
    return found


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
        footnotes=(*definition.footnotes, *definition.fps_footnotes),
        groups=definition.groups,
        wide=definition.wide or len(columns) > len(definition.columns),
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
            *mark_notes(bare, rows, definition.emphasis),
            *static_notes(bare, definition, rows),
            *(
                speed_notes(rows, speeds, published_beside="fps" in context.beside)
                if "fps" in definition.columns
                else ()
            ),
            *published_notes(context.published),
            *(norm_notes(rows, norm) if norm.scales else ()),
            *accuracy_notes(rows, context.accuracies, bare),
            *own_notes(bare, context.beside),
        ),
        warnings=(
            *bare.warnings,
            *record_warnings(rows),
            *gap_warnings(rows),
            *speed_warnings(timed),
            *context.accuracies.warnings,
        ),
    )


def _baseline(definition: Definition, rows: Sequence[RowRecords]) -> RowRecords | None:
    return next((row for row in rows if row.row.variant == definition.baseline), None)
