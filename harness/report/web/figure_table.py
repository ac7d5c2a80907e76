"""The table beside a figure: every point with all that its records say, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.logged_record import LoggedRecord
from harness.records import ProfileRecord, Record, ReportedRecord
from harness.report.columns import COLUMNS, REPORTED, Column, reported
from harness.report.figure_data import FigureData, Point
from harness.report.figure_definition import FIGURES, PUBLISHED, FigureName
from harness.report.figure_values import Value
from harness.report.model import NO_FIGURE, TENSORRT_MARK, Cell, Table, TableRow

HEADERS = {"params_m": "Params"}  # shorter than in a table that has the page for itself
GIGA, MILLION = 1e9, 1e6

_BY_FIGURE: dict[str, Column] = {c.figure: c for c in COLUMNS.values() if c.figure}


def figure_table(data: FigureData) -> Table:
    """Return the points as a table, in their order.

    Columns: the name, the figures of the axes, and every other figure that some record holds.
    """
    found = [point_figures(point, data) for point in data.points]
    axes = (data.definition.x.figure, data.definition.y.figure)
    shown = {*axes, *(axis.removesuffix(REPORTED) for axis in axes if axis == PUBLISHED)}
    names = [*axes, *(f for f in FIGURES if f not in shown and any(f in each for each in found))]
    columns = [COLUMNS["method"], *(_short(column_of(name)) for name in names)]
    rows = [
        TableRow(
            variant=point.variant,
            cells=(
                Cell(text=point.name, kind="label"),
                *(figures.get(name, Cell(text=NO_FIGURE, kind="absent")) for name in names),
            ),
        )
        for point, figures in zip(data.points, found, strict=True)
    ]
    definition = data.definition
    return Table(
        name=definition.name,
        title="The figures behind the points",
        columns=tuple(columns),
        rows=tuple(rows),
        footnotes=(),
    )


def column_of(figure: str) -> Column:
    """Return the column that shows a figure of a point."""
    column = _BY_FIGURE[figure.removesuffix(REPORTED)]
    return reported(column) if figure == PUBLISHED else column


def _short(column: Column) -> Column:
    return replace(column, header=HEADERS.get(column.figure or "", column.header))


def point_figures(point: Point, data: FigureData) -> dict[str, Cell]:
    """Return every figure of a point: those drawn, and the others of the same records."""
    definition = data.definition
    drawn = [(definition.x.figure, point.x), (definition.y.figure, point.y)]
    if definition.size and point.size:
        drawn.append((definition.size, point.size))
    found: dict[str, Cell] = {figure: _cell(figure, value) for figure, value in drawn}
    records = sorted(point.records, key=lambda r: isinstance(r, ReportedRecord))  # our own first
    for record in records:
        for figure, cell in _others(record, definition.convention):
            found.setdefault(figure, cell)
    return found


def _cell(figure: FigureName, value: Value) -> Cell:
    return Cell(
        text=_with_suffix(figure, value.text),
        kind=value.kind,
        value=value.value if value.exact else None,
        interval=value.ci95,
        records=value.records,
        mark=TENSORRT_MARK if value.approximate else "",
    )


def _others(record: Record, convention: str) -> Iterator[tuple[FigureName, Cell]]:
    if isinstance(record, ReportedRecord):
        for figure in FIGURES:
            if figure in record.figures:
                yield figure, _printed(figure, record)
    elif isinstance(record, LoggedRecord):
        yield "miou", _own("miou", 100 * record.miou, record)
    elif isinstance(record, ProfileRecord):
        yield "params_m", _own("params_m", record.static.params / MILLION, record)
        if convention in record.static.macs:
            yield "gflops", _own("gflops", record.static.macs[convention] / GIGA, record)
        if record.timing:
            rate = _own("fps", record.timing.fps, record)
            yield "fps", replace(rate, interval=record.timing.fps_ci95)


def _own(figure: FigureName, value: float, record: Record) -> Cell:
    kind = "logged" if isinstance(record, LoggedRecord) else "measured"
    text = _BY_FIGURE[figure].print(value)
    return Cell(text=text, kind=kind, value=value, records=(record,))  # type: ignore[arg-type]


def _printed(figure: FigureName, record: ReportedRecord) -> Cell:
    text = record.figures[figure]
    try:
        value: float | None = float(text)
    except ValueError:  # `~1` is no number
        value = None
    mark = TENSORRT_MARK if figure == "fps" and record.tensorrt else ""
    return Cell(
        text=_with_suffix(figure, text), kind="reported", value=value, records=(record,), mark=mark
    )


def _with_suffix(figure: FigureName, text: str) -> str:
    suffix = column_of(figure).suffix
    return text if text.endswith(suffix) else f"{text}{suffix}"
