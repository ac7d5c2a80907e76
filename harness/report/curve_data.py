"""A curve's points: one record for each, the newest where there are several of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from harness.errors import BadRequest
from harness.logged_record import LoggedRecord
from harness.records import Record
from harness.report.curve_definition import CurveDefinition
from harness.report.curve_metrics import Interval
from harness.report.curve_options import NOT_SET, is_numeric, key_of, ordered, text_of
from harness.report.curve_records import Candidate, Source, candidates
from harness.report.row_definition import Row
from harness.report.rows import RowRecords, created_at
from harness.report.speed import FpsChoice, choose_speeds
from harness.report.speed_notes import speed_notes, speed_warnings


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One record of a curve.

    Attributes:
        x: Value of the swept option.
        hue: Value of the hue's option as text; null without.
        style: Likewise of the style's.
        averaged: Values of the options that are averaged over, as text.
        y: The metric in its axis' unit.
        ci95: Its 95% interval; null where it is unknown.
        record: Where it comes from.
    """

    x: Any
    hue: str | None
    style: str | None
    averaged: tuple[str, ...]
    y: float
    ci95: Interval
    record: Source

    @property
    def kind(self) -> Literal["measured", "logged"]:
        """Whether we measured the figure or read it in a training log."""
        return "logged" if isinstance(self.record, LoggedRecord) else "measured"


@dataclass(frozen=True, kw_only=True)
class CurveData:
    """A definition and the points that records made of it.

    Attributes:
        definition: What was asked for.
        points: The points, by x, then hue, then style.
        xs: The distinct values of x, in the order of the axis.
        hues: Those of hue as text, in the order of the legend; empty without.
        styles: Those of style.
        numeric: Whether x is an axis of numbers; else its values stand at equal distances.
        notes: What a reader has to know; for captions and metadata.
        warnings: What whoever draws it has to know.
    """

    definition: CurveDefinition
    points: tuple[CurvePoint, ...]
    xs: tuple[Any, ...]
    hues: tuple[str, ...]
    styles: tuple[str, ...]
    numeric: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def collect_curve(
    definition: CurveDefinition, records: Sequence[Record], choice: FpsChoice | None = None
) -> CurveData:
    """Return the curve that `definition` makes of `records`.

    Args:
        definition: Axes and conditions.
        records: All records at hand, in the order in which they were stored.
        choice: Device and protocol of a metric that was timed.

    Raises:
        BadRequest: If no record is left, an option is unknown, one varies that the definition does
            not name, or timings are of several devices or protocols.
    """
    choice = choice or FpsChoice(origin="measured")
    who = f"figure {definition.name}"
    found, warnings = candidates(definition, records, choice)
    cells: dict[tuple[str, ...], list[Candidate]] = {}
    for each in sorted(found, key=lambda c: created_at(c.record)):
        cells.setdefault(each.key((*definition.axes, *definition.average_over)), []).append(each)
    newest, notes, more = _newest(list(cells.values()), definition, choice, who)
    older = len(found) - len(newest)
    if older:
        warnings.append(f"{who}: {older} older record{'s' * (older > 1)} of the same set aside")
    if definition.average_over:
        options = ", ".join(definition.average_over)
        notes.append(f"Means over {options}, with the 95% bootstrap interval of the mean.")
    return _ordered(definition, newest, tuple(notes), (*warnings, *more))


def _newest(
    cells: Sequence[list[Candidate]], definition: CurveDefinition, choice: FpsChoice, who: str
) -> tuple[list[Candidate], list[str], list[str]]:
    """Return the newest candidate of each cell, with notes and warnings on what they rest on."""
    if definition.y.origin != "timed":
        return [cell[-1] for cell in cells], [], []
    rows = [
        RowRecords(
            row=Row(variant=cell[-1].record.variant),
            measured=None,
            timed=tuple(each.timed for each in cell if each.timed),
            reported=None,
        )
        for cell in cells
    ]
    try:
        speeds = choose_speeds(rows, replace(choice, origin="measured"))
    except BadRequest as error:
        raise BadRequest(f"{who}: {error}") from None
    newest = [
        next(each for each in cell if each.timed is speeds.records[i])
        for i, cell in enumerate(cells)
    ]
    return newest, speed_notes(rows, speeds), speed_warnings(speeds)


def _ordered(
    definition: CurveDefinition,
    newest: Sequence[Candidate],
    notes: tuple[str, ...],
    warnings: tuple[str, ...],
) -> CurveData:
    def values(option: str | None) -> list[Any]:
        if option is None:
            return []
        return ordered([each.options.get(option, NOT_SET) for each in newest])

    xs, hues, styles = values(definition.x), values(definition.hue), values(definition.style)
    ranks = [[key_of(value) for value in each] for each in (xs, hues, styles)]
    named = [(rank, option) for rank, option in
             zip(ranks, (definition.x, definition.hue, definition.style), strict=True)
             if option]  # fmt: skip
    by_place = sorted(
        newest,
        key=lambda each: [rank.index(each.key([option])[0]) for rank, option in named],
    )
    return CurveData(
        definition=definition,
        points=tuple(_point(each, definition) for each in by_place),
        xs=tuple(xs),
        hues=tuple(text_of(value) for value in hues),
        styles=tuple(text_of(value) for value in styles),
        numeric=is_numeric(xs),
        notes=notes,
        warnings=warnings,
    )


def _point(each: Candidate, definition: CurveDefinition) -> CurvePoint:
    def text(option: str | None) -> str | None:
        return None if option is None else text_of(each.options.get(option, NOT_SET))

    y = definition.y.value(each.record)
    assert y is not None  # it was taken for having one
    return CurvePoint(
        x=each.options[definition.x],
        hue=text(definition.hue),
        style=text(definition.style),
        averaged=tuple(text(option) or "" for option in definition.average_over),
        y=y,
        ci95=definition.y.ci95(each.record),
        record=each.record,
    )
