"""Two sets of records against each other: what is faster, beyond the noise, and what is not.

A ratio needs two rates that were taken alike. What differs between the sides is refused by name,
unless it is what the user compares across; versions of software are told and not refused, since
they are what a comparison is often about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import BadRequest, did_you_mean
from harness.records import ProfileRecord
from harness.report.conditions import WEIGHTS, protocol_differences
from harness.report.pairing import Pair, Pairing, pair
from harness.report.ratio import Ratio, geometric_mean, rate_ratio
from harness.report.side import Side, timing_of

FOLLOWS = {"provider": "backend", "tf32": "precision"}
"""Protocol keys that another key decides: naming that one is enough where both differ."""

FEWEST_ROUNDS = 3
"""From here on an interval holds what differs from process to process, too."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One network, timed on both sides."""

    pair: Pair
    ratio: Ratio

    @property
    def name(self) -> str:
        """The variant, with B's name for it where that is another."""
        a, b = self.pair.a.variant, self.pair.b.variant
        return a if a == b else f"{a} ({b})"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two sides say about each other.

    Attributes:
        a: The side that is 1.
        b: The side that is so many times as fast.
        unlike: What differs between them, `device`, `weights` and protocol keys, with both values.
        compared: The networks that were timed on both.
        mean: Geometric mean of the ratios; null where nothing is compared.
        pairing: What else there is: changed networks, and those of one side only.
        notes: What a reader has to know about the intervals and the software.
    """

    a: Side
    b: Side
    unlike: dict[str, tuple[str, str]]
    compared: tuple[Compared, ...]
    mean: Ratio | None
    pairing: Pairing
    notes: tuple[str, ...]


def compare(a: Side, b: Side, *, across: Sequence[str] = ()) -> Comparison:
    """Return what `b` is to `a`.

    Args:
        a: The side that is 1.
        b: The other one.
        across: What may differ: `device`, `input`, `weights` or keys of the protocol.

    Raises:
        BadRequest: If the sides differ in anything else but how long was measured, if `across`
            names what no protocol has, or if the sides have no variant in common.
    """
    unlike = _unlike(a, b)
    _check_across(across, a, b)
    _refuse_unlike(unlike, across)
    pairing = pair(a, b, across_input="input" in across)
    if not pairing.same and not pairing.changed:
        raise BadRequest(_nothing_in_common(pairing))
    compared = tuple(
        Compared(pair=each, ratio=rate_ratio(timing_of(each.a), timing_of(each.b)))
        for each in pairing.same
    )
    return Comparison(
        a=a,
        b=b,
        unlike=unlike,
        compared=compared,
        mean=geometric_mean([each.ratio for each in compared]) if compared else None,
        pairing=pairing,
        notes=tuple(_notes(a, b, compared)),
    )


def slower(comparison: Comparison, share: float) -> list[str]:
    """Return the variants, and the mean, that lost more than `share` of A's rate for sure."""
    lost = [each.name for each in comparison.compared if each.ratio.slower_by(share)]
    several = len(comparison.compared) > 1
    if several and comparison.mean and comparison.mean.slower_by(share):
        lost.append("the geometric mean")
    return lost


def unjudged(comparison: Comparison) -> list[str]:
    """Return the variants whose ratio has no interval, or that are another network now."""
    unknown = [each.name for each in comparison.compared if each.ratio.ci95 is None]
    return unknown + [each.a.variant for each in comparison.pairing.changed]


def _unlike(a: Side, b: Side) -> dict[str, tuple[str, str]]:
    found = {}
    if a.conditions.device != b.conditions.device:
        found["device"] = (a.conditions.device, b.conditions.device)
    for key, values in protocol_differences([a.protocol, b.protocol]).items():
        found.setdefault(key, (values[0], values[1]))
    return found


def _check_across(across: Sequence[str], a: Side, b: Side) -> None:
    keys = {*a.protocol, *b.protocol, *FOLLOWS, WEIGHTS} - {"device"}
    known = ("device", "input", *sorted(keys))
    for field in across:
        if field not in known:
            raise BadRequest(f"--across: no such condition {field!r}{did_you_mean(field, known)}")


def _refuse_unlike(unlike: dict[str, tuple[str, str]], across: Sequence[str]) -> None:
    open_ = [
        field
        for field in unlike
        if field not in across and not (field in FOLLOWS and FOLLOWS[field] in unlike)
    ]
    if open_:
        values = "; ".join(f"{field} {' and '.join(unlike[field])}" for field in open_)
        flags = " ".join(f"--across {field}" for field in open_)
        raise BadRequest(
            f"compare: A and B must be timed alike, got {values}; what you compare on purpose, "
            f"name: {flags}"
        )


def _nothing_in_common(pairing: Pairing) -> str:
    def names(records: Iterable[ProfileRecord]) -> str:
        return ", ".join(dict.fromkeys(record.variant for record in records))

    networks = {(r.variant, r.spec_sha256) for r in pairing.only_a}
    sizes = [r for r in pairing.only_b if (r.variant, r.spec_sha256) in networks]
    hint = f"; {names(sizes)}: other inputs, which --across input compares" if sizes else ""
    return (
        f"compare: A and B must have a variant in common, got A: {names(pairing.only_a)}; "
        f"B: {names(pairing.only_b)}{hint}"
    )


def _notes(a: Side, b: Side, compared: Sequence[Compared]) -> list[str]:
    notes = []
    names = [side.conditions.protocol.get("name", "unnamed") for side in (a, b)]
    if names[0] != names[1]:
        notes.append(f"protocols are called {names[0]} and {names[1]}")
    notes += [*_software_notes(a, b), *_weights_notes(compared)]
    sides = {"A": [each.pair.a for each in compared], "B": [each.pair.b for each in compared]}
    few = {
        name: sum(len(timing_of(record).rounds) < FEWEST_ROUNDS for record in records)
        for name, records in sides.items()
    }
    if any(few.values()):
        counts = " and ".join(f"{n} of {len(compared)} in {name}" for name, n in few.items() if n)
        notes.append(
            f"timings of fewer than {FEWEST_ROUNDS} rounds: {counts}; what differs from process to "
            "process is not in their intervals"
        )
    return notes


def _software_notes(a: Side, b: Side) -> list[str]:
    """Return a note for every version that differs."""
    ours, theirs = a.software, b.software
    lines = []
    for key in dict.fromkeys((*ours, *theirs)):
        old, new = ours.get(key, "not stated"), theirs.get(key, "not stated")
        if old != new:
            lines.append(f"{key} {_short(old)} -> {_short(new)}")
    return [f"software differs: {', '.join(lines)}"] if lines else []


def _weights_notes(compared: Sequence[Compared]) -> list[str]:
    """Return a note on the networks that were timed with one file in A and with another in B."""
    files = [(each.name, each.pair.a.weights, each.pair.b.weights) for each in compared]
    changes = [
        f"{name} {ours.label} -> {theirs.label}"
        for name, ours, theirs in files
        if ours is not None and theirs is not None and ours.sha256 != theirs.sha256
    ]
    return [f"weights differ: {', '.join(changes)}"] if changes else []


def _short(version: str) -> str:
    """Return a version in print; of a commit, as many digits as git prints."""
    return ", ".join(v[:12] if len(v) >= 40 and v.isalnum() else v for v in version.split(", "))
