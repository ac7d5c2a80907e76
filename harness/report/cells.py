"""A table's cells: for every column, the figure of a row and the record that it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.errors import BadRequest, did_you_mean
from harness.records import ProfileRecord, ReportedRecord
from harness.report.columns import GPU, IOU, Column
from harness.report.conditions import device_name
from harness.report.definition import Definition
from harness.report.digits import Digits, deviating, spread
from harness.report.miou import Accuracies, accuracy
from harness.report.model import (
    NO_FIGURE,
    NOT_APPLICABLE,
    NOT_PUBLISHED,
    TENSORRT_MARK,
    Cell,
)
from harness.report.norm_speed import NormSpeeds
from harness.report.normalise import uses_tensorrt
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
        published: The published records of FPS, for the columns that hold nothing else.
        accuracies: The logs of the columns mIoU and IoU.
        digits: How many digits a measured figure is printed with.
        beside: Columns that have the published figures in another one beside them, and hold none.
    """

    definition: Definition
    baseline: RowRecords | None
    speeds: Speeds
    norm: NormSpeeds
    published: Speeds
    accuracies: Accuracies = field(default_factory=Accuracies)
    digits: Digits = "paper"
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a cell stands: its column, its row and the row's position."""

    column: Column
    position: int
    row: RowRecords


def make_cell(place: Place, context: Context) -> Cell:
    """Return the cell at `place`."""
    column = place.column
    if column.published:
        return _published(place) if column.figure else _device(place.row.reported)
    cell = _CELLS[IOU if column.class_name else column.name](place, context)
    if column.name in context.beside and any(isinstance(r, ReportedRecord) for r in cell.records):
        return ABSENT
    return cell


def _method(place: Place, _: Context) -> Cell:
    return Cell(text=place.row.label, kind="label")


def _input_size(place: Place, context: Context) -> Cell:
    _, _, height, width = context.definition.shape_of(place.row.row)
    return Cell(text=f"{height}×{width}", kind="label")


def _gpu(place: Place, context: Context) -> Cell:
    """Return the device of the row's FPS, else that of its FPS (norm.)."""
    speed = context.speeds.records.get(place.position)
    return _device(speed or context.norm.records.get(place.position))


def _device(record: ProfileRecord | ReportedRecord | None) -> Cell:
    if record is None:
        return ABSENT
    if isinstance(record, ProfileRecord):
        return Cell(text=device_name(record.environment), kind="label", records=(record,))
    return Cell(text=record.device or NO_FIGURE, kind="label", records=(record,))


def _gflops(place: Place, context: Context) -> Cell:
    record = place.row.measured
    if record is None:
        return _published(place)
    macs, convention = record.static.macs, context.definition.convention
    if convention not in macs:
        raise BadRequest(
            f"table {context.definition.name}: the record of {record.variant} has no count under "
            f"convention {convention!r}{did_you_mean(convention, macs)}"
        )
    return _counted(place.column, macs[convention] / GIGA, record)


def _params(place: Place, _: Context) -> Cell:
    record = place.row.measured
    if record is None:
        return _published(place)
    return _counted(place.column, record.static.params / MILLION, record)


def _delta_params(place: Place, context: Context) -> Cell:
    """Return parameters above the baseline's: ours minus ours, or the printed difference.

    Ours minus a printed figure would be neither: it would carry the rounding of one and the count
    of the other (4.119257 M counted is 4.10 M in print). What is printed is the difference of the
    two printed figures, so that the reader's own subtraction agrees with the column (and with the
    paper: 2.36 M - 1.90 M = 0.46 M, where the counts differ by 0.466 M).
    """
    row, baseline = place.row, context.baseline
    if not row.row.compared:
        return Cell(text=NOT_APPLICABLE, kind="absent")
    assert baseline is not None  # the definition was refused otherwise
    if row.measured and baseline.measured:
        ours, base = row.measured.static.params / MILLION, baseline.measured.static.params / MILLION
        digits = place.column.digits
        return Cell(
            text=place.column.print(round(ours, digits) - round(base, digits)),
            kind="measured",
            value=ours - base,
            records=(row.measured, baseline.measured),
        )
    if not _is_reported_baseline(baseline.reported):
        return ABSENT
    return _published(place)


def _is_reported_baseline(record: ReportedRecord | None) -> bool:
    """Whether the printed differences count from this row: its own is 0."""
    return record is not None and record.figures.get("delta_params_m") == "0"


def _fps(place: Place, context: Context) -> Cell:
    record = context.speeds.records.get(place.position)
    if not isinstance(record, ProfileRecord):
        return _printed(place.column, record, tensorrt=True)
    assert record.timing is not None
    return _rate(place.column, record, 1.0, context)


def _fps_norm(place: Place, context: Context) -> Cell:
    record = context.norm.records.get(place.position)
    if not isinstance(record, ProfileRecord):
        return _printed(place.column, record)
    value = context.norm.value(record)
    if value is None or record.timing is None:
        return ABSENT
    return _rate(place.column, record, value / record.timing.fps, context)


def _rate(column: Column, record: ProfileRecord, factor: float, context: Context) -> Cell:
    """Return a measured rate with its interval, `factor` times what was measured."""
    assert record.timing is not None
    value, ci95 = record.timing.fps * factor, record.timing.fps_ci95
    interval = (ci95[0] * factor, ci95[1] * factor) if ci95 else None
    half_width = interval[1] - value if interval else 0.0  # upwards: below it is cut off at 0
    by_spread = context.digits == "spread" and half_width > 0
    text = spread(value, half_width) if by_spread else column.print(value)
    return Cell(
        text=text,
        kind="measured",
        value=value,
        interval=interval,
        records=(record,),
        mark=TENSORRT_MARK if column.name == "fps" and uses_tensorrt(record) else "",
    )


def _accuracy(place: Place, context: Context) -> Cell:
    logs = context.accuracies.logs.get(place.position)
    if logs is None:
        return _published(place)
    found = accuracy(logs, place.column.class_name)
    if found is None:
        return ABSENT
    value, deviation = found.value, found.deviation
    if deviation is None:
        text = place.column.print(value)
    elif context.digits == "spread" and deviation > 0:
        text = spread(value, deviation)
    else:
        text = deviating(value, deviation, place.column.digits)
    return Cell(text=text, kind="logged", value=value, deviation=deviation, records=tuple(logs))


_CELLS: Mapping[str, Callable[[Place, Context], Cell]] = {
    "method": _method,
    "input_size": _input_size,
    GPU: _gpu,
    "gflops": _gflops,
    "params": _params,
    "delta_params": _delta_params,
    "fps": _fps,
    "fps_norm": _fps_norm,
    "miou": _accuracy,
    IOU: _accuracy,
}


def _counted(column: Column, value: float, record: ProfileRecord) -> Cell:
    return Cell(text=column.print(value), kind="measured", value=value, records=(record,))


def _published(place: Place) -> Cell:
    return _printed(place.column, place.row.reported, tensorrt=place.column.figure == "fps")


def _printed(column: Column, record: ReportedRecord | None, *, tensorrt: bool = False) -> Cell:
    """Return a figure as it was printed, digit by digit.

    Args:
        column: The figure.
        record: The published row; null where there is none.
        tensorrt: Whether the figure bears a mark where TensorRT was used.
    """
    if record is None:
        return ABSENT
    printed = record.figures.get(column.figure or "")
    if printed is None:
        return Cell(text=NOT_PUBLISHED, kind="absent", records=(record,))
    return Cell(
        text=f"{printed}{column.suffix}",
        kind="reported",
        value=_number(printed),
        records=(record,),
        mark=TENSORRT_MARK if tensorrt and record.tensorrt else "",
    )


def _number(printed: str) -> float | None:
    """Return a printed figure as a number; `~1` and `<1` are not numbers."""
    try:
        return float(printed)
    except ValueError:
        return None
