"""A table's cells: for every column, the figure of a row and the record that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.errors import BadRequest, did_you_mean
from harness.records import ProfileRecord, ReportedRecord
from harness.report.columns import COLUMNS, Column
from harness.report.definition import Definition
from harness.report.model import NO_FIGURE, NOT_APPLICABLE, Cell
from harness.report.norm_speed import NormSpeeds
from harness.report.rows import RowRecords
from harness.report.speed import Speeds

GIGA = 1e9
MILLION = 1e6

ABSENT = Cell(text=NO_FIGURE, kind="absent")


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a cell may look at besides its own row.

    Attributes:
        definition: The table's definition.
        baseline: The row that delta p counts from; null where the table has none.
        speeds: The records of the FPS column.
        norm: The records of the FPS (norm.) column.
    """

    definition: Definition
    baseline: RowRecords | None
    speeds: Speeds
    norm: NormSpeeds


def make_cell(name: str, position: int, row: RowRecords, context: Context) -> Cell:
    """Return the cell of the column `name` in `row`, the row at `position`."""
    if name == "fps":  # which record it is was decided for the whole column
        return _fps(context.speeds.records.get(position))
    if name == "fps_norm":
        return _fps_norm(context.norm.records.get(position), context.norm)
    return _CELLS[name](row, context)


def _method(row: RowRecords, _: Context) -> Cell:
    return Cell(text=row.label, kind="label")


def _gflops(row: RowRecords, context: Context) -> Cell:
    if row.measured is None:
        return _reported("gflops", row.reported)
    macs, convention = row.measured.static.macs, context.definition.convention
    if convention not in macs:
        raise BadRequest(
            f"table {context.definition.name}: the record of {row.row.variant} has no count under "
            f"convention {convention!r}{did_you_mean(convention, macs)}"
        )
    return _measured("gflops", macs[convention] / GIGA, row.measured)


def _params(row: RowRecords, _: Context) -> Cell:
    if row.measured is None:
        return _reported("params", row.reported)
    return _measured("params", row.measured.static.params / MILLION, row.measured)


def _delta_params(row: RowRecords, context: Context) -> Cell:
    """Return parameters above the baseline's: ours minus ours, or the printed difference.

    Ours minus a printed figure would be neither: it would carry the rounding of one and the count
    of the other (4.119257 M counted is 4.10 M in print). What is printed is the difference of the
    two printed figures, so that the reader's own subtraction agrees with the column (and with the
    paper: 2.36 M - 1.90 M = 0.46 M, where the counts differ by 0.466 M).
    """
    if not row.row.compared:
        return Cell(text=NOT_APPLICABLE, kind="absent")
    baseline = context.baseline
    assert baseline is not None  # the definition was refused otherwise
    if row.measured and baseline.measured:
        ours, base = row.measured.static.params / MILLION, baseline.measured.static.params / MILLION
        digits = COLUMNS["params"].digits
        return Cell(
            text=COLUMNS["delta_params"].print(round(ours, digits) - round(base, digits)),
            kind="measured",
            value=ours - base,
            records=(row.measured, baseline.measured),
        )
    if not _is_reported_baseline(baseline.reported):
        return ABSENT
    return _reported("delta_params", row.reported)


def _is_reported_baseline(record: ReportedRecord | None) -> bool:
    """Whether the printed differences count from this row: its own is 0."""
    return record is not None and record.figures.get("delta_params_m") == "0"


def _fps(record: ProfileRecord | ReportedRecord | None) -> Cell:
    if isinstance(record, ProfileRecord):
        assert record.timing is not None
        return _measured("fps", record.timing.fps, record)
    return _reported("fps", record)


def _fps_norm(record: ProfileRecord | ReportedRecord | None, norm: NormSpeeds) -> Cell:
    if isinstance(record, ProfileRecord):
        value = norm.value(record)
        return ABSENT if value is None else _measured("fps_norm", value, record)
    return _reported("fps_norm", record)


def _miou(row: RowRecords, _: Context) -> Cell:
    return _reported("miou", row.reported)  # nothing measures accuracy yet


_CELLS: Mapping[str, Callable[[RowRecords, Context], Cell]] = {
    "method": _method,
    "gflops": _gflops,
    "params": _params,
    "delta_params": _delta_params,
    "miou": _miou,
}


def _measured(name: str, value: float, record: ProfileRecord) -> Cell:
    return Cell(text=COLUMNS[name].print(value), kind="measured", value=value, records=(record,))


def _reported(name: str, record: ReportedRecord | None) -> Cell:
    """Return a figure as it was printed, digit by digit."""
    column: Column = COLUMNS[name]
    printed = record.figures.get(column.figure or "") if record else None
    if record is None or printed is None:
        return ABSENT
    return Cell(
        text=f"{printed}{column.suffix}",
        kind="reported",
        value=_number(printed),
        records=(record,),
    )


def _number(printed: str) -> float | None:
    """Return a printed figure as a number; `~1` and `<1` are not numbers."""
    try:
        return float(printed)
    except ValueError:
        return None
