"""A curve's points: one record for each, and nothing that varies behind the reader's back.

An ablation that averages over an option nobody named, or lets one change along with the one it
shows, says something false. So whatever varies besides what the axes show is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord
from harness.records import ProfileRecord, Record
from harness.report.conditions import of_profile
from harness.report.curve_definition import CurveDefinition, Where, matches
from harness.report.curve_metrics import Interval
from harness.report.curve_options import (
    INPUT,
    NOT_SET,
    VARIANT,
    Options,
    is_numeric,
    key_of,
    options_of,
    ordered,
    text_of,
)
from harness.report.definition import Row
from harness.report.rows import RowRecords, created_at
from harness.report.speed import FpsChoice, choose_speeds, matching
from harness.report.speed_notes import speed_notes, speed_warnings

Source = ProfileRecord | LoggedRecord


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


@dataclass(frozen=True)
class _Candidate:
    """A record with its options; `timed` is the record without the input size in its protocol."""

    record: Source
    options: Options
    timed: ProfileRecord | None = None

    def key(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(key_of(self.options.get(name, NOT_SET)) for name in names)


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
    found = [_Candidate(r, options_of(r)) for r in _with_metric(definition, records, who)]
    for where in definition.where:
        found = _where(found, where, who)
    if definition.y.origin == "timed":
        found = _of_conditions(found, choice, who)
    warnings: list[str] = []
    found = _with_x(found, definition, who, warnings)
    _refuse_varying(found, definition, who)
    cells: dict[tuple[str, ...], list[_Candidate]] = {}
    for each in sorted(found, key=lambda c: created_at(cast(ProfileRecord, c.record))):
        cells.setdefault(each.key((*definition.axes, *definition.average_over)), []).append(each)
    newest, notes, more = _newest(list(cells.values()), definition, choice, who)
    older = len(found) - len(newest)
    if older:
        warnings.append(f"{who}: {older} older record{'s' * (older > 1)} of the same set aside")
    if definition.average_over:
        options = ", ".join(definition.average_over)
        notes.append(f"Means over {options}, with the 95% bootstrap interval of the mean.")
    return _ordered(definition, newest, tuple(notes), (*warnings, *more))


def _with_metric(definition: CurveDefinition, records: Sequence[Record], who: str) -> list[Source]:
    """Return the records that have the metric."""
    kind = LoggedRecord if definition.y.origin == "logged" else ProfileRecord
    sources = [r for r in records if isinstance(r, kind)]
    found = [r for r in sources if definition.y.value(r) is not None]
    if found:
        return list(found)
    rules = {rule for r in sources if isinstance(r, ProfileRecord) for rule in r.static.macs}
    is_rule = definition.y.name.startswith("macs.")
    hint = did_you_mean(definition.y.name, [f"macs.{rule}" for rule in rules]) if is_rule else ""
    raise BadRequest(f"{who}: no record has {definition.y.name}{hint}")


def _where(found: list[_Candidate], where: Where, who: str) -> list[_Candidate]:
    def is_asked(each: _Candidate) -> bool:
        # A variant may be meant with the settings behind it.
        full = where.option == VARIANT and each.record.variant in where.values
        option = where.option
        return full or (option in each.options and matches(each.options[option], where))

    known = {option for each in found for option in each.options}
    if where.option not in known:
        raise BadRequest(f"{who}: no option {where.option!r}{did_you_mean(where.option, known)}")
    left = [each for each in found if is_asked(each)]
    if not left:
        values = ordered([e.options[where.option] for e in found if where.option in e.options])
        asked = " or ".join(text_of(value) for value in where.values)
        raise BadRequest(
            f"{who}: no record with {where.option}={asked}; "
            f"known: {', '.join(text_of(value) for value in values)}"
        )
    return left


def _of_conditions(found: list[_Candidate], choice: FpsChoice, who: str) -> list[_Candidate]:
    """Return the candidates of the device and protocol that `choice` names.

    The input size is left out of the protocol: it is an option, which may be swept.
    """
    timed = [replace(each, timed=_without_input(each.record)) for each in found]
    conditions = [of_profile(each.timed) for each in timed if each.timed]
    left = matching(conditions, choice, what=f"{who}: no timing")
    return [each for each, its in zip(timed, conditions, strict=True) if its in left]


def _without_input(record: Source) -> ProfileRecord:
    assert isinstance(record, ProfileRecord)
    assert record.timing is not None
    protocol = {k: v for k, v in record.timing.protocol.items() if k != "input"}
    return replace(record, timing=replace(record.timing, protocol=protocol))


def _with_x(
    found: list[_Candidate], definition: CurveDefinition, who: str, warnings: list[str]
) -> list[_Candidate]:
    known = {option for each in found for option in each.options}
    for option in (*definition.axes, *definition.average_over):
        if option not in known:
            raise BadRequest(f"{who}: no option {option!r}{did_you_mean(option, known)}")
    left = [each for each in found if definition.x in each.options]
    if len(left) < len(found):
        names = dict.fromkeys(e.record.variant for e in found if definition.x not in e.options)
        warnings.append(f"{who}: without {definition.x}, not drawn: {', '.join(names)}")
    return left


def _refuse_varying(found: list[_Candidate], definition: CurveDefinition, who: str) -> None:
    """Refuse what varies besides what is shown, averaged, or follows from what is shown."""
    shown = (*definition.axes, *definition.average_over)
    names = dict.fromkeys(option for each in found for option in each.options)
    varying = []
    for name in names:
        if name in shown or (name == INPUT and not definition.y.needs_input):
            continue
        # Of two networks of the same options only a training can differ by the row's name.
        bound = name == VARIANT or _is_bound(name, shown)
        if name == VARIANT and definition.y.origin != "logged":
            continue
        if _varies(found, name, shown if bound else ()):
            varying.append(name)
    if not varying:
        return
    texts = []
    for name in varying:
        values = ordered([each.options.get(name, NOT_SET) for each in found])
        texts.append(f"{name} ({', '.join(text_of(value) for value in values)})")
    example = f"{varying[0]}={text_of(found[-1].options.get(varying[0], NOT_SET))}"
    raise BadRequest(
        f"{who}: only what it shows may vary, but so do {'; '.join(texts)}; show one with --hue or "
        f"--style, fix it with --where {example}, or name it in --average-over"
    )


def _is_bound(name: str, shown: Sequence[str]) -> bool:
    """Whether an option comes and goes with what is shown: that of a component that is swept."""
    slot = name.partition(".")[0]
    return VARIANT in shown or f"{slot}.name" in shown


def _varies(found: Sequence[_Candidate], name: str, within: Sequence[str]) -> bool:
    """Whether `name` has several values among candidates that agree in `within`."""
    values: dict[tuple[str, ...], set[str]] = {}
    for each in found:
        values.setdefault(each.key(within), set()).update(each.key([name]))
    return any(len(several) > 1 for several in values.values())


def _newest(
    cells: Sequence[list[_Candidate]], definition: CurveDefinition, choice: FpsChoice, who: str
) -> tuple[list[_Candidate], list[str], list[str]]:
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
    newest: Sequence[_Candidate],
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


def _point(each: _Candidate, definition: CurveDefinition) -> CurvePoint:
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
