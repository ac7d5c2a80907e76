"""The figures of a point: measured, out of a log, or reported, with interval and records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import BadRequest, did_you_mean
from harness.records import ProfileRecord, Record, ReportedRecord
from harness.report.columns import COLUMNS
from harness.report.figure_definition import PUBLISHED, FigureDefinition, FigureName
from harness.report.figure_rows import PointRecords
from harness.report.norm_speed import NormSpeeds, choose_norm_speeds
from harness.report.normalise import uses_tensorrt
from harness.report.scales import load_scales
from harness.report.speed import FpsChoice, Speeds, choose_speeds

Kind = Literal["measured", "logged", "reported"]

GIGA = 1e9
MILLION = 1e6


@dataclass(frozen=True, kw_only=True)
class Value:
    """One figure of a point.

    Attributes:
        value: The figure in its unit: giga-MACs, millions, frames per second, percent.
        text: The figure as a table prints it.
        kind: Whether we measured it, read it in a training log, or it was reported.
        records: The records that it comes from.
        ci95: Its 95% interval; null where it is unknown.
        exact: Whether it is a number; `~1` and `<1` in print are not, and `value` is 1.
        approximate: Whether it estimates what the network would do without TensorRT.
    """

    value: float
    text: str
    kind: Kind
    records: tuple[Record, ...]
    ci95: tuple[float, float] | None = None
    exact: bool = True
    approximate: bool = False


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Which records the speeds of a whole figure come from, by the position of the point."""

    plain: Speeds | None
    norm: NormSpeeds | None


def choose(
    definition: FigureDefinition, points: Sequence[PointRecords], choice: FpsChoice
) -> Speed:
    """Return the records behind `fps` and `fps_norm`, where an axis shows them.

    Raises:
        BadRequest: If an axis would mix devices or protocols.
    """
    rows = [point.records for point in points]
    shown = {definition.x.figure, definition.y.figure}
    # Networks that the definition lists at several sizes are not to be of one.
    besides = ("input",) if len({point.shape for point in points}) > 1 else ()
    try:
        return Speed(
            plain=choose_speeds(rows, choice, besides=besides) if "fps" in shown else None,
            norm=choose_norm_speeds(rows, choice, load_scales(definition.scales), besides=besides)
            if "fps_norm" in shown
            else None,
        )
    except BadRequest as error:
        raise BadRequest(f"figure {definition.name}: {error}") from None


def value_of(
    figure: FigureName,
    position: int,
    point: PointRecords,
    speed: Speed,
    definition: FigureDefinition,
) -> Value | str:
    """Return one figure of the point at `position`, or why there is none.

    Raises:
        BadRequest: If a reported figure is no number, or a record lacks the counting rule.
    """
    where = f"figure {definition.name}: {point.where}"
    record: Record | None
    if figure == "fps":
        assert speed.plain is not None
        record = speed.plain.records.get(position)
    elif figure == "fps_norm":
        assert speed.norm is not None
        record = speed.norm.records.get(position)
    elif figure == PUBLISHED:
        figure, record = "fps_norm", point.records.reported
    elif figure == "miou":
        if point.logged is not None:
            return _ours(figure, point.logged.miou * 100, point.logged, kind="logged")
        record = point.records.reported
    else:
        record = point.records.measured or point.records.reported
    if isinstance(record, ProfileRecord):
        return _measured(figure, record, speed, definition)
    return _reported(figure, record, where) if isinstance(record, ReportedRecord) else "no figure"


def _measured(
    figure: FigureName, record: ProfileRecord, speed: Speed, definition: FigureDefinition
) -> Value | str:
    if figure == "params_m":
        return _ours(figure, record.static.params / MILLION, record)
    if figure == "gflops":
        macs, rule = record.static.macs, definition.convention
        if rule not in macs:
            raise BadRequest(
                f"figure {definition.name}: the record of {record.variant} has no count under "
                f"convention {rule!r}{did_you_mean(rule, macs)}"
            )
        return _ours(figure, macs[rule] / GIGA, record)
    timing = record.timing
    assert timing is not None  # what was chosen for a speed was timed
    fps: float | None = timing.fps
    if figure == "fps_norm":
        fps = speed.norm.value(record) if speed.norm else None
    if fps is None:
        return "its device has no scale; give one in a table of your own, by the key `scales`"
    factor = fps / timing.fps
    low, high = timing.fps_ci95 or (math.nan, math.nan)
    return _ours(
        figure,
        fps,
        record,
        ci95=(low * factor, high * factor) if timing.fps_ci95 else None,
        approximate=figure == "fps_norm" and uses_tensorrt(record),
    )


def _ours(
    figure: FigureName,
    value: float,
    record: Record,
    *,
    kind: Kind = "measured",
    ci95: tuple[float, float] | None = None,
    approximate: bool = False,
) -> Value:
    text = next(c for c in COLUMNS.values() if c.figure == figure).print(value)
    return Value(
        value=value, text=text, kind=kind, records=(record,), ci95=ci95, approximate=approximate
    )


def _reported(figure: FigureName, record: ReportedRecord, where: str) -> Value | str:
    printed = record.figures.get(figure)
    if printed is None:
        return f"no {figure}"
    try:
        value = float(printed.lstrip("~<"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRequest(f"{where}: {figure} must be a number, got {printed!r}")
    return Value(
        value=value,
        text=printed,
        kind="reported",
        records=(record,),
        exact=printed[0] not in "~<",
        approximate=figure == "fps_norm" and record.tensorrt,
    )
