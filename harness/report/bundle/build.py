"""A report's tables and figures, made of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from harness.errors import BadRequest
from harness.records import Record
from harness.report.any_table import TableDefinition, build_any
from harness.report.build import Choices
from harness.report.bundle.definition import ReportDefinition
from harness.report.candidates import of_variants
from harness.report.curve_data import CurveData, collect_curve
from harness.report.curve_definition import CurveDefinition
from harness.report.definition import Definition
from harness.report.effects.definition import EffectsDefinition
from harness.report.effects.gathered import metrics_of
from harness.report.figure_data import FigureData, collect
from harness.report.figure_definition import FigureDefinition
from harness.report.figure_rows import point_records
from harness.report.model import Table
from harness.report.plot_definition import Plot
from harness.report.rows import RowRecords, gather
from harness.report.speed import FpsChoice
from harness.report.survival.definition import RatioDefinition

Part: TypeAlias = TableDefinition | Plot


@dataclass(frozen=True, kw_only=True)
class Report:
    """The finished tables and figures of a definition."""

    definition: ReportDefinition
    tables: tuple[Table, ...]
    figures: tuple[FigureData | CurveData, ...]

    def warnings(self) -> tuple[str, ...]:
        """Return what whoever prints it has to know, each line once."""
        parts: tuple[Table | FigureData | CurveData, ...] = (*self.tables, *self.figures)
        return tuple(dict.fromkeys(line for part in parts for line in part.warnings))

    def records(self) -> Iterator[Record]:
        """Yield the records that the figures of its cells and points come from."""
        for table in self.tables:
            for row in table.rows:
                for cell in row.cells:
                    yield from cell.records
            yield from table.basis
        for figure in self.figures:
            if isinstance(figure, CurveData):
                yield from (point.record for point in figure.points)
            else:
                for point in figure.points:
                    yield from point.records


def build_report(
    definition: ReportDefinition,
    records: Sequence[Record],
    choices: Choices,
    *,
    figures_follow: bool,
) -> Report:
    """Return the report that `definition` makes of `records`.

    A device or protocol that was chosen narrows whatever was measured; a table or figure without
    a measured speed stands as it was reported.

    Args:
        definition: Its tables and figures.
        records: All records at hand, in the order in which they were stored.
        choices: What was decided.
        figures_follow: Whether figures take the origin of their speeds from `choices` instead of
            from their own definitions.

    Raises:
        BadRequest: If a table or figure cannot be made, or none of them has what was chosen.
    """
    narrowed = 0
    tables: list[Table] = []
    figures: list[FigureData | CurveData] = []
    for table in definition.tables:
        fps = _fitting(choices.fps, table, records)
        narrowed += fps == choices.fps
        tables.append(build_any(table, records, replace(choices, fps=fps)))
    for figure in definition.figures:
        wanted = choices.fps
        if isinstance(figure, FigureDefinition) and not figures_follow:
            wanted = replace(choices.fps, origin=figure.fps)
        fps = _fitting(wanted, figure, records)
        narrowed += fps == wanted
        figures.append(_figure(figure, records, fps))
    if not narrowed:
        flag = "--device" if choices.fps.device is not None else "--protocol"
        value = choices.fps.device or choices.fps.protocol
        raise BadRequest(f"report: {flag} must name what was measured, got {value}")
    return Report(definition=definition, tables=tuple(tables), figures=tuple(figures))


def _figure(definition: Plot, records: Sequence[Record], fps: FpsChoice) -> FigureData | CurveData:
    if isinstance(definition, CurveDefinition):
        return collect_curve(definition, records, fps)
    return collect(definition, records, fps)


def _fitting(choice: FpsChoice, part: Part, records: Sequence[Record]) -> FpsChoice:
    """Return `choice`, without device and protocol where nothing that the part shows was timed."""
    if (choice.device, choice.protocol) == (None, None):
        return choice
    if isinstance(part, EffectsDefinition):
        timed = any(m.origin == "timed" for m in metrics_of(part, records))
    elif isinstance(part, CurveDefinition):
        timed = part.y.origin == "timed"
    elif choice.origin == "measured":
        timed = True
    else:
        timed = choice.origin == "auto" and any(row.timed for row in _rows(part, records))
    return choice if timed else FpsChoice(origin=choice.origin)


def _rows(definition: Part, records: Sequence[Record]) -> tuple[RowRecords, ...]:
    if isinstance(definition, FigureDefinition):
        return tuple(point.records for point in point_records(definition, records))
    if isinstance(definition, RatioDefinition):
        return gather(definition.table, records)
    if isinstance(definition, Definition):
        return gather(definition, records)
    return ()  # no rows that have several records to choose from


def looked_at(
    definition: ReportDefinition, records: Sequence[Record]
) -> tuple[tuple[RowRecords, ...], ...]:
    """Return the records that each table's and figure's rows were chosen from."""
    parts: tuple[Part, ...] = (*definition.tables, *definition.figures)
    return tuple(_rows(part, records) for part in parts)


def compared(definition: ReportDefinition, records: Sequence[Record]) -> list[Record]:
    """Return the records that curves and tables of effects were chosen from."""
    parts: tuple[Part, ...] = (*definition.tables, *definition.figures)
    return [
        record
        for part in parts
        if isinstance(part, (EffectsDefinition, CurveDefinition))
        for record in of_variants(part.where, records)
    ]
