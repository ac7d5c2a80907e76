"""The records of a curve, and the refusal of what varies behind the reader's back.

An ablation that averages over an option nobody named, or lets one change along with the one it
shows, says something false. So whatever varies besides what the axes show is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord
from harness.records import ProfileRecord, Record
from harness.report.conditions import of_profile
from harness.report.curve_definition import CurveDefinition, Where, matches
from harness.report.curve_options import (
    INPUT,
    NOT_SET,
    VARIANT,
    Options,
    key_of,
    options_of,
    ordered,
    text_of,
)
from harness.report.speed import FpsChoice, matching

Source = ProfileRecord | LoggedRecord


@dataclass(frozen=True)
class Candidate:
    """A record with its options; `timed` is the record without the input size in its protocol."""

    record: Source
    options: Options
    timed: ProfileRecord | None = None

    def key(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(key_of(self.options.get(name, NOT_SET)) for name in names)


def candidates(
    definition: CurveDefinition, records: Sequence[Record], choice: FpsChoice
) -> tuple[list[Candidate], list[str]]:
    """Return the records that the curve rests on, with a line for what it leaves out.

    Raises:
        BadRequest: If none is left, an option is unknown, or one varies that is not shown.
    """
    who = f"figure {definition.name}"
    found = [Candidate(r, options_of(r)) for r in _with_metric(definition, records, who)]
    for where in definition.where:
        found = _where(found, where, who)
    if definition.y.origin == "timed":
        found = _of_conditions(found, choice, who)
    warnings: list[str] = []
    found = _with_x(found, definition, who, warnings)
    _refuse_varying(found, definition, who)
    return found, warnings


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


def _where(found: list[Candidate], where: Where, who: str) -> list[Candidate]:
    def is_asked(each: Candidate) -> bool:
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


def _of_conditions(found: list[Candidate], choice: FpsChoice, who: str) -> list[Candidate]:
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
    found: list[Candidate], definition: CurveDefinition, who: str, warnings: list[str]
) -> list[Candidate]:
    known = {option for each in found for option in each.options}
    for option in (*definition.axes, *definition.average_over):
        if option not in known:
            raise BadRequest(f"{who}: no option {option!r}{did_you_mean(option, known)}")
    left = [each for each in found if definition.x in each.options]
    if len(left) < len(found):
        names = dict.fromkeys(e.record.variant for e in found if definition.x not in e.options)
        warnings.append(f"{who}: without {definition.x}, not drawn: {', '.join(names)}")
    return left


def _refuse_varying(found: list[Candidate], definition: CurveDefinition, who: str) -> None:
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


def _varies(found: Sequence[Candidate], name: str, within: Sequence[str]) -> bool:
    """Whether `name` has several values among candidates that agree in `within`."""
    values: dict[tuple[str, ...], set[str]] = {}
    for each in found:
        values.setdefault(each.key(within), set()).update(each.key([name]))
    return any(len(several) > 1 for several in values.values())
