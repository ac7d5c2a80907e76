"""What a sweep will measure: every spec once, and what of it cannot be built, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.errors import BadRequest

LISTED = 1000  # illegal combinations that are kept with their reasons; the rest is counted


class Key(NamedTuple):
    """What is measured: hash of the spec, height and width of the input."""

    spec: bytes
    height: int
    width: int


def key_of(sha256: str, height: int, width: int) -> Key:
    """Return the key of a spec at an input size."""
    return Key(bytes.fromhex(sha256), height, width)


class Illegal(NamedTuple):
    """A combination that cannot be built, and why."""

    variant: str
    reason: str


class Excluded(NamedTuple):
    """A combination that a rule leaves out, by the rule's position."""

    rule: int


#: What became of a combination when it was looked at; null where it repeats another one.
Checked = Key | Illegal | Excluded | None


@dataclass
class Plan:
    """The variants of a sweep; small enough to be kept for a million of them.

    Attributes:
        numbers: Of each variant, the number of its combination.
        positions: Where each variant stands in `numbers`.
        excluded: How many combinations each rule left out.
        duplicates: Combinations whose spec an earlier one has, at the same size.
        illegal: How many combinations cannot be built.
        reasons: The first of these.
        looked_at: Combinations that were looked at, repeats included.
    """

    numbers: list[int] = field(default_factory=list)
    positions: dict[Key, int] = field(default_factory=dict)
    excluded: dict[int, int] = field(default_factory=dict)
    duplicates: int = 0
    illegal: int = 0
    reasons: list[Illegal] = field(default_factory=list)
    looked_at: int = 0

    def take(self, number: int, checked: Checked) -> None:
        """Note what became of a combination."""
        self.looked_at += 1
        if isinstance(checked, Key):
            if checked in self.positions:
                self.duplicates += 1
                return
            self.positions[checked] = len(self.numbers)
            self.numbers.append(number)
        elif isinstance(checked, Excluded):
            self.excluded[checked.rule] = self.excluded.get(checked.rule, 0) + 1
        elif isinstance(checked, Illegal):
            self.illegal += 1
            if len(self.reasons) < LISTED:
                self.reasons.append(checked)


def make_plan(looked_at: Iterable[tuple[int, Checked]], sample: int | None) -> Iterator[Plan]:
    """Yield the plan as it grows, and at last when it is complete.

    Args:
        looked_at: Numbers of combinations, and what became of each.
        sample: How many variants are wanted; null for all.

    Raises:
        BadRequest: If nothing is left to measure, or less than the sample asks for.
    """
    plan = Plan()
    for number, checked in looked_at:
        if len(plan.numbers) == sample:
            break
        plan.take(number, checked)
        yield plan
    if not plan.numbers and not plan.illegal:
        raise BadRequest("sweep: something must be left to measure, got every combination excluded")
    if sample is not None and len(plan.numbers) < sample and not plan.illegal:
        raise BadRequest(
            f"sample: count must be at most the number of variants found, "
            f"{len(plan.numbers):,}, got {sample:,}"
        )
    yield plan
