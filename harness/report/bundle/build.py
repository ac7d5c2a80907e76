"""A report's tables and figures, made of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest
from harness.records import Record
from harness.report.build import Choices, build_table
from harness.report.bundle.definition import ReportDefinition
from harness.report.definition import AnyDefinition, StageDefinition
from harness.report.figure_data import FigureData, collect
from harness.report.figure_definition import FigureDefinition
from harness.report.figure_rows import point_records
from harness.report.model import Table
from harness.report.rows import RowRecords, gather
from harness.report.speed import FpsChoice
from harness.report.survival.definition import RatioDefinition


@dataclass(frozen=True, kw_only=True)
class Report:
    """The finished tables and figures of a definition."""

    definition: ReportDefinition
    tables: tuple[Table, ...]
    figures: tuple[FigureData, ...]

    def warnings(self) -> tuple[str, ...]:
        """Return what whoever prints it has to know, each line once."""
        parts: tuple[Table | FigureData, ...] = (*self.tables, *self.figures)
        return tuple(dict.fromkeys(line for part in parts for line in part.warnings))

    def records(self) -> Iterator[Record]:
        """Yield the records that the figures of its cells and points come from."""
        for table in self.tables:
            for row in table.rows:
                for cell in row.cells:
                    yield from cell.records
        for figure in self.figures:
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
    tables, figures = [], []
    for table in definition.tables:
        fps = _fitting(choices.fps, _rows(table, records))
        narrowed += fps == choices.fps
        tables.append(build_table(table, records, replace(choices, fps=fps)))
    for figure in definition.figures:
        wanted = choices.fps if figures_follow else replace(choices.fps, origin=figure.fps)
        fps = _fitting(wanted, _rows(figure, records))
        narrowed += fps == wanted
        figures.append(collect(figure, records, fps))
    if not narrowed:
        flag = "--device" if choices.fps.device is not None else "--protocol"
        value = choices.fps.device or choices.fps.protocol
        raise BadRequest(f"report: {flag} must name what was measured, got {value}")
    return Report(definition=definition, tables=tuple(tables), figures=tuple(figures))


def _fitting(choice: FpsChoice, rows: Sequence[RowRecords]) -> FpsChoice:
    """Return `choice`, without device and protocol where nothing that it is about was timed."""
    if choice.origin == "measured" or (choice.device, choice.protocol) == (None, None):
        return choice
    if choice.origin == "auto" and any(row.timed for row in rows):
        return choice
    return FpsChoice(origin=choice.origin)


def _rows(
    definition: AnyDefinition | FigureDefinition, records: Sequence[Record]
) -> tuple[RowRecords, ...]:
    if isinstance(definition, StageDefinition):
        return ()  # no speeds, and nothing set aside that it tells of
    if isinstance(definition, FigureDefinition):
        return tuple(point.records for point in point_records(definition, records))
    if isinstance(definition, RatioDefinition):
        return gather(definition.table, records)
    return gather(definition, records)


def looked_at(
    definition: ReportDefinition, records: Sequence[Record]
) -> tuple[tuple[RowRecords, ...], ...]:
    """Return the records that each table's and figure's rows were chosen from."""
    parts: tuple[AnyDefinition | FigureDefinition, ...] = (*definition.tables, *definition.figures)
    return tuple(_rows(part, records) for part in parts)
