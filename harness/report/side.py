"""One side of a comparison: the newest timed record of each variant, all of them timed alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import BadRequest
from harness.records import FailedRecord, ProfileRecord, Record
from harness.report.conditions import (
    RUNTIMES,
    Conditions,
    device_name,
    differences,
    of_profile,
)
from harness.report.rows import created_at, failure_line, open_failure
from harness.report.speed import FpsChoice, matching
from harness.timing_records import Timing

SOFTWARE = (
    "torch",
    "cuda",
    "cudnn",
    "allocator",
    "harness",
    "commit",
    "python",
)  # keys of an environment
NOT_COMPARED = ("name", "input")
"""Protocol keys that are no condition here: a name decides no figure, and inputs are matched pair
by pair."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """What is compared with the other side.

    Attributes:
        name: `A` or `B`.
        conditions: Device and protocol. Where the side has several input sizes, those of one.
        records: The newest timed record of each variant at each input, in the order of the first.
        failures: `VARIANT: failed on DATE: REASON`, of variants that failed after that.
    """

    name: str
    conditions: Conditions
    records: tuple[ProfileRecord, ...]
    failures: tuple[str, ...]

    @property
    def protocol(self) -> dict[str, Any]:
        """What every record of this side was timed under."""
        return _alike(self.conditions)

    @property
    def warnings(self) -> list[str]:
        """Reasons to distrust the side's figures, in words."""
        doubts = [f"{r.variant}: {text}" for r in self.records for text in timing_of(r).warnings]
        return [*self.failures, *doubts]

    @property
    def software(self) -> dict[str, str]:
        """Versions behind the figures by name; several of one name are joined by commas."""
        versions: dict[str, dict[str, None]] = {}
        for record in self.records:
            for key, value in _software(record).items():
                if value is not None:
                    versions.setdefault(key, {})[str(value)] = None
        return {key: ", ".join(values) for key, values in versions.items()}


def choose_side(records: Sequence[Record], choice: FpsChoice, *, name: str) -> Side:
    """Return the side that `choice` makes of `records`.

    Raises:
        BadRequest: If there is no timed record, if more than one device or protocol is left after
            `choice`, or if a record's rate or interval is none.
    """
    timed = sorted(
        (r for r in records if isinstance(r, ProfileRecord) and r.timing is not None),
        key=created_at,  # stable: of two from one instant, the later line is the newer
    )
    if not timed:
        raise BadRequest(f"compare: {name} must hold a timed record, got {_what(records)}")
    conditions = [of_profile(record) for record in timed]
    left = matching(conditions, choice, what=f"compare: {name} has no timed record")
    chosen = [r for r, c in zip(timed, conditions, strict=True) if c in left]
    ways = {_way(c): c for c in reversed(left)}
    if len(ways) > 1:
        raise BadRequest(_refusal(name, chosen, list(reversed(ways.values()))))
    newest = {(record.variant, record.input_shape): record for record in chosen}
    for record in newest.values():
        check_rate(record, f"compare: {name}")
    return Side(
        name=name,
        conditions=left[0],
        records=tuple(newest.values()),
        failures=tuple(_failures(records, newest, left[0].device)),
    )


def timing_of(record: ProfileRecord) -> Timing:
    """Return the timing of a record that a side holds, which has one."""
    assert record.timing is not None
    return record.timing


def _way(conditions: Conditions) -> tuple[str, str]:
    protocol = sorted((key, repr(value)) for key, value in _alike(conditions).items())
    return conditions.device, repr(protocol)


def _alike(conditions: Conditions) -> dict[str, Any]:
    return {k: v for k, v in conditions.protocol.items() if k not in NOT_COMPARED}


def _refusal(name: str, records: Sequence[ProfileRecord], ways: Sequence[Conditions]) -> str:
    """Return the line that says what one side mixes and which flag decides."""
    shares = []
    for way in ways:
        count = len({r.variant for r in records if _way(of_profile(r)) == _way(way)})
        shares.append(f"{way} ({count} variant{'s' if count > 1 else ''})")
    protocols = [_alike(way) for way in ways]
    differ = differences(protocols)
    flags = [
        flag
        for flag, several in (
            ("--device", len({way.device for way in ways}) > 1),
            ("--protocol", bool(differ)),
        )
        if several
    ]
    return (
        f"compare: {name} must be of one device and one protocol, got {'; '.join(shares)}"
        + (f"; protocols differ in {differ}" if differ else "")
        + f"; decide with {' or '.join(flags)} (given twice: A's, then B's)"
    )


def _failures(
    records: Sequence[Record], newest: Mapping[tuple[str, Any], ProfileRecord], device: str
) -> list[str]:
    """Return the failures on `device` that came after what is compared."""
    failed: dict[tuple[str, Any], list[FailedRecord]] = {}
    for record in records:
        if isinstance(record, FailedRecord) and device_name(record.environment) == device:
            failed.setdefault((record.variant, record.input_shape), []).append(record)
    last = [
        open_failure(failures, [newest[key]] if key in newest else [])
        for key, failures in failed.items()
    ]
    return [failure_line(failure) for failure in last if failure]


def _software(record: ProfileRecord) -> dict[str, Any]:
    environment = record.environment
    device, cpu = (environment.get(key) or {} for key in ("device", "cpu"))
    found = {key: environment.get(key) for key in SOFTWARE}
    found |= {"driver": device.get("driver"), "processor": cpu.get("name")}
    found |= {"logical cores": cpu.get("logical_cores")}
    backend = timing_of(record).backend or {}
    return found | {key: backend.get(key) for key in RUNTIMES}


def check_rate(record: ProfileRecord, where: str) -> None:
    """Refuse a rate or an interval that no measurement gives, e.g. of a file edited by hand.

    Args:
        record: A timed record.
        where: Begins the message.

    Raises:
        BadRequest: If the rate is not above 0, or outside of its own interval.
    """
    timing = timing_of(record)
    low, high = timing.fps_ci95 or (timing.fps, timing.fps)
    if timing.fps <= 0 or not low <= timing.fps <= high:
        raise BadRequest(
            f"{where}: record of {record.variant}: fps must be positive and inside "
            f"fps_ci95, got {timing.fps} and {timing.fps_ci95}"
        )


def _what(records: Sequence[Record]) -> str:
    if not records:
        return "no record"
    kinds = sorted({record.kind for record in records})
    return f"{len(records)} without a timing ({', '.join(kinds)})"
