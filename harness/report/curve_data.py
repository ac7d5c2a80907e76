"""A curve's points: one record for each, the newest where there are several of the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.logged_record import LoggedRecord
from harness.records import Record
from harness.report.candidates import Candidate, newest
from harness.report.curve_definition import CurveDefinition
from harness.report.curve_metrics import Interval, Source
from harness.report.curve_options import NOT_SET, is_numeric, key_of, ordered, text_of
from harness.report.curve_records import candidates
from harness.report.speed import FpsChoice


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
    shown = (*definition.axes, *definition.average_over)
    left = newest(found, shown, definition.y.origin, choice, who)
    notes = list(left.notes)
    if definition.average_over:
        options = ", ".join(definition.average_over)
        notes.append(f"Means over {options}, with the 95% bootstrap interval of the mean.")
    return _ordered(definition, left.candidates, tuple(notes), (*warnings, *left.warnings))


def _ordered(
    definition: CurveDefinition,
    found: Sequence[Candidate],
    notes: tuple[str, ...],
    warnings: tuple[str, ...],
) -> CurveData:
    def values(option: str | None) -> list[Any]:
        if option is None:
            return []
        return ordered([each.options.get(option, NOT_SET) for each in found])

    xs, hues, styles = values(definition.x), values(definition.hue), values(definition.style)
    ranks = [[key_of(value) for value in each] for each in (xs, hues, styles)]
    named = [(rank, option) for rank, option in
             zip(ranks, (definition.x, definition.hue, definition.style), strict=True)
             if option]  # fmt: skip
    by_place = sorted(
        found,
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
