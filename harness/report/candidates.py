"""Records as points of an option space: which of them have a metric, and the newest of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import BadRequest, did_you_mean
from harness.logged_record import LoggedRecord
from harness.proxy_record import ProxyRecord
from harness.records import ProfileRecord, Record
from harness.report.conditions import of_profile
from harness.report.curve_definition import Where, matches
from harness.report.curve_metrics import MACS, Metric, Origin, Source
from harness.report.curve_options import NOT_SET, VARIANT, Options, key_of, options_of, text_of
from harness.report.curve_options import ordered as in_order
from harness.report.query.columns import PROXY
from harness.report.row_definition import Row
from harness.report.rows import RowRecords, created_at
from harness.report.speed import FpsChoice, choose_speeds, matching
from harness.report.speed_notes import speed_notes, speed_warnings

SOURCES: Mapping[Origin, type[Source]] = {
    "counted": ProfileRecord,
    "timed": ProfileRecord,
    "logged": LoggedRecord,
    "scored": ProxyRecord,
}
"""Which records have metrics of an origin."""


@dataclass(frozen=True)
class Candidate:
    """A record with its options; `timed` is the record without the input size in its protocol."""

    record: Source
    options: Options
    timed: ProfileRecord | None = None

    def key(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return what tells the values of some options apart."""
        return tuple(key_of(self.options.get(name, NOT_SET)) for name in names)


def of_variants(conditions: Iterable[Where], records: Sequence[Record]) -> list[Source]:
    """Return what was measured, logged or scored of all variants, or those of the conditions."""
    wanted = [set(map(str, each.values)) for each in conditions if each.option == VARIANT]
    return [
        record
        for record in records
        if isinstance(record, (ProfileRecord, LoggedRecord, ProxyRecord))
        and all({record.variant, record.variant.partition("[")[0]} & names for names in wanted)
    ]


def having(metric: Metric, records: Sequence[Record], who: str) -> list[Source]:
    """Return the records that have the metric.

    Raises:
        BadRequest: If none has; `who` begins the message.
    """
    kind = SOURCES[metric.origin]
    sources = [record for record in records if isinstance(record, kind)]
    found = [record for record in sources if metric.value(record) is not None]
    if found:
        return found
    known = [f"{MACS}{rule}" for r in sources if isinstance(r, ProfileRecord)
             for rule in r.static.macs]  # fmt: skip
    known += [f"{PROXY}{r.name}" for r in sources if isinstance(r, ProxyRecord)]
    family = metric.name.startswith((MACS, PROXY))
    hint = did_you_mean(metric.name, dict.fromkeys(known)) if family else ""
    raise BadRequest(f"{who}: no record has {metric.name}{hint}")


def candidates_of(records: Iterable[Source]) -> list[Candidate]:
    """Return records with their options."""
    return [Candidate(record, options_of(record)) for record in records]


def those_where(found: list[Candidate], conditions: Iterable[Where], who: str) -> list[Candidate]:
    """Return the candidates that have every option at one of the values asked for.

    Raises:
        BadRequest: If there is no such option, or none has it at such a value. `not set` is the
            value of those that lack it.
    """
    for where in conditions:
        found = _where(found, where, who)
    return found


def _where(found: list[Candidate], where: Where, who: str) -> list[Candidate]:
    def is_asked(each: Candidate) -> bool:
        # A variant may be meant with the settings behind it.
        full = where.option == VARIANT and each.record.variant in where.values
        return full or matches(each.options.get(where.option, NOT_SET), where)

    require_options([where.option], found, who)
    left = [each for each in found if is_asked(each)]
    if not left:
        values = in_order([e.options[where.option] for e in found if where.option in e.options])
        asked = " or ".join(text_of(value) for value in where.values)
        raise BadRequest(
            f"{who}: no record with {where.option}={asked}; "
            f"known: {', '.join(text_of(value) for value in values)}"
        )
    return left


def require_options(names: Iterable[str], found: Sequence[Candidate], who: str) -> None:
    """Raise unless every option is one that a candidate has."""
    known = {option for each in found for option in each.options}
    for name in names:
        if name not in known:
            raise BadRequest(f"{who}: no option {name!r}{did_you_mean(name, known)}")


def of_conditions(found: list[Candidate], choice: FpsChoice, who: str) -> list[Candidate]:
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


@dataclass(frozen=True)
class Newest:
    """One candidate of each kind.

    Attributes:
        candidates: The newest of those that share all options looked at.
        notes: What a reader has to know about them.
        warnings: What whoever looks at them has to know.
    """

    candidates: list[Candidate]
    notes: list[str]
    warnings: list[str]


def newest(
    found: Sequence[Candidate], names: Sequence[str], origin: Origin, choice: FpsChoice, who: str
) -> Newest:
    """Return the newest candidate of each combination of the options `names`.

    Raises:
        BadRequest: If they were timed, and on several devices or under several protocols.
    """
    cells: dict[tuple[str, ...], list[Candidate]] = {}
    for each in sorted(found, key=lambda c: created_at(c.record)):
        cells.setdefault(each.key(names), []).append(each)
    left = _newest(list(cells.values()), origin, choice, who)
    older = len(found) - len(left.candidates)
    if older:
        line = f"{who}: {older} older record{'s' * (older > 1)} of the same set aside"
        return replace(left, warnings=[line, *left.warnings])
    return left


def _newest(
    cells: Sequence[list[Candidate]], origin: Origin, choice: FpsChoice, who: str
) -> Newest:
    if origin != "timed":
        return Newest([cell[-1] for cell in cells], [], [])
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
    chosen = [
        next(each for each in cell if each.timed is speeds.records[i])
        for i, cell in enumerate(cells)
    ]
    return Newest(chosen, speed_notes(rows, speeds), speed_warnings(speeds))
