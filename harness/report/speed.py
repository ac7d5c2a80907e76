"""The FPS column: figures of one device under one protocol, or none at all.

A rate means something only beside rates that were taken the same way. Where the records hold
several ways, nothing here picks one: the request is refused with what there is and the flags that
decide.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import BadRequest
from harness.records import ProfileRecord, ReportedRecord
from harness.report.choice import one_of
from harness.report.conditions import Conditions, differences, of_profile, of_reported
from harness.report.rows import RowRecords

Origin = Literal["measured", "reported"]
Choice = Literal["auto", "measured", "reported"]
ORIGINS: tuple[Choice, ...] = ("auto", "measured", "reported")


@dataclass(frozen=True, kw_only=True)
class FpsChoice:
    """What the user decided about the FPS column.

    Attributes:
        origin: `auto` takes measured figures where there are any, else reported ones.
        device: Part of a device's name, in any case; null leaves it open.
        protocol: A protocol's name or id, in any case; null leaves it open.
    """

    origin: Choice = "auto"
    device: str | None = None
    protocol: str | None = None


def fps_choice(origin: str, *, device: str | None, protocol: str | None) -> FpsChoice:
    """Return the choice that three flags make.

    Raises:
        BadRequest: If `origin` is not one of `auto`, `measured`, `reported`.
    """
    known = one_of("--fps", origin, ORIGINS, what="origin")
    return FpsChoice(origin=known, device=device, protocol=protocol)


@dataclass(frozen=True, kw_only=True)
class Speeds:
    """The records behind the FPS column.

    Attributes:
        origin: Whether they were measured or reported; null where there is no FPS at all.
        conditions: Device and protocol of all of them; null where there is no FPS, or where
            published figures are of several.
        records: The record of each row that has one, by the row's position.
    """

    origin: Origin | None
    conditions: Conditions | None
    records: dict[int, ProfileRecord | ReportedRecord]

    @property
    def comparable(self) -> bool:
        """Whether the rates of two rows mean something side by side."""
        return self.conditions is not None or not self.records


@dataclass(frozen=True)
class _Figure:
    """A candidate for the FPS cell of the row at `position`."""

    position: int
    record: ProfileRecord | ReportedRecord
    conditions: Conditions


def choose_speeds(
    rows: Sequence[RowRecords],
    choice: FpsChoice,
    *,
    devices_stated: bool = False,
    besides: Collection[str] = (),
) -> Speeds:
    """Return the records for the FPS column.

    Args:
        rows: The rows.
        choice: What the user decided.
        devices_stated: Whether a column beside it names the device of every row. Published figures
            of several devices may then stand as they were printed; measured ones may not.
        besides: Protocol keys that a column beside it states for every row.

    Raises:
        BadRequest: If more than one device or protocol is left after `choice`, or none although
            it names one.
    """
    measured = [
        _Figure(i, record, of_profile(record, besides=besides))
        for i, row in enumerate(rows)
        for record in row.timed
    ]
    reported = [
        _Figure(i, row.reported, of_reported(row.reported))
        for i, row in enumerate(rows)
        if row.reported and "fps" in row.reported.figures
    ]
    origin: Origin = "measured" if measured else "reported"
    if choice.origin != "auto":
        origin = choice.origin
    figures = measured if origin == "measured" else reported
    left = set(
        matching([f.conditions for f in figures], choice, what=f"FPS column: no {origin} figure")
    )
    figures = [f for f in figures if f.conditions in left]
    if not figures:
        return Speeds(origin=None, conditions=None, records={})
    conditions = list(dict.fromkeys(f.conditions for f in figures))
    if len(conditions) > 1 and not (origin == "reported" and devices_stated):
        raise BadRequest(_refusal(figures, conditions))
    # Figures come oldest first, so the newest of each row is what remains.
    newest = {f.position: f.record for f in figures}
    one = conditions[0] if len(conditions) == 1 else None
    return Speeds(origin=origin, conditions=one, records=newest)


def published_speeds(rows: Sequence[RowRecords], *, devices_stated: bool) -> Speeds:
    """Return the records for a column of published FPS alone.

    Raises:
        BadRequest: If they are of several devices, and no column states the device of every row.
    """
    speeds = choose_speeds(rows, FpsChoice(origin="reported"), devices_stated=True)
    if not speeds.comparable and not devices_stated:
        found = [r for r in speeds.records.values() if isinstance(r, ReportedRecord)]
        kinds = ", ".join(dict.fromkeys(str(of_reported(record)) for record in found))
        raise BadRequest(
            f"column fps.reported: one device, or a column gpu.reported beside it, got {kinds}"
        )
    return speeds


def matching(
    conditions: Sequence[Conditions], choice: FpsChoice, *, what: str
) -> tuple[Conditions, ...]:
    """Return those of `conditions` that `choice` leaves.

    Args:
        conditions: What there is.
        choice: Its device and protocol count, its origin does not.
        what: Begins the message, e.g. `FPS column: no measured figure`.

    Raises:
        BadRequest: If `choice` names something that is not there, which is a mistake to report.
    """
    left = tuple(dict.fromkeys(conditions))
    if choice.device is not None:
        known = dict.fromkeys(c.device for c in left)
        devices = _matching_devices(choice.device, known)
        left = tuple(c for c in left if c.device in devices)
        _require(left, f"{what} for --device {choice.device}", known)
    if choice.protocol is not None:
        wanted = choice.protocol.casefold()
        known = dict.fromkeys(c.protocol_id for c in left)
        left = tuple(c for c in left if wanted in c.protocol_names)
        _require(left, f"{what} for --protocol {choice.protocol}", known)
    return left


def _matching_devices(part: str, devices: dict[str, None]) -> list[str]:
    """Return the devices whose names contain `part`, or the one that is called just that."""
    part = part.casefold()
    exact = [name for name in devices if name.casefold() == part]  # Titan X beside Titan XP
    return exact or [name for name in devices if part in name.casefold()]


def _require(left: tuple[Conditions, ...], what: str, known: dict[str, None]) -> None:
    if not left:
        raise BadRequest(f"{what}; known: {', '.join(known) or 'none'}")


def _refusal(figures: list[_Figure], conditions: list[Conditions]) -> str:
    """Return the line that says what would be mixed and which flag decides."""
    shares = []
    for each in conditions:
        count = len({f.position for f in figures if f.conditions == each})
        shares.append(f"{each} ({count} row{'s' if count > 1 else ''})")
    flags = []
    if len({c.device for c in conditions}) > 1:
        flags.append("--device")
    if len({c.protocol_id for c in conditions}) > 1:
        flags.append("--protocol")
    differ = differences([c.protocol for c in conditions])
    return (
        f"FPS column: one device and one protocol, got {'; '.join(shares)}"
        + (f"; protocols differ in {differ}" if differ else "")
        + f"; decide with {' or '.join(flags)}"
    )
